import { createSeededRandom, randomNameSuffix, randomUuid, VirtualClock, type Clock, type Random } from "@coracle/base";
import {
  formatApiVersion,
  formatTime,
  newAlreadyExists,
  newConflict,
  newMethodNotAllowed,
  newNotFound,
  newPathNotFound,
  newUnsupportedMediaType,
  objectKey,
  successStatus,
  type DeleteOptions,
  type GroupVersionResource,
  type KubeList,
  type KubeObject,
  type ResourceType,
  type Status,
  type UnstructuredObject,
} from "@coracle/apimachinery";
import type { Informer } from "../informer.ts";
import type { InformerCache } from "../informer/informer-cache.ts";
import type { ApiRequest, Transport, WatchEvent } from "../transport.ts";
import { FakeCollection } from "./collection.ts";
import { jsonPatch, mergePatch } from "./patches.ts";
import { prepareCreate, prepareUpdate, startDeletion, type FakeRules } from "./rules.ts";

export interface FakeTransportOptions {
  /** Stamps creation and deletion. Defaults to a virtual clock that stands still. */
  clock?: Clock;
  /** Makes uids and generated names. Defaults to a seeded one. */
  random?: Random;
  /** Whether it offers `informer`, as direct transports do. Defaults to true. */
  hasInformer?: boolean;
}

/** A look behind {@link createFakeTransport}'s transport, for tests. */
export interface FakeTransport extends Transport {
  /** Every request so far, in order. */
  readonly requests: readonly ApiRequest[];
  /** The latest revision. */
  readonly revision: number;
  /** Stores an object as it is given, status included, as if it had been there before; answers it with uid and resourceVersion. */
  put<T extends KubeObject>(resource: ResourceType<T>, object: T): T;
  /** Removes an object at once, whatever its finalizers. */
  remove<T extends KubeObject>(resource: ResourceType<T>, key: string): void;
  get<T extends KubeObject>(resource: ResourceType<T>, key: string): T | undefined;
  objects<T extends KubeObject>(resource: ResourceType<T>, namespace?: string): readonly T[];
  /** Asks `reaction` before each request: what it throws is the answer. */
  intercept(reaction: (request: ApiRequest) => void | Promise<void>): Disposable;
  /** Ends all watches. */
  breakWatches(): void;
  /** Forgets history: watches that start from an earlier revision get 410 Expired. */
  compact(): void;
  /** Sends a bookmark to watches that asked for them. */
  bookmark(): void;
}

/**
 * An API server in memory for unit tests: create, get, list, watch, update, patch (merge and JSON), delete and deletecollection with
 * resourceVersions, conflicts, generateName, generation, finalizers, graceful deletion of pods, status as a subresource, binding, eviction
 * and finalize. It does not default, validate, convert or authorize, garbage-collect or know strategic merge; server-side apply is
 * create-or-merge without ownership. Informers hear of a write before its answer arrives.
 */
export function createFakeTransport(options: FakeTransportOptions = {}): FakeTransport {
  const transport = new FakeServer(options).transport();
  if (options.hasInformer === false) delete transport.informer;
  return transport;
}

class FakeServer implements FakeRules {
  readonly clock: Clock;
  readonly random: Random;
  readonly #collections = new Map<string, FakeCollection>();
  readonly #requests: ApiRequest[] = [];
  readonly #reactions = new Set<(request: ApiRequest) => void | Promise<void>>();
  #revision = 1;

  constructor(options: FakeTransportOptions) {
    this.clock = options.clock ?? new VirtualClock();
    this.random = options.random ?? createSeededRandom(1);
  }

  transport(): FakeTransport {
    const revision = (): number => this.#revision;
    return {
      requests: this.#requests,
      get revision() {
        return revision();
      },
      request: (request) => this.#request(request),
      watch: (request) => this.#watch(request),
      informer: (resource) => this.#informer(resource),
      put: (resource, object) => this.#put(resource, object),
      remove: (resource, key) => this.#removeNow(this.#collection(resource), this.#collection(resource).cache.get(key)),
      get: (resource, key) => this.#collection(resource).cache.get(key) as never,
      objects: (resource, namespace) => this.#collection(resource).cache.list(namespace) as never,
      intercept: (reaction) => {
        this.#reactions.add(reaction);
        return { [Symbol.dispose]: () => void this.#reactions.delete(reaction) };
      },
      breakWatches: () => this.#collections.forEach((collection) => collection.breakWatches()),
      compact: () => this.#collections.forEach((collection) => collection.compact(this.#revision)),
      bookmark: () => this.#collections.forEach((collection) => collection.bookmark(this.#revision)),
    };
  }

  #collection(resource: GroupVersionResource): FakeCollection {
    const key = `${resource.group}/${resource.resource}`;
    let collection = this.#collections.get(key);
    if (collection === undefined) this.#collections.set(key, (collection = new FakeCollection(resource)));
    return collection;
  }

