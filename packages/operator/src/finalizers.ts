import { hasReason, type KubeObject, type ResourceType } from "@coracle/apimachinery";
import type { Client } from "@coracle/client";

export function hasFinalizer(object: KubeObject, finalizer: string): boolean {
  return object.metadata.finalizers?.includes(finalizer) ?? false;
}

/** Adds a finalizer unless it is there; resolves with the object as it is then. @throws {StatusError} `Conflict` when it changed. */
export async function addFinalizer<T extends KubeObject>(
  client: Client,
  resource: ResourceType<T>,
  object: T,
  finalizer: string,
): Promise<T> {
  if (hasFinalizer(object, finalizer)) return object;
  return patchFinalizers(client, resource, object, [...(object.metadata.finalizers ?? []), finalizer]);
}

/** Removes a finalizer; an object that is gone already is fine. @throws {StatusError} `Conflict` when it changed. */
export async function removeFinalizer<T extends KubeObject>(
  client: Client,
  resource: ResourceType<T>,
  object: T,
  finalizer: string,
): Promise<T | undefined> {
  if (!hasFinalizer(object, finalizer)) return object;
  const finalizers = (object.metadata.finalizers ?? []).filter((present) => present !== finalizer);
  try {
    return await patchFinalizers(client, resource, object, finalizers);
  } catch (error) {
    if (hasReason(error, "NotFound")) return undefined;
    throw error;
  }
}

/** The resourceVersion in the patch makes sure that no other finalizer is lost. */
function patchFinalizers<T extends KubeObject>(client: Client, resource: ResourceType<T>, object: T, finalizers: string[]): Promise<T> {
  const { name = "", namespace, uid, resourceVersion } = object.metadata;
  const metadata = { uid, resourceVersion, finalizers: finalizers.length > 0 ? finalizers : null };
  return client.resource(resource, namespace).patch(name, { metadata }, { type: "application/merge-patch+json" });
}
