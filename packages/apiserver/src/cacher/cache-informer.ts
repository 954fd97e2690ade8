import { toDisposable } from "@coracle/base";
import type { KubeObject, ResourceDefinition, ResourceVersionDefinition } from "@coracle/apimachinery";
import type { Informer, InformerHandler } from "@coracle/client";
import type { CachedObject } from "./cached-object.ts";
import type { CacheEvent } from "./event-window.ts";
import type { ResourceCache } from "./resource-cache.ts";

interface Index<T> {
  readonly values: (object: T) => readonly string[];
  readonly objects: Map<string, Map<string, T>>;
}

/** The objects of one resource version, straight out of the watch cache: nothing is copied, indexes follow each change. */
export class CacheInformer<T extends KubeObject> implements Informer<T>, Disposable {
  readonly #cache: ResourceCache;
  readonly #definition: ResourceDefinition;
  readonly #version: ResourceVersionDefinition;
  readonly #indexes = new Map<string, Index<T>>();
  readonly #handlers = new Set<InformerHandler<T>>();
  readonly #source: Disposable;

  constructor(cache: ResourceCache, definition: ResourceDefinition, version: ResourceVersionDefinition) {
    this.#cache = cache;
    this.#definition = definition;
    this.#version = version;
    this.#source = cache.listen((event) => this.#onEvent(event));
  }

  /** The cache is loaded before anyone can ask for an informer. */
  get hasSynced(): boolean {
    return true;
  }

  waitForSync(signal?: AbortSignal): Promise<void> {
    return signal?.aborted ? Promise.reject(signal.reason as Error) : Promise.resolve();
  }

  get lastActivityMs(): number {
    return this.#cache.lastActivityMs;
  }

  get(key: string): T | undefined {
    const object = this.#cache.get(key);
    return object === undefined ? undefined : this.#objectOf(object);
  }

  list(namespace = ""): readonly T[] {
    const objects: T[] = [];
    this.#cache.scan(namespace, (object) => void objects.push(this.#objectOf(object)));
    return objects;
  }

  addIndex(name: string, values: (object: T) => readonly string[]): void {
    if (this.#indexes.has(name)) return;
    const index: Index<T> = { values, objects: new Map() };
    this.#indexes.set(name, index);
    this.#cache.scan("", (object) => addToIndex(index, object.key, this.#objectOf(object)));
  }

  byIndex(name: string, value: string): readonly T[] {
    const index = this.#indexes.get(name);
    if (index === undefined) throw new Error(`no index ${name}`);
    const found = index.objects.get(value);
    return found === undefined ? [] : [...found.values()];
  }

  subscribe(handler: InformerHandler<T>): Disposable {
    // Snapshot first: a handler may write, which delivers events in the middle of the replay.
    const present: T[] = [];
    this.#cache.scan("", (object) => void present.push(this.#objectOf(object)));
    this.#handlers.add(handler);
    for (const object of present) handler.onAdd?.(object, true);
    return toDisposable(() => this.#handlers.delete(handler));
  }

  /**
   * Where a webhook converts, informers show what is stored: those that look at every kind (the garbage collector) read metadata alone, and
   * must not wait for webhooks.
   */
  #objectOf(object: CachedObject): T {
    if (this.#definition.convertRemotely !== undefined) return object.object as unknown as T;
    return object.view(this.#definition, this.#version).object as unknown as T;
  }

  #onEvent({ type, object, previous }: CacheEvent): void {
    if (this.#handlers.size === 0 && this.#indexes.size === 0) return;
    const current = this.#objectOf(object);
    const old = previous === undefined ? undefined : this.#objectOf(previous);
    for (const index of this.#indexes.values()) {
      if (old !== undefined) removeFromIndex(index, object.key, old);
      if (type !== "DELETED") addToIndex(index, object.key, current);
    }
    for (const handler of this.#handlers) {
      if (type === "DELETED") handler.onDelete?.(current);
      else if (old === undefined) handler.onAdd?.(current, false);
      else handler.onUpdate?.(current, old);
    }
  }

  [Symbol.dispose](): void {
    this.#source[Symbol.dispose]();
    this.#handlers.clear();
  }
}

function addToIndex<T>(index: Index<T>, key: string, object: T): void {
  for (const value of index.values(object)) {
    let objects = index.objects.get(value);
    if (objects === undefined) index.objects.set(value, (objects = new Map()));
    objects.set(key, object);
  }
}

function removeFromIndex<T>(index: Index<T>, key: string, object: T): void {
  for (const value of index.values(object)) {
    const objects = index.objects.get(value);
    objects?.delete(key);
    if (objects?.size === 0) index.objects.delete(value);
  }
}
