import {
  newResourceExpired,
  objectKey,
  parseLabelSelector,
  type GroupVersionResource,
  type KubeObject,
  type UnstructuredObject,
} from "@coracle/apimachinery";
import { EventChannel } from "../event-channel.ts";
import { InformerCache } from "../informer/informer-cache.ts";
import type { ApiRequest, WatchEvent } from "../transport.ts";
import { matchesFields } from "./selectors.ts";

interface LogEntry {
  readonly revision: number;
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: UnstructuredObject;
  readonly old: UnstructuredObject | undefined;
}

interface Watcher {
  readonly request: ApiRequest;
  readonly channel: EventChannel<WatchEvent>;
}

/** The stored objects of one resource with the history that watches start from. */
export class FakeCollection {
  readonly resource: GroupVersionResource;
  readonly cache = new InformerCache<UnstructuredObject>();
  #log: LogEntry[] = [];
  #compactedRevision = 0;
  readonly #watchers = new Set<Watcher>();

  constructor(resource: GroupVersionResource) {
    this.resource = resource;
  }

  /** Stores `object`, whose resourceVersion is `revision`, and tells watchers and informers. */
  put(object: UnstructuredObject, revision: number): void {
    const old = this.cache.get(objectKey(object));
    this.#append({ revision, type: old === undefined ? "ADDED" : "MODIFIED", object, old });
    this.cache.set(object);
  }

  remove(last: UnstructuredObject, revision: number): void {
    const old = this.cache.get(objectKey(last));
    this.#append({ revision, type: "DELETED", object: last, old });
    this.cache.delete(objectKey(last), last);
  }

  select(request: ApiRequest): UnstructuredObject[] {
    return this.cache.list(request.namespace).filter((object) => isSelected(request, object));
  }

  /** Forgets the history: watches from an older revision get 410. */
  compact(revision: number): void {
    this.#log = [];
    this.#compactedRevision = revision;
  }

  /** Ends every watch, as a server that restarts does. */
  breakWatches(): void {
    for (const watcher of this.#watchers) watcher.channel.close();
    this.#watchers.clear();
  }

  bookmark(revision: number): void {
    for (const { request, channel } of this.#watchers) {
      if (request.query?.allowWatchBookmarks === "true") channel.push(bookmarkEvent(revision, false));
    }
  }

  async *watch(request: ApiRequest, revision: number): AsyncGenerator<WatchEvent, void, void> {
    const from = request.query?.resourceVersion;
    const fromRevision = from === undefined || from === "" || from === "0" ? undefined : Number(from);
    if (fromRevision !== undefined && fromRevision < this.#compactedRevision) {
      const { status } = newResourceExpired(`too old resource version: ${from} (${this.#compactedRevision})`);
      yield { type: "ERROR", object: status as unknown as KubeObject };
      return;
    }
    const watcher: Watcher = { request, channel: new EventChannel() };
    this.#start(watcher, fromRevision, revision);
    this.#watchers.add(watcher);
    const onAbort = (): void => watcher.channel.close();
    request.signal?.addEventListener("abort", onAbort, { once: true });
    try {
      yield* watcher.channel;
    } finally {
      request.signal?.removeEventListener("abort", onAbort);
      this.#watchers.delete(watcher);
    }
  }

  #start({ request, channel }: Watcher, fromRevision: number | undefined, revision: number): void {
    const wantsInitial = request.query?.sendInitialEvents === "true";
    if (fromRevision === undefined || wantsInitial) {
      for (const object of this.select(request)) channel.push({ type: "ADDED", object });
      if (wantsInitial) channel.push(bookmarkEvent(revision, true));
      return;
    }
    for (const entry of this.#log) if (entry.revision > fromRevision) deliver(request, channel, entry);
  }

  #append(entry: LogEntry): void {
    this.#log.push(entry);
    for (const { request, channel } of this.#watchers) deliver(request, channel, entry);
  }
}

/** A change is seen through the selectors: an object that enters is ADDED, one that leaves is DELETED. */
function deliver(request: ApiRequest, channel: EventChannel<WatchEvent>, { type, object, old }: LogEntry): void {
  const isIn = type !== "DELETED" && isSelected(request, object);
  const wasIn = old !== undefined && isSelected(request, old);
  if (isIn) channel.push({ type: wasIn ? "MODIFIED" : "ADDED", object });
  else if (wasIn) channel.push({ type: "DELETED", object });
}

function isSelected({ namespace, name, query }: ApiRequest, object: UnstructuredObject): boolean {
  return (
    (namespace === undefined || namespace === "" || object.metadata.namespace === namespace) &&
    (name === undefined || object.metadata.name === name) &&
    (query?.labelSelector === undefined || parseLabelSelector(query.labelSelector).matches(object.metadata.labels)) &&
    matchesFields(query?.fieldSelector, object)
  );
}

function bookmarkEvent(revision: number, endsInitial: boolean): WatchEvent {
  const annotations = endsInitial ? { annotations: { "k8s.io/initial-events-end": "true" } } : {};
  return {
    type: "BOOKMARK",
    object: { apiVersion: "v1", kind: "Bookmark", metadata: { resourceVersion: String(revision), ...annotations } },
  };
}
