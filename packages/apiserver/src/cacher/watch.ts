import { toDisposable } from "@coracle/base";
import { newResourceExpired, StatusError, statusOf, type UnstructuredObject } from "@coracle/apimachinery";
import type { ObjectView, ServedResource, WatchQuery, WatchSink } from "../registry/contract.ts";
import type { CachedObject } from "./cached-object.ts";
import type { Cacher } from "./cacher.ts";
import type { CacheEvent } from "./event-window.ts";
import type { Matcher } from "./matcher.ts";
import { prepareViews } from "./remote-views.ts";
import type { ResourceCache } from "./resource-cache.ts";
import { checkWatchQuery, parseResourceVersion } from "./resource-version.ts";

export interface WatchRequest {
  readonly cacher: Cacher;
  readonly served: ServedResource;
  readonly namespace: string;
  readonly matcher: Matcher;
  readonly query: WatchQuery;
  readonly sink: WatchSink;
}

/**
 * Starts a watch: with the present objects when no version (or "0") is given or initial events are asked for, with history from the version
 * otherwise. Where that history is gone, or the version is not reached in time, the watch begins and ends with an error, as upstream's.
 * @throws {StatusError} 422 for parameters that mean nothing.
 */
export async function watchObjects(request: WatchRequest): Promise<Disposable> {
  checkWatchQuery(request.query);
  const asked = parseResourceVersion(request.query.resourceVersion);
  try {
    return await startWatch(request, asked);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    request.sink.close(error.status);
    return toDisposable(() => undefined);
  }
}

async function startWatch(request: WatchRequest, asked: number | undefined): Promise<Disposable> {
  const { cacher, served, query } = request;
  const { sendInitialEvents = query.resourceVersionMatch === undefined && (asked ?? 0) === 0 } = query;
  const cache = cacher.cacheOf(served.definition);
  if (asked === undefined) await cacher.waitUntilCurrent();
  else if (sendInitialEvents) await cacher.waitUntilFresh(asked);
  const watcher = new Watcher(request, cache);
  // Nothing below waits, so that no event can fall between the beginning and what follows it.
  if (sendInitialEvents) watcher.sendPresent();
  else if (asked !== undefined && asked !== 0) watcher.sendHistory(asked);
  return watcher.follow();
}

interface Delivery {
  readonly objects: readonly CachedObject[];
  readonly deliver: () => void;
}

class Watcher {
  readonly #request: WatchRequest;
  readonly #cache: ResourceCache;
  readonly #name: string | undefined;
  readonly #namespace: string;
  /** The watch has shown everything up to here. A watch may start in the future. */
  #seenRevision = 0;
  /** What waits for a webhook to convert it, in order; empty where none does. */
  readonly #pending: Delivery[] = [];
  #isDelivering = false;
  #isStopped = false;

  constructor(request: WatchRequest, cache: ResourceCache) {
    this.#request = request;
    this.#cache = cache;
    this.#name = request.matcher.name;
    this.#namespace = request.namespace;
  }

  /** For those that take bookmarks, one ends it. */
  sendPresent(): void {
    const { matcher, sink, cacher, query } = this.#request;
    this.#seenRevision = cacher.revision;
    const { revision } = cacher;
    this.#cache.scan(this.#namespace, (object) =>
      this.#enqueue(
        () => [object],
        () => {
          if (matcher.matches(object)) sink.send({ type: "ADDED", view: this.#viewOf(object) });
        },
      ),
    );
    if (query.allowWatchBookmarks !== true) return;
    this.#enqueue(noObjects, () => this.#sendBookmark(revision, { "k8s.io/initial-events-end": "true" }));
  }

