import { assert } from "@coracle/base";
import { cloneJson, encodeObject, type UnstructuredObject } from "@coracle/apimachinery";
import { CachedObject, fitToSchema, readIn } from "../cacher/index.ts";
import type { RequestContext } from "./contract.ts";
import { keyOf, type RegistryCore, type Target } from "./target.ts";

/** Names what a write replaces. */
export interface Slot {
  readonly name: string;
  /** 0 when nothing is there. */
  readonly revision: number;
}

/**
 * Stores an object (in the storage version, which may not change any more) by compare-and-set. Undefined when somebody else was
 * faster. When it resolves, the watch cache has seen the write.
 */
export async function commitObject(
  core: RegistryCore,
  target: Target,
  object: UnstructuredObject,
  slot: Slot & { context: RequestContext },
): Promise<CachedObject | undefined> {
  const key = keyOf(target, slot.name);
  const { form, cache, served } = target;
  delete object.metadata.resourceVersion;
  const kept = await convertForStore(target, object);
  const stored = encodeObject(kept);
  if (slot.context.isDryRun)
    return new CachedObject(form, { key, revision: slot.revision, stored: kept === object ? stored : encodeObject(object), object });
  const leaseId = await core.leaseFor(target);
  core.cacher.noteWritten(stored, kept);
  const storeKey = cache.prefix + key;
  const { succeeded, revision } = await core.store.txn({
    compare: [{ key: storeKey, modRevision: slot.revision }],
    success: [{ type: "put", key: storeKey, value: stored, ...(leaseId !== undefined && { leaseId }) }],
  });
  if (!succeeded) return undefined;
  await core.cacher.waitUntilFresh(revision);
  const cached = cache.get(key);
  if (cached?.revision === revision) return readIn(form, served, cached);
  return readIn(form, served, new CachedObject(cache.form, { key, revision, stored, object: cloneJson(kept) }));
}

/** The object in the storage version, where a webhook has to say what it is in that. */
async function convertForStore({ form, cache, served }: Target, object: UnstructuredObject): Promise<UnstructuredObject> {
  if (form === cache.form || form.apiVersion === cache.form.apiVersion) return object;
  const [converted] = (await served.definition.convertRemotely?.([object], cache.form.apiVersion)) ?? [];
  assert(converted !== undefined, "the conversion lost the object");
  fitToSchema(cache.form.version, converted);
  delete converted.metadata.resourceVersion;
  return converted;
}

/** Deletes by compare-and-set. The last state at the revision of its deletion; undefined when somebody else was faster. */
export async function commitDeletion(
  core: RegistryCore,
  target: Target,
  current: CachedObject,
  context: RequestContext,
): Promise<CachedObject | undefined> {
  if (context.isDryRun) return current;
  const key = target.cache.prefix + current.key;
  const { succeeded, revision } = await core.store.txn({
    compare: [{ key, modRevision: current.revision }],
    success: [{ type: "delete", key }],
  });
  if (!succeeded) return undefined;
  await core.cacher.waitUntilFresh(revision);
  return current.at(revision);
}

/** The object as the store has it, whatever the cache knows. */
export async function readFromStore(core: RegistryCore, target: Target, key: string): Promise<CachedObject | undefined> {
  const { entry, revision } = await core.store.get(target.cache.prefix + key);
  if (entry === undefined) return undefined;
  if (revision > core.cacher.revision) await core.cacher.waitUntilFresh(revision).catch(() => {});
  const cached = target.cache.get(key);
  const { form, cache, served } = target;
  if (cached?.revision === entry.modRevision) return readIn(form, served, cached);
  return readIn(form, served, new CachedObject(cache.form, { key, revision: entry.modRevision, stored: entry.value }));
}
