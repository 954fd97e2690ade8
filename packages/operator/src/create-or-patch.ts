import { deepEqual, hasReason, isPlainObject, type KubeObject, type ResourceType } from "@coracle/apimachinery";
import type { Client } from "@coracle/client";

export interface CreateOrPatchResult<T> {
  readonly object: T;
  readonly outcome: "created" | "patched" | "unchanged";
}

/**
 * Brings one object to a desired shape: creates `desired` when it is missing, otherwise sends a merge patch with the fields of `desired`
 * that differ. Fields that `desired` does not mention are left alone; status is not written. Lists are replaced whole.
 */
export async function createOrPatch<T extends KubeObject>(
  client: Client,
  resource: ResourceType<T>,
  desired: T,
): Promise<CreateOrPatchResult<T>> {
  const { name = "", namespace } = desired.metadata;
  const requests = client.resource(resource, namespace);
  const cached = client.informer(resource).get(namespace === undefined ? name : `${namespace}/${name}`);
  let current = cached;
  if (current === undefined) {
    try {
      return { object: await requests.create(desired), outcome: "created" };
    } catch (error) {
      // The cache is behind; the server knows.
      if (!hasReason(error, "AlreadyExists")) throw error;
      current = await requests.get(name);
    }
  }
  const { status: _status, ...wanted } = desired as T & { status?: unknown };
  const patch = difference(wanted, current);
  if (patch === undefined) return { object: current, outcome: "unchanged" };
  return { object: await requests.patch(name, patch, { type: "application/merge-patch+json" }), outcome: "patched" };
}

/** The merge patch that gives `current` the values of `desired`; undefined when it has them. */
function difference(desired: unknown, current: unknown): unknown {
  if (!isPlainObject(desired) || !isPlainObject(current)) return deepEqual(desired, current) ? undefined : desired;
  const patch: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(desired)) {
    if (value === undefined) continue;
    const change = difference(value, current[field]);
    if (change !== undefined) patch[field] = change;
  }
  return Object.keys(patch).length > 0 ? patch : undefined;
}