  async #request(request: ApiRequest): Promise<KubeObject | KubeList | Status> {
    // Answers come later, as from a real server: a handler that writes never runs inside another's write.
    await Promise.resolve();
    this.#requests.push(request);
    for (const reaction of this.#reactions) await reaction(request);
    request.signal?.throwIfAborted();
    const collection = this.#collection(request.resource);
    switch (request.verb) {
      case "get":
        return this.#existing(collection, request);
      case "list":
        return this.#list(collection, request);
      case "create":
        return this.#create(collection, request);
      case "update":
        return this.#update(collection, request);
      case "patch":
        return this.#patch(collection, request);
      case "delete":
        return this.#delete(collection, this.#existing(collection, request), (request.body ?? {}) as DeleteOptions);
      case "deletecollection":
        for (const object of collection.select(request)) this.#delete(collection, object, (request.body ?? {}) as DeleteOptions);
        return successStatus();
      case "watch":
        throw newMethodNotAllowed(request.resource, "watch");
    }
  }

  async *#watch(request: ApiRequest): AsyncGenerator<WatchEvent, void, void> {
    await Promise.resolve();
    this.#requests.push(request);
    for (const reaction of this.#reactions) await reaction(request);
    if (request.signal?.aborted) return;
    yield* this.#collection(request.resource).watch(request, this.#revision);
  }