  /** @throws {StatusError} 410. */
  sendHistory(revision: number): void {
    const start = this.#cache.windowStart;
    if (revision < start) throw newResourceExpired(`too old resource version: ${revision} (${start})`);
    for (const event of this.#cache.eventsAfter(revision)) this.#take(event);
    this.#seenRevision = revision;
  }

  follow(): Disposable {
    const { cacher, query, sink } = this.#request;
    const parts: Disposable[] = [];
    const stop = toDisposable(() => {
      this.#isStopped = true;
      for (const part of parts) part[Symbol.dispose]();
    });
    const after = this.#seenRevision;
    parts.push(
      this.#cache.listen(
        (event) => {
          if (event.revision > after) this.#take(event);
        },
        (status) => {
          stop[Symbol.dispose]();
          sink.close(status);
        },
      ),
    );
    if (query.allowWatchBookmarks === true) parts.push(cacher.onBookmarkDue(() => this.#enqueueBookmark()));
    return stop;
  }

  #enqueueBookmark(): void {
    const { revision } = this.#request.cacher;
    this.#enqueue(noObjects, () => this.#sendBookmark(revision));
  }

  #take(event: CacheEvent): void {
    if (!this.#isInScope(event.object)) return;
    this.#enqueue(
      () => shownBy(event),
      () => this.#deliver(event),
    );
  }

  /** Delivers at once, or after what came before when a webhook has to convert the objects. */
  #enqueue(objects: () => readonly CachedObject[], deliver: () => void): void {
    if (this.#request.served.definition.convertRemotely === undefined) {
      deliver();
      return;
    }
    this.#pending.push({ objects: objects(), deliver });
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    this.#deliverPending().catch((error: unknown) => {
      this.#isStopped = true;
      this.#request.sink.close(statusOf(error));
    });
  }

  async #deliverPending(): Promise<void> {
    while (this.#pending.length > 0 && !this.#isStopped) {
      const batch = this.#pending.splice(0);
      await prepareViews(this.#request.served, [...new Set(batch.flatMap(({ objects }) => objects))]);
      for (const { deliver } of batch) if (!this.#isStopped) deliver();
    }
    this.#isDelivering = false;
  }

  #deliver({ type, object, previous }: CacheEvent): void {
    const { matcher, sink } = this.#request;
    const isMatch = type !== "DELETED" && matcher.matches(object);
    const wasMatch = previous !== undefined && matcher.matches(previous);
    if (isMatch) sink.send({ type: wasMatch ? "MODIFIED" : "ADDED", view: this.#viewOf(object) });
    else if (wasMatch) sink.send({ type: "DELETED", view: this.#viewOf(type === "DELETED" ? object : lastStateOf(object, previous)) });
  }

  #isInScope(object: CachedObject): boolean {
    if (this.#namespace !== "" && object.namespace !== this.#namespace) return false;
    return this.#name === undefined || object.name === this.#name;
  }

  #viewOf(object: CachedObject): ObjectView {
    const { definition, version } = this.#request.served;
    return object.view(definition, version);
  }

  #sendBookmark(revision: number, annotations?: Record<string, string>): void {
    const { served, sink } = this.#request;
    const { definition, version } = served;
    const apiVersion = definition.group === "" ? version.version : `${definition.group}/${version.version}`;
    const object: UnstructuredObject = {
      apiVersion,
      kind: definition.kind,
      metadata: {
        resourceVersion: String(Math.max(revision, this.#seenRevision)),
        creationTimestamp: null,
        ...(annotations !== undefined && { annotations }),
      },
    };
    sink.send({ type: "BOOKMARK", view: { object, bytes: () => Buffer.from(JSON.stringify(object)) } });
  }
}

const noObjects = (): readonly CachedObject[] => [];

/** What a watcher may show of an event. */
function shownBy({ object, previous }: CacheEvent): readonly CachedObject[] {
  return previous === undefined ? [object] : [object, previous, lastStateOf(object, previous)];
}

const lastStates = new WeakMap<CachedObject, CachedObject>();

/** The state before a change that took the object out of a selection, at the revision of the change; shared by its watchers. */
function lastStateOf(object: CachedObject, previous: CachedObject): CachedObject {
  let state = lastStates.get(object);
  if (state === undefined) lastStates.set(object, (state = previous.at(object.revision)));
  return state;
}
