import { toDisposable } from "@coracle/base";
import { newResourceExpired, type UnstructuredObject } from "@coracle/apimachinery";
import type { ObjectView, ServedResource, WatchQuery, WatchSink } from "../registry/contract.ts";
import type { CachedObject } from "./cached-object.ts";
import type { Cacher } from "./cacher.ts";
import type { CacheEvent } from "./event-window.ts";
import type { Matcher } from "./matcher.ts";
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
 * Starts a watch: with the present objects when no version (or "0") is given or initial events are asked for, with history from the
 * version otherwise. @throws {StatusError} 410 when that history is gone.
 */
export async function watchObjects(request: WatchRequest): Promise<Disposable> {
  const { cacher, served, query } = request;
  checkWatchQuery(query);
  const asked = parseResourceVersion(query.resourceVersion);
  const cache = cacher.cacheOf(served.definition);
  if (asked === undefined && query.sendInitialEvents !== false) await cacher.waitUntilCurrent();
  else if (query.sendInitialEvents === true && asked !== undefined) await cacher.waitUntilFresh(asked);
  const watcher = new Watcher(request, cache);
  // Nothing below waits, so that no event can fall between the beginning and what follows it.
  if (query.sendInitialEvents === true) watcher.sendPresent(true);
  else if (query.sendInitialEvents === undefined && (asked === undefined || asked === 0)) watcher.sendPresent(false);
  else if (asked !== undefined && asked !== 0) watcher.sendHistory(asked);
  return watcher.follow();
}

class Watcher {
  readonly #request: WatchRequest;
  readonly #cache: ResourceCache;
  readonly #name: string | undefined;
  readonly #namespace: string;
  /** The watch has shown everything up to here. A watch may start in the future. */
  #seenRevision = 0;

  constructor(request: WatchRequest, cache: ResourceCache) {
    this.#request = request;
    this.#cache = cache;
    this.#name = request.matcher.name;
    this.#namespace = request.namespace;
  }

  sendPresent(endsWithBookmark: boolean): void {
    const { matcher, sink, cacher, query } = this.#request;
    this.#seenRevision = cacher.revision;
    this.#cache.scan(this.#namespace, (object) => {
      if (matcher.matches(object)) sink.send({ type: "ADDED", view: this.#viewOf(object) });
    });
    if (endsWithBookmark && query.allowWatchBookmarks === true) this.#sendBookmark({ "k8s.io/initial-events-end": "true" });
  }

  /** @throws {StatusError} 410. */
  sendHistory(revision: number): void {
    const start = this.#cache.windowStart;
    if (revision < start) throw newResourceExpired(`too old resource version: ${revision} (${start})`);
    for (const event of this.#cache.eventsAfter(revision)) this.#deliver(event);
    this.#seenRevision = revision;
  }

  follow(): Disposable {
    const { cacher, query, sink } = this.#request;
    const parts: Disposable[] = [];
    const stop = toDisposable(() => {
      for (const part of parts) part[Symbol.dispose]();
    });
    const after = this.#seenRevision;
    parts.push(
      this.#cache.listen(
        (event) => {
          if (event.revision > after) this.#deliver(event);
        },
        (status) => {
          stop[Symbol.dispose]();
          sink.close(status);
        },
      ),
    );
    if (query.allowWatchBookmarks === true) parts.push(cacher.onBookmarkDue(() => this.#sendBookmark()));
    return stop;
  }

  #deliver({ type, object, previous }: CacheEvent): void {
    if (!this.#isInScope(object)) return;
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

  #sendBookmark(annotations?: Record<string, string>): void {
    const { cacher, served, sink } = this.#request;
    const { definition, version } = served;
    const apiVersion = definition.group === "" ? version.version : `${definition.group}/${version.version}`;
    const object: UnstructuredObject = {
      apiVersion,
      kind: definition.kind,
      metadata: {
        resourceVersion: String(Math.max(cacher.revision, this.#seenRevision)),
        creationTimestamp: null,
        ...(annotations !== undefined && { annotations }),
      },
    };
    sink.send({ type: "BOOKMARK", view: { object, bytes: () => Buffer.from(JSON.stringify(object)) } });
  }
}

const lastStates = new WeakMap<CachedObject, CachedObject>();

/** The state before a change that took the object out of a selection, at the revision of the change; shared by its watchers. */
function lastStateOf(object: CachedObject, previous: CachedObject): CachedObject {
  let state = lastStates.get(object);
  if (state === undefined) lastStates.set(object, (state = previous.at(object.revision)));
  return state;
}
