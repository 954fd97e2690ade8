import {
  controllerOf,
  controllerReference,
  hasReason,
  selectorFrom,
  type KubeObject,
  type LabelSelector,
  type ResourceType,
} from "@coracle/apimachinery";
import type { Client } from "@coracle/client";

export interface ClaimOptions<T extends KubeObject> {
  readonly client: Client;
  readonly owner: KubeObject;
  readonly selector: LabelSelector | undefined;
  /** The kind of the claimed objects. */
  readonly resource: ResourceType<T>;
}

/**
 * The objects that belong to `owner` among `candidates`: those it controls and still selects. Orphans it selects are adopted; those it controls
 * and no longer selects are let go. An owner that is being deleted adopts nothing.
 */
export async function claimObjects<T extends KubeObject>(candidates: readonly T[], options: ClaimOptions<T>): Promise<T[]> {
  const { owner, selector } = options;
  const matcher = selectorFrom(selector);
  const claimed: T[] = [];
  for (const candidate of candidates) {
    const controller = controllerOf(candidate);
    const isSelected = matcher.matches(candidate.metadata.labels ?? {});
    if (controller !== undefined) {
      if (controller.uid !== owner.metadata.uid) continue;
      if (isSelected) claimed.push(candidate);
      else if (owner.metadata.deletionTimestamp === undefined) await release(candidate, options);
      continue;
    }
    const isLeaving = owner.metadata.deletionTimestamp !== undefined || candidate.metadata.deletionTimestamp !== undefined;
    if (!isSelected || isLeaving) continue;
    const adopted = await adopt(candidate, options);
    if (adopted !== undefined) claimed.push(adopted);
  }
  return claimed;
}

async function adopt<T extends KubeObject>(candidate: T, { client, owner, resource }: ClaimOptions<T>): Promise<T | undefined> {
  const ownerReferences = [...(candidate.metadata.ownerReferences ?? []), controllerReference(owner)];
  return patchOwners(client, resource, candidate, ownerReferences);
}

async function release<T extends KubeObject>(candidate: T, { client, owner, resource }: ClaimOptions<T>): Promise<void> {
  const ownerReferences = (candidate.metadata.ownerReferences ?? []).filter((reference) => reference.uid !== owner.metadata.uid);
  await patchOwners(client, resource, candidate, ownerReferences);
}

/** Undefined when the object is gone, or somebody else was faster. */
async function patchOwners<T extends KubeObject>(
  client: Client,
  resource: ResourceType<T>,
  object: T,
  ownerReferences: KubeObject["metadata"]["ownerReferences"],
): Promise<T | undefined> {
  const { name = "", namespace, uid, resourceVersion } = object.metadata;
  try {
    return await client
      .resource(resource, namespace)
      .patch(name, { metadata: { uid, resourceVersion, ownerReferences } }, { type: "application/merge-patch+json" });
  } catch (error) {
    if (hasReason(error, "NotFound", "Conflict", "Invalid")) return undefined;
    throw error;
  }
}
