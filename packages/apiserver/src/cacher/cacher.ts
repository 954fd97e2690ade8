import { createDeferred, type Clock, type Logger } from "@coracle/base";
import { newResourceExpired, newTimeout, type ResourceDefinition, type UnstructuredObject } from "@coracle/apimachinery";
import { prefixEnd, type Entry, type Store, type StoreEvent } from "@coracle/storage";
import { ResourceCache } from "./resource-cache.ts";

const root = "/registry/";
const loadChunk = 10_000;
/** How long a read waits for the cache to catch up, as upstream. */
const freshTimeoutMs = 3_000;
const bookmarkPeriodMs = 60_000;
const restartDelayMs = 1_000;

export interface CacherOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  /** Deep-freezes objects. Defaults to false. */
  readonly shouldFreeze?: boolean;
}

interface Waiter {
  readonly revision: number;
  readonly wake: () => void;
}

/** The watch cache: one watch of the whole store feeds a {@link ResourceCache} for each storage path. */
export class Cacher implements Disposable {
  readonly #options: CacherOptions;
  readonly #caches = new Map<string, ResourceCache>();
  /** Entries of resources that are not defined (yet). */
  readonly #unclaimed = new Map<string, Entry>();
  readonly #written = new WeakMap<Uint8Array, UnstructuredObject>();
  readonly #bookmarkers = new Set<() => void>();
  readonly #waiters = new Set<Waiter>();
  #watch: Disposable | undefined;
  #bookmarkTimer: Disposable | undefined;
  #restartTimer: Disposable | undefined;
  #revision = 0;
  #isDisposed = false;

  private constructor(options: CacherOptions) {
    this.#options = options;
  }

  /** Resolves when everything is loaded and the watch runs. */
  static async start(options: CacherOptions, definitions: readonly ResourceDefinition[]): Promise<Cacher> {
    const cacher = new Cacher(options);
    for (const definition of definitions) cacher.claim(definition);
    await cacher.#load();
    return cacher;
  }

  /** Everything up to this revision has been delivered. */
  get revision(): number {
    return this.#revision;
  }

  /** The cache of the definition's storage path, which the first definition to claim it owns. */
  cacheOf(definition: Pick<ResourceDefinition, "storagePath">): ResourceCache {
    const cache = this.#caches.get(definition.storagePath);
    if (cache === undefined) throw new Error(`nothing is stored under ${definition.storagePath}`);
    return cache;
  }

