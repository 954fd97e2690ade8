import { toDisposable } from "@coracle/base";
import { objectKey, type KubeObject } from "@coracle/apimachinery";
import type { InformerHandler } from "../informer.ts";

type IndexValues<T> = (object: T) => readonly string[];

interface Index<T> {
  readonly values: IndexValues<T>;
  readonly buckets: Map<string, Map<string, T>>;
}

interface Subscription<T extends KubeObject> {
  readonly handler: InformerHandler<T>;
  isActive: boolean;
}

const namespaceIndex = "\0namespace";

/**
 * The memory of an informer: objects by key, indexes, and the handlers that hear of changes. It holds no copy of anything: what is put
 * in is what comes out. Whoever feeds it (a list-and-watch, a watch cache, a test) calls {@link set}, {@link delete} or {@link replace}.
 */
export class InformerCache<T extends KubeObject> {
  readonly #objects = new Map<string, T>();
  readonly #indexes = new Map<string, Index<T>>();
  /** Replaced, never changed: who subscribes or leaves while a change is told does not disturb the telling. */
  #subscriptions: readonly Subscription<T>[] = [];
  /** Sorted views, made on demand; dropped by the next change. The empty string stands for all namespaces. */
  readonly #sorted = new Map<string, readonly T[]>();

  constructor() {
    this.addIndex(namespaceIndex, (object) => [object.metadata.namespace ?? ""]);
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  keys(): IterableIterator<string> {
    return this.#objects.keys();
  }

  list(namespace?: string): readonly T[] {
    const all = namespace === undefined || namespace === "";
    const view = all ? "" : namespace;
    let sorted = this.#sorted.get(view);
    if (sorted === undefined) {
      const entries = all ? this.#objects : this.#indexes.get(namespaceIndex)?.buckets.get(view);
      sorted = inKeyOrder(entries);
      this.#sorted.set(view, sorted);
    }
    return sorted;
  }

  addIndex(name: string, values: IndexValues<T>): void {
    if (this.#indexes.has(name)) return;
    const index: Index<T> = { values, buckets: new Map() };
    this.#indexes.set(name, index);
    for (const [key, object] of this.#objects) insert(index, key, object);
  }

  /** @throws when the index was not added. */
  byIndex(name: string, value: string): readonly T[] {
    const index = this.#indexes.get(name);
    if (index === undefined) throw new Error(`informer has no index ${JSON.stringify(name)}`);
    return inKeyOrder(index.buckets.get(value));
  }

  /** Replays what is present, then delivers every change until disposed. */
  subscribe(handler: InformerHandler<T>): Disposable {
    for (const object of this.list()) handler.onAdd?.(object, true);
    const subscription: Subscription<T> = { handler, isActive: true };
    this.#subscriptions = [...this.#subscriptions, subscription];
    return toDisposable(() => {
      subscription.isActive = false;
      this.#subscriptions = this.#subscriptions.filter((other) => other !== subscription);
    });
  }

  /** Adds or updates one object. `isInitial` marks additions of the first list. */
  set(object: T, isInitial = false): void {
    const key = objectKey(object);
    const old = this.#objects.get(key);
    if (old === object) return;
    this.#objects.set(key, object);
    this.#sorted.clear();
    for (const index of this.#indexes.values()) {
      if (old !== undefined) remove(index, key, old);
      insert(index, key, object);
    }
    for (const { handler, isActive } of this.#subscriptions) {
      if (!isActive) continue;
      if (old === undefined) handler.onAdd?.(object, isInitial);
      else handler.onUpdate?.(object, old);
    }
  }

  /** Removes one object; handlers get `last` (its final state) where the caller knows it. */
  delete(key: string, last?: T): void {
    const old = this.#objects.get(key);
    if (old === undefined) return;
    this.#objects.delete(key);
    this.#sorted.clear();
    for (const index of this.#indexes.values()) remove(index, key, old);
    for (const { handler, isActive } of this.#subscriptions) if (isActive) handler.onDelete?.(last ?? old);
  }

  /** Makes the content equal to a list; objects with an unchanged resourceVersion are not reported again. */
  replace(objects: readonly T[], isInitial = false): void {
    const present = new Set(objects.map(objectKey));
    for (const key of this.#objects.keys()) if (!present.has(key)) this.delete(key);
    for (const object of objects) {
      const old = this.#objects.get(objectKey(object));
      const isSame =
        old !== undefined && old.metadata.uid === object.metadata.uid && old.metadata.resourceVersion === object.metadata.resourceVersion;
      if (!isSame) this.set(object, isInitial);
    }
  }
}

function inKeyOrder<T>(entries: ReadonlyMap<string, T> | undefined): readonly T[] {
  if (entries === undefined) return [];
  if (entries.size < 2) return [...entries.values()];
  const keys = [...entries.keys()].sort();
  return keys.map((key) => entries.get(key) as T);
}

function insert<T>(index: Index<T>, key: string, object: T): void {
  for (const value of index.values(object)) {
    let bucket = index.buckets.get(value);
    if (bucket === undefined) index.buckets.set(value, (bucket = new Map()));
    bucket.set(key, object);
  }
}

function remove<T>(index: Index<T>, key: string, object: T): void {
  for (const value of index.values(object)) {
    const bucket = index.buckets.get(value);
    bucket?.delete(key);
    if (bucket?.size === 0) index.buckets.delete(value);
  }
}
