import { toDisposable, type Clock } from "@coracle/base";
import type { ResourceDefinition, Status, UnstructuredObject } from "@coracle/apimachinery";
import type { Entry, StoreEvent } from "@coracle/storage";
import { CachedObject, storedFormOf, type StoredForm } from "./cached-object.ts";
import { EventWindow, type CacheEvent } from "./event-window.ts";
import { createOrderedMap, rangeOf, visitRange, type OrderedMap } from "./ordered-map.ts";

/** Past states of one resource that chunked lists may come back to. */
const snapshotsLimit = 8;

export interface ResourceCacheOptions {
  readonly definition: ResourceDefinition;
  readonly startRevision: number;
  readonly clock: Clock;
  readonly shouldFreeze: boolean;
  /** The decoded form of bytes that this process wrote. */
  readonly written: WeakMap<Uint8Array, UnstructuredObject>;
}

/** Everything stored under one path, in key order, and the latest changes to it. */
export class ResourceCache {
  readonly prefix: string;
  readonly #written: WeakMap<Uint8Array, UnstructuredObject>;
  #window: EventWindow;
  #before: OrderedMap<CachedObject> | undefined;
  readonly #listeners = new Set<(event: CacheEvent) => void>();
  readonly #closers = new Set<(status?: Status) => void>();
  readonly #snapshots = new Map<number, OrderedMap<CachedObject>>();
  #form: StoredForm;
  #objects = createOrderedMap<CachedObject>();
  #lastActivityMs: number;
  readonly #clock: Clock;

  constructor(options: ResourceCacheOptions) {
    this.prefix = storagePrefix(options.definition);
    this.#form = storedFormOf(options.definition, options.shouldFreeze);
    this.#written = options.written;
    this.#clock = options.clock;
    this.#window = new EventWindow(options.startRevision, options.clock);
    this.#lastActivityMs = options.clock.now();
  }

  get form(): StoredForm {
    return this.#form;
  }

  /** The definition changed (a CustomResourceDefinition was edited): objects are read anew in its form. */
  redefine(definition: ResourceDefinition): void {
    this.#form = storedFormOf(definition, this.#form.shouldFreeze);
    const renewed = createOrderedMap<CachedObject>();
    this.#objects.forEach((object, key) => void renewed.set(key, object.in(this.#form)));
    this.#objects = renewed;
    this.close();
  }

  /** Takes an entry that was there at the start. */
  load(entry: Entry): void {
    const key = entry.key.slice(this.prefix.length);
    this.#objects.set(key, new CachedObject(this.#form, { key, revision: entry.modRevision, stored: entry.value }));
  }

  /** Everything has been loaded as of `revision`; informers learn what changed since the state before. */
  startAt(revision: number): void {
    this.#window = new EventWindow(revision, this.#clock);
    const before = this.#before;
    this.#before = undefined;
    if (before === undefined) return;
    for (const change of this.#changesSince(before, revision)) for (const listener of this.#listeners) listener(change);
  }

  /** The state is about to be loaded again. */
  beginReload(): void {
    this.#before ??= this.#objects;
    this.#objects = createOrderedMap();
  }

  *#changesSince(before: OrderedMap<CachedObject>, revision: number): Generator<CacheEvent> {
    for (const [key, previous] of before.entries()) {
      if (!this.#objects.has(key)) yield { type: "DELETED", revision, object: previous.at(revision), previous };
    }
    for (const [key, object] of this.#objects.entries()) {
      const previous = before.get(key);
      if (previous === undefined) yield { type: "ADDED", revision: object.revision, object, previous };
      else if (previous.revision !== object.revision) yield { type: "MODIFIED", revision: object.revision, object, previous };
    }
  }

  get(key: string): CachedObject | undefined {
    return this.#objects.get(key);
  }

  get size(): number {
    return this.#objects.size;
  }

  get lastActivityMs(): number {
    return this.#lastActivityMs;
  }

  /** Objects of a namespace (all for the empty one) in key order, from the key `start`; until `visit` returns false. */
  scan(namespace: string, visit: (object: CachedObject) => boolean | void, start?: string): void {
    const range = rangeOf(namespace);
    visitRange(this.#objects, start !== undefined && start > range.start ? start : range.start, range.end, visit);
  }

  /** Keeps the present state readable under `revision`, while there is room. */
  keepSnapshot(revision: number): OrderedMap<CachedObject> {
    let snapshot = this.#snapshots.get(revision);
    if (snapshot === undefined) {
      snapshot = this.#objects.clone();
      this.#snapshots.set(revision, snapshot);
      const [oldest] = this.#snapshots.keys();
      if (this.#snapshots.size > snapshotsLimit && oldest !== undefined) this.#snapshots.delete(oldest);
    }
    return snapshot;
  }

  /** Lets go of states before `revision`, as the store has. */
  forgetBefore(revision: number): void {
    for (const kept of this.#snapshots.keys()) if (kept < revision) this.#snapshots.delete(kept);
  }

  snapshotAt(revision: number): OrderedMap<CachedObject> | undefined {
    return this.#snapshots.get(revision);
  }

  /** Applies a change of the store and tells everybody. */
  apply(event: StoreEvent, revision: number): void {
    const key = event.key.slice(this.prefix.length);
    const change = event.type === "put" && event.entry ? this.#put(key, event.entry) : this.#delete(key, revision);
    this.#lastActivityMs = this.#clock.now();
    if (change === undefined) return;
    this.#window.push(change);
    for (const listener of this.#listeners) listener(change);
  }

  #put(key: string, entry: Entry): CacheEvent {
    const previous = this.#objects.get(key);
    const object = new CachedObject(this.#form, {
      key,
      revision: entry.modRevision,
      stored: entry.value,
      object: this.#written.get(entry.value),
    });
    this.#objects.set(key, object);
    return { type: previous === undefined ? "ADDED" : "MODIFIED", revision: entry.modRevision, object, previous };
  }

  #delete(key: string, revision: number): CacheEvent | undefined {
    const previous = this.#objects.get(key);
    if (previous === undefined) return undefined;
    this.#objects.delete(key);
    return { type: "DELETED", revision, object: previous.at(revision), previous };
  }

  /** The store gave a sign of life. */
  noteProgress(): void {
    this.#lastActivityMs = this.#clock.now();
  }

  /** A watch can resume at this revision or later. */
  get windowStart(): number {
    return this.#window.startRevision;
  }

  eventsAfter(revision: number): readonly CacheEvent[] {
    return this.#window.after(revision);
  }

  /** Called with every change, before the write that made it is answered. `onClose` is called when the cache ends. */
  listen(listener: (event: CacheEvent) => void, onClose?: (status?: Status) => void): Disposable {
    this.#listeners.add(listener);
    if (onClose !== undefined) this.#closers.add(onClose);
    return toDisposable(() => {
      this.#listeners.delete(listener);
      if (onClose !== undefined) this.#closers.delete(onClose);
    });
  }

  /** Ends every watch: the resource is gone or changed, or (with a status) its history has a hole. */
  close(status?: Status): void {
    const closers = [...this.#closers];
    this.#closers.clear();
    for (const close of closers) close(status);
    this.#snapshots.clear();
  }
}

/** `/registry/pods/`. */
export function storagePrefix(definition: Pick<ResourceDefinition, "storagePath">): string {
  return `/registry/${definition.storagePath}/`;
}
