import { newConflict, StatusError } from "@coracle/apimachinery";
import { readIn, type CachedObject } from "../cacher/index.ts";
import { readFromStore } from "./commit.ts";
import type { RegistryCore, Target } from "./target.ts";

/** Writers that lose the race more often than this give up with a conflict. */
const attemptsLimit = 32;

/**
 * Calls `attempt` with the newest state of an object until its compare-and-set succeeds (it returns something). The first state comes
 * from the cache; when that was behind the store, a refusal based on it does not count.
 */
export async function retryOnRace<T>(
  core: RegistryCore,
  target: Target,
  key: string,
  attempt: (current: CachedObject | undefined) => Promise<T | undefined>,
): Promise<T> {
  const first = await firstAttempt(core, target, key, attempt);
  if (first !== undefined) return first;
  for (let count = 1; count < attemptsLimit; count++) {
    const result = await attempt(await readFromStore(core, target, key));
    if (result !== undefined) return result;
  }
  throw newConflict(target.qualified, target.address.name);
}

async function firstAttempt<T>(
  core: RegistryCore,
  target: Target,
  key: string,
  attempt: (current: CachedObject | undefined) => Promise<T | undefined>,
): Promise<T | undefined> {
  const seen = core.cacher.revision;
  try {
    const cached = target.cache.get(key);
    return await attempt(cached && (await readIn(target.form, target.served, cached)));
  } catch (error) {
    if (!(error instanceof StatusError) || (await core.store.currentRevision()) <= seen) throw error;
    return undefined;
  }
}