  #existing(collection: FakeCollection, { namespace, name = "" }: ApiRequest): UnstructuredObject {
    const object = collection.cache.get(namespace === undefined || namespace === "" ? name : `${namespace}/${name}`);
    if (object === undefined) throw newNotFound(collection.resource, name);
    return object;
  }

  #list(collection: FakeCollection, request: ApiRequest): KubeList {
    const items = collection.select(request);
    const limit = Number(request.query?.limit ?? 0);
    const offset = Number(request.query?.continue ?? 0);
    const page = limit > 0 ? items.slice(offset, offset + limit) : items;
    const rest = limit > 0 && offset + limit < items.length ? { continue: String(offset + limit) } : {};
    return {
      apiVersion: formatApiVersion(request.resource.group, request.resource.version),
      kind: `${items[0]?.kind ?? ""}List`,
      metadata: { resourceVersion: String(this.#revision), ...rest },
      items: page,
    };
  }

  #create(collection: FakeCollection, request: ApiRequest): KubeObject | Status {
    if (request.subresource !== undefined && request.subresource !== "") return this.#createSubresource(collection, request);
    const object = prepareCreate(request.body as UnstructuredObject, request, this);
    if (collection.cache.get(objectKey(object)) !== undefined) throw newAlreadyExists(collection.resource, object.metadata.name ?? "");
    return this.#commit(collection, object, request);
  }

  #createSubresource(collection: FakeCollection, request: ApiRequest): KubeObject | Status {
    const object = this.#existing(collection, request);
    if (request.subresource === "eviction") {
      this.#delete(collection, object, (request.body as { deleteOptions?: DeleteOptions }).deleteOptions ?? {});
      return successStatus();
    }
    if (request.subresource !== "binding") throw newPathNotFound();
    const spec = object.spec as { nodeName?: string } | undefined;
    const node = (request.body as { target?: { name?: string } }).target?.name ?? "";
    if (spec?.nodeName !== undefined && spec.nodeName !== "") {
      const name = object.metadata.name ?? "";
      throw newConflict({ group: "", resource: "pods/binding" }, name, `pod ${name} is already assigned to node "${spec.nodeName}"`);
    }
    const status = (object.status ?? {}) as { conditions?: { type: string }[] };
    const scheduled = { type: "PodScheduled", status: "True", lastTransitionTime: this.timestamp() };
    const conditions = [...(status.conditions ?? []).filter(({ type }) => type !== "PodScheduled"), scheduled];
    this.#commit(collection, { ...object, spec: { ...spec, nodeName: node }, status: { ...status, conditions } }, request);
    return successStatus();
  }

  #update(collection: FakeCollection, request: ApiRequest): KubeObject {
    const old = this.#existing(collection, request);
    const object = prepareUpdate(request.body as UnstructuredObject, old, request.subresource ?? "");
    const given = (request.body as KubeObject).metadata;
    const isStale = given.resourceVersion !== undefined && given.resourceVersion !== old.metadata.resourceVersion;
    if (isStale || (given.uid !== undefined && given.uid !== old.metadata.uid)) {
      throw newConflict(collection.resource, old.metadata.name ?? "");
    }
    return this.#store(collection, object, old, request);
  }

  #patch(collection: FakeCollection, request: ApiRequest): KubeObject {
    if (request.contentType === "application/apply-patch+yaml") return this.#apply(collection, request);
    if (request.contentType === "application/strategic-merge-patch+json") {
      throw newUnsupportedMediaType(["application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml"]);
    }
    const old = this.#existing(collection, request);
    const patched = request.contentType === "application/json-patch+json" ? jsonPatch(old, request.body) : mergePatch(old, request.body);
    const object = patched as UnstructuredObject;
    if (object.metadata.resourceVersion !== old.metadata.resourceVersion) {
      throw newConflict(collection.resource, old.metadata.name ?? "");
    }
    return this.#store(collection, prepareUpdate(object, old, request.subresource ?? ""), old, request);
  }

  #apply(collection: FakeCollection, request: ApiRequest): KubeObject {
    const key = request.namespace === undefined ? (request.name ?? "") : `${request.namespace}/${request.name}`;
    const old = collection.cache.get(key);
    if (old === undefined) return this.#create(collection, request) as KubeObject;
    const merged = prepareUpdate(mergePatch(old, request.body) as UnstructuredObject, old, request.subresource ?? "");
    return this.#store(collection, merged, old, request);
  }

  /** Stores an update; the last finalizer gone, a deleted object goes. */
  #store(collection: FakeCollection, object: UnstructuredObject, old: UnstructuredObject, request: ApiRequest): KubeObject {
    if (JSON.stringify(object) === JSON.stringify(old)) return old;
    const specFinalizers = (object.spec as { finalizers?: string[] } | undefined)?.finalizers ?? [];
    const isHeld =
      (object.metadata.finalizers ?? []).length > 0 || (collection.resource.resource === "namespaces" && specFinalizers.length > 0);
    const isDue = object.metadata.deletionTimestamp !== undefined && (object.metadata.deletionGracePeriodSeconds ?? 0) === 0;
    if (isDue && !isHeld && request.query?.dryRun === undefined) return this.#removeNow(collection, object) ?? object;
    return this.#commit(collection, object, request);
  }

  #delete(collection: FakeCollection, object: UnstructuredObject, options: DeleteOptions): KubeObject | Status {
    const { uid, resourceVersion } = options.preconditions ?? {};
    const name = object.metadata.name ?? "";
    if (uid !== undefined && uid !== object.metadata.uid) {
      const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${object.metadata.uid}`;
      throw newConflict(collection.resource, name, why);
    }
    if (resourceVersion !== undefined && resourceVersion !== object.metadata.resourceVersion) {
      throw newConflict(collection.resource, name);
    }
    const marked = startDeletion(object, collection.resource, options, this);
    if (marked === undefined) {
      this.#removeNow(collection, object);
      return successStatus();
    }
    return marked === object ? object : this.#commit(collection, marked, undefined);
  }

  #removeNow(collection: FakeCollection, object: UnstructuredObject | undefined): UnstructuredObject | undefined {
    if (object === undefined) return undefined;
    const revision = ++this.#revision;
    const last = { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
    collection.remove(last, revision);
    return last;
  }

  #commit(collection: FakeCollection, object: UnstructuredObject, request: ApiRequest | undefined): UnstructuredObject {
    if (request?.query?.dryRun !== undefined) return object;
    const revision = ++this.#revision;
    const stored = structuredClone({ ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } });
    collection.put(stored, revision);
    return stored;
  }

  #put<T extends KubeObject>(resource: ResourceType<T>, object: T): T {
    const { metadata, ...rest } = object as unknown as UnstructuredObject;
    const uid = metadata.uid ?? randomUuid(this.random);
    const complete = { ...rest, metadata: { ...metadata, uid, creationTimestamp: metadata.creationTimestamp ?? this.timestamp() } };
    return this.#commit(this.#collection(resource), complete as UnstructuredObject, undefined) as unknown as T;
  }

  #informer<T extends KubeObject>(resource: ResourceType<T>): Informer<T> {
    const cache = this.#collection(resource).cache as unknown as InformerCache<T>;
    const { clock } = this;
    return {
      hasSynced: true,
      waitForSync: async (signal) => signal?.throwIfAborted(),
      get: (key) => cache.get(key),
      list: (namespace) => cache.list(namespace),
      addIndex: (name, values) => cache.addIndex(name, values),
      byIndex: (name, value) => cache.byIndex(name, value),
      subscribe: (handler) => cache.subscribe(handler),
      get lastActivityMs() {
        return clock.now();
      },
    };
  }

  timestamp(): string {
    return formatTime(this.clock.now());
  }

  generateName(prefix: string): string {
    return `${prefix}${randomNameSuffix(this.random)}`;
  }
}
