import { hasReason, newBadRequest, newContinueExpired, newResourceExpired } from "@coracle/apimachinery";
import { CompactedError, FutureRevisionError, prefixEnd, type Store } from "@coracle/storage";
import type { ListQuery, ListView, ObjectView, ServedResource } from "../registry/contract.ts";
import { CachedObject } from "./cached-object.ts";
import { tooLargeResourceVersion, type Cacher } from "./cacher.ts";
import type { Matcher } from "./matcher.ts";
import { rangeOf, visitRange, type OrderedMap } from "./ordered-map.ts";
import { prepareViews } from "./remote-views.ts";
import type { ResourceCache } from "./resource-cache.ts";
import { checkListQuery, decodeContinueToken, encodeContinueToken, parseListVersion } from "./resource-version.ts";

const expiredContinue =
  "The provided continue parameter is too old to display a consistent list result. You can start a new list without " +
  "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the " +
  "provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk " +
  "was returned and now may show up in the list.";
const expiredVersion = "The resourceVersion for the provided list is too old.";

/** What a list reads from. */
export interface ListSource {
  readonly store: Store;
  readonly cacher: Cacher;
  readonly served: ServedResource;
}

/** Which part of the collection. */
export interface ListScope {
  readonly namespace: string;
  readonly matcher: Matcher;
}

/** Where a list begins and of which state it is. */
interface Plan {
  readonly objects: Scannable;
  readonly revision: number;
  readonly start: string | undefined;
  readonly limit: number | undefined;
}

type Scannable = { scan(namespace: string, visit: (object: CachedObject) => boolean | void, start?: string): void };

/** Serves a list from the cache, or from the store where an older state is asked for. */
export async function listObjects(source: ListSource, scope: ListScope, query: ListQuery): Promise<ListView> {
  checkListQuery(query);
  const plan = await planList(source, scope.namespace, query);
  const { definition, version } = source.served;
  if (scope.matcher.needsView) await prepareAll(source.served, plan, scope.namespace);
  const found: CachedObject[] = [];
  let next: CachedObject | undefined;
  let remaining = 0;
  const mayCount = scope.matcher.isEverything;
  plan.objects.scan(
    scope.namespace,
    (object) => {
      if (!scope.matcher.matches(object)) return true;
      if (plan.limit === undefined || found.length < plan.limit) {
        found.push(object);
        return true;
      }
      next ??= object;
      remaining++;
      return mayCount;
    },
    plan.start,
  );
  await prepareViews(source.served, found);
  const items = found.map((object): ObjectView => object.view(definition, version));
  const resourceVersion = String(plan.revision);
  if (next === undefined) return { items, resourceVersion };
  // Later chunks come from this state, which the store may have forgotten by then.
  if (plan.revision === source.cacher.revision) source.cacher.cacheOf(definition).keepSnapshot(plan.revision);
  const token = encodeContinueToken({ revision: plan.revision, start: next.key });
  return { items, resourceVersion, continue: token, ...(mayCount && { remainingItemCount: remaining }) };
}

async function prepareAll(served: ServedResource, plan: Plan, namespace: string): Promise<void> {
  if (served.definition.convertRemotely === undefined) return;
  const objects: CachedObject[] = [];
  plan.objects.scan(namespace, (object) => void objects.push(object), plan.start);
  await prepareViews(served, objects);
}

async function planList(source: ListSource, namespace: string, query: ListQuery): Promise<Plan> {
  const { cacher, served } = source;
  const cache = cacher.cacheOf(served.definition);
  const limit = query.limit !== undefined && query.limit > 0 ? query.limit : undefined;
  if (query.continue !== undefined && query.continue !== "") return planContinue(source, namespace, query);
  const asked = parseListVersion(query.resourceVersion);
  // From any state there is: limits are not observed, as upstream.
  if (asked === 0) return { objects: cache, revision: cacher.revision, start: undefined, limit: undefined };
  const isExact = query.resourceVersionMatch === "Exact" || (asked !== undefined && limit !== undefined && !query.resourceVersionMatch);
  if (asked !== undefined && isExact) {
    const objects = await stateAt(source, namespace, asked);
    return { objects, revision: asked, start: undefined, limit };
  }
  if (asked === undefined) await cacher.waitUntilCurrent();
  else await cacher.waitUntilFresh(asked);
  return { objects: cache, revision: cacher.revision, start: undefined, limit };
}

async function planContinue(source: ListSource, namespace: string, query: ListQuery): Promise<Plan> {
  const { cacher, served } = source;
  const { revision, start } = decodeContinueToken(query.continue as string);
  if (query.resourceVersion !== undefined && query.resourceVersion !== "" && query.resourceVersion !== "0") {
    throw newBadRequest("specifying resource version is not allowed when using continue");
  }
  const { limit } = query;
  if (revision < 0) {
    await cacher.waitUntilCurrent();
    return { objects: cacher.cacheOf(served.definition), revision: cacher.revision, start, limit };
  }
  try {
    return { objects: await stateAt(source, namespace, revision), revision, start, limit };
  } catch (error) {
    if (!hasReason(error, "Expired")) throw error;
    throw newContinueExpired(expiredContinue, encodeContinueToken({ revision: -1, start }));
  }
}

/** The collection as it was at `revision`. @throws {StatusError} 410 or 504. */
async function stateAt(source: ListSource, namespace: string, revision: number): Promise<Scannable> {
  const { cacher, served, store } = source;
  const cache = cacher.cacheOf(served.definition);
  const snapshot = cache.snapshotAt(revision);
  if (snapshot !== undefined) return scannable(snapshot);
  try {
    return await readState(store, cache, { namespace, revision });
  } catch (error) {
    if (error instanceof CompactedError) throw newResourceExpired(expiredVersion);
    if (error instanceof FutureRevisionError) throw tooLargeResourceVersion(revision, error.currentRevision);
    throw error;
  }
}

async function readState(store: Store, cache: ResourceCache, at: { namespace: string; revision: number }): Promise<Scannable> {
  const prefix = at.namespace === "" ? cache.prefix : `${cache.prefix}${at.namespace}/`;
  const { entries } = await store.range({ start: prefix, end: prefixEnd(prefix), revision: at.revision });
  return {
    scan(_namespace, visit, start = "") {
      for (const entry of entries) {
        const key = entry.key.slice(cache.prefix.length);
        if (key < start) continue;
        const known = cache.get(key);
        const object =
          known?.revision === entry.modRevision
            ? known
            : new CachedObject(cache.form, { key, revision: entry.modRevision, stored: entry.value });
        if (visit(object) === false) return;
      }
    },
  };
}

function scannable(objects: OrderedMap<CachedObject>): Scannable {
  return {
    scan(namespace, visit, start) {
      const range = rangeOf(namespace);
      visitRange(objects, start !== undefined && start > range.start ? start : range.start, range.end, visit);
    },
  };
}