  /** Lets go of states before `revision`, as the store has. */
  forgetBefore(revision: number): void {
    for (const cache of this.#caches.values()) cache.forgetBefore(revision);
  }

  has(storagePath: string): boolean {
    return this.#caches.has(storagePath);
  }

  /** Makes the cache of a definition; a second definition of the same path shares it. */
  claim(definition: ResourceDefinition): ResourceCache {
    const existing = this.#caches.get(definition.storagePath);
    if (existing !== undefined) return existing;
    const { clock, shouldFreeze = false } = this.#options;
    const cache = new ResourceCache({ definition, startRevision: this.#revision, clock, shouldFreeze, written: this.#written });
    this.#caches.set(definition.storagePath, cache);
    for (const [key, entry] of this.#unclaimed) {
      if (!key.startsWith(cache.prefix)) continue;
      this.#unclaimed.delete(key);
      cache.load(entry);
    }
    return cache;
  }

  /** Ends the cache of a resource that is not served any more. */
  release(definition: ResourceDefinition): void {
    const cache = this.#caches.get(definition.storagePath);
    if (cache === undefined) return;
    this.#caches.delete(definition.storagePath);
    cache.scan("", (object) => {
      const key = cache.prefix + object.key;
      this.#unclaimed.set(key, { key, value: object.stored(), createRevision: 0, modRevision: object.revision });
    });
    cache.close();
  }

  /** Tells the cache what bytes about to be written decode to, so that it need not decode them. */
  noteWritten(bytes: Uint8Array, object: UnstructuredObject): void {
    this.#written.set(bytes, object);
  }

  /** Resolves when the cache has seen `revision`. Rejects with 504 after three seconds. */
  async waitUntilFresh(revision: number): Promise<void> {
    if (revision <= this.#revision) return;
    const { promise, resolve, reject } = createDeferred();
    const waiter: Waiter = { revision, wake: resolve };
    const timer = this.#options.clock.setTimeout(() => reject(tooLargeResourceVersion(revision, this.#revision)), freshTimeoutMs);
    this.#waiters.add(waiter);
    try {
      await promise;
    } finally {
      timer[Symbol.dispose]();
      this.#waiters.delete(waiter);
    }
  }

  /** Resolves when the cache holds everything that was acknowledged before the call. */
  async waitUntilCurrent(): Promise<number> {
    const revision = await this.#options.store.currentRevision();
    if (revision > this.#revision) await this.waitUntilFresh(revision);
    return this.#revision;
  }

  /** Calls `bookmark` once a minute. */
  onBookmarkDue(bookmark: () => void): Disposable {
    this.#bookmarkers.add(bookmark);
    if (this.#bookmarkers.size === 1) this.#armBookmarks();
    return {
      [Symbol.dispose]: () => {
        this.#bookmarkers.delete(bookmark);
        if (this.#bookmarkers.size > 0) return;
        this.#bookmarkTimer?.[Symbol.dispose]();
        this.#bookmarkTimer = undefined;
      },
    };
  }

  #armBookmarks(): void {
    this.#bookmarkTimer = this.#options.clock.setTimeout(() => {
      for (const bookmark of this.#bookmarkers) bookmark();
      if (this.#bookmarkers.size > 0) this.#armBookmarks();
    }, bookmarkPeriodMs);
  }

  async #load(): Promise<void> {
    const { store } = this.#options;
    const end = prefixEnd(root);
    let start = root;
    let revision: number | undefined;
    for (;;) {
      const result = await store.range({ start, end, limit: loadChunk, ...(revision !== undefined && { revision }) });
      revision ??= result.revision;
      for (const entry of result.entries) this.#loadEntry(entry);
      const last = result.entries.at(-1);
      if (last === undefined || result.entries.length < loadChunk) break;
      start = `${last.key}\u0000`;
    }
    await this.#follow(revision);
  }

  #loadEntry(entry: Entry): void {
    const cache = this.#cacheFor(entry.key);
    if (cache === undefined) this.#unclaimed.set(entry.key, entry);
    else cache.load(entry);
  }

  async #follow(fromRevision: number): Promise<void> {
    this.#revision = fromRevision;
    for (const cache of this.#caches.values()) cache.startAt(fromRevision);
    const watch = await this.#options.store.watch(
      { prefix: root, fromRevision },
      {
        onEvents: (revision, events) => this.#onEvents(revision, events),
        onProgress: (revision) => this.#advance(revision),
        onError: (error) => this.#onError(error),
      },
    );
    if (this.#isDisposed) watch[Symbol.dispose]();
    else this.#watch = watch;
  }

  #onEvents(revision: number, events: readonly StoreEvent[]): void {
    for (const event of events) {
      const cache = this.#cacheFor(event.key);
      if (cache !== undefined) cache.apply(event, revision);
      else if (event.entry !== undefined) this.#unclaimed.set(event.key, event.entry);
      else this.#unclaimed.delete(event.key);
    }
    this.#advance(revision);
  }

  #advance(revision: number): void {
    if (revision <= this.#revision) return;
    this.#revision = revision;
    for (const waiter of this.#waiters) if (waiter.revision <= revision) waiter.wake();
  }

  /** The history has a hole: watchers have to start again, and so do we. */
  #onError(error: Error): void {
    if (this.#isDisposed) return;
    this.#options.log.warn("watch of the store ended; loading again", { error });
    this.#watch?.[Symbol.dispose]();
    this.#watch = undefined;
    const { status } = newResourceExpired("The resourceVersion for the provided watch is too old.");
    for (const cache of this.#caches.values()) cache.close(status);
    this.#restartTimer = this.#options.clock.setTimeout(() => void this.#reload(), restartDelayMs);
  }

  async #reload(): Promise<void> {
    for (const cache of this.#caches.values()) cache.beginReload();
    this.#unclaimed.clear();
    try {
      await this.#load();
    } catch (error) {
      this.#onError(error as Error);
    }
  }

  /** `/registry/pods/…`, `/registry/services/specs/…`: one segment, or two. */
  #cacheFor(key: string): ResourceCache | undefined {
    const first = key.indexOf("/", root.length);
    if (first < 0) return undefined;
    const cache = this.#caches.get(key.slice(root.length, first));
    if (cache !== undefined) return cache;
    const second = key.indexOf("/", first + 1);
    return second < 0 ? undefined : this.#caches.get(key.slice(root.length, second));
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#watch?.[Symbol.dispose]();
    this.#restartTimer?.[Symbol.dispose]();
    this.#bookmarkTimer?.[Symbol.dispose]();
    for (const cache of this.#caches.values()) cache.close();
  }
}

/** 504 `Too large resource version: 7, current: 5`, upon which clients wait a moment. */
export function tooLargeResourceVersion(revision: number, current: number): Error {
  const error = newTimeout(`Too large resource version: ${revision}, current: ${current}`, 1);
  error.status.details = {
    ...error.status.details,
    causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
  };
  return error;
}
