import { toDisposable, type Clock, type Logger, type Random } from "@coracle/base";
import {
  newMethodNotAllowed,
  newNotFound,
  newPathNotFound,
  type DeleteOptions,
  type KubeObject,
  type ResourceDefinition,
  type ResourceType,
  type ResourceVersionDefinition,
  type Status,
  type UnstructuredObject,
  type Verb,
} from "@coracle/apimachinery";
import type { Informer } from "@coracle/client";
import type { Store } from "@coracle/storage";
import { AdmissionChain, type AdmissionEnvironment, type AdmissionPlugin } from "../admission/admission.ts";
import {
  CacheInformer,
  listObjects,
  Matcher,
  readIn,
  storedFormOf,
  watchObjects,
  type Cacher,
  type ResourceCache,
  type StoredForm,
} from "../cacher/index.ts";
import { parseResourceVersion } from "../cacher/resource-version.ts";
import { runAction, type ActionHandlers } from "./actions.ts";
import type {
  ListQuery,
  ListView,
  ObjectView,
  PatchBody,
  Registry,
  RequestBody,
  RequestContext,
  ResourceAddress,
  ServedResource,
  WatchQuery,
  WatchSink,
  WriteResult,
} from "./contract.ts";
import { getComputed, listComputed, type ComputedSource, type ComputedSources } from "./computed.ts";
import { createObject } from "./create.ts";
import { deleteObjects } from "./delete-collection.ts";
import { deleteObject } from "./delete.ts";
import { rollbackHandlers } from "./deployment-rollback.ts";
import { podActionHandlers } from "./pod-handlers.ts";
import { conversionsOf } from "./in-version.ts";
import { patchObject } from "./patch.ts";
import { qualifiedNameOf, ResourceTable } from "./resource-table.ts";
import { patchScale, scaleOf, updateScale } from "./scale.ts";
import { writeStatus } from "./status-write.ts";
import { attributesOf, keyOf, Settlement, type RegistryCore, type Target } from "./target.ts";
import { updateObject } from "./update.ts";
import { Compactor, SharedLeases } from "./upkeep.ts";

export interface RegistryParts {
  readonly store: Store;
  readonly cacher: Cacher;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly definitions: readonly ResourceDefinition[];
  readonly admission: readonly AdmissionPlugin[];
  readonly actionHandlers: ActionHandlers;
  readonly computed: ComputedSources;
  readonly eventTtlSeconds: number;
  readonly compactionPeriodMs: number | undefined;
}

/** Whether objects of the resource are kept at all; reviews and bindings are only answered, and some are worked out. */
export function isStored(definition: ResourceDefinition): boolean {
  return definition.verbs.includes("get") && definition.storagePath !== "";
}

/** The generic registry: one way for every kind, over the watch cache and the store. */
export class RegistryImplementation implements Registry, Disposable {
  readonly cacher: Cacher;
  /** What admission plug-ins and others inside the server may look up. */
  readonly environment: AdmissionEnvironment;
  readonly #core: RegistryCore;
  readonly #table: ResourceTable;
  readonly #handlers: ActionHandlers;
  readonly #computed: ComputedSources;
  readonly #compactor: Compactor;
  readonly #informers = new Map<string, CacheInformer<KubeObject>>();
  readonly #listeners = new Set<() => void>();
  readonly #remoteForms = new WeakMap<ResourceVersionDefinition, StoredForm>();
  #custom: readonly ResourceDefinition[] = [];

  constructor(parts: RegistryParts) {
    const { store, cacher, clock, random, log } = parts;
    this.cacher = cacher;
    this.#computed = parts.computed;
    this.#table = new ResourceTable(parts.definitions);
    this.environment = this.#createEnvironment({ clock, random, log });
    const leases = new SharedLeases(store, clock);
    this.#core = {
      store,
      cacher,
      clock,
      random,
      log,
      admission: new AdmissionChain(parts.admission, this.environment),
      leaseFor: async (target) => (target.form.definition.storagePath === "events" ? leases.leaseOf(parts.eventTtlSeconds) : undefined),
    };
    this.#compactor = new Compactor({
      store,
      clock,
      log,
      periodMs: parts.compactionPeriodMs,
      onCompacted: (revision) => cacher.forgetBefore(revision),
    });
    const targetOf = (address: ResourceAddress): Target => this.#target(address);
    this.#handlers = { ...podActionHandlers(this.#core, targetOf), ...rollbackHandlers(this.#core, targetOf), ...parts.actionHandlers };
  }

  /** Starts the background work. */
  async start(): Promise<void> {
    await this.#compactor.start();
  }

  [Symbol.dispose](): void {
    this.#compactor[Symbol.dispose]();
    for (const informer of this.#informers.values()) informer[Symbol.dispose]();
    this.cacher[Symbol.dispose]();
  }

  resources(): readonly ResourceDefinition[] {
    return this.#table.all;
  }

  /** How many objects of each stored resource there are now, under the name that was defined first. */
  objectCounts(): { readonly group: string; readonly resource: string; readonly count: number }[] {
    const byPath = new Map(
      this.#table.all
        .filter(isStored)
        .toReversed()
        .map((definition) => [definition.storagePath, definition]),
    );
    return [...byPath.values()]
      .map((definition) => ({
        group: definition.group,
        resource: definition.resource,
        count: this.cacher.cacheOf(definition).size,
      }))
      .toReversed();
  }

  onResourcesChanged(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return toDisposable(() => this.#listeners.delete(listener));
  }

  /** Serves these custom resources from now on, instead of those before. */
  setCustomDefinitions(definitions: readonly ResourceDefinition[]): void {
    const paths = new Set(definitions.map(({ storagePath }) => storagePath));
    for (const gone of this.#custom) if (!paths.has(gone.storagePath)) this.cacher.release(gone);
    for (const definition of definitions) {
      if (this.#custom.includes(definition)) continue;
      const isKnown = this.#custom.some(({ storagePath }) => storagePath === definition.storagePath);
      const cache = this.cacher.claim(definition);
      if (isKnown) cache.redefine(definition);
    }
    for (const [id, informer] of this.#informers) {
      if (this.#custom.some((each) => id.endsWith(` ${each.storagePath}`) && !paths.has(each.storagePath))) {
        informer[Symbol.dispose]();
        this.#informers.delete(id);
      }
    }
    this.#custom = definitions;
    this.#table.setCustom(definitions);
    for (const listener of this.#listeners) listener();
  }

  lookup(group: string, version: string, resource: string): ServedResource | undefined {
    return this.#table.lookup(group, version, resource);
  }

  /** The shared informer of a served resource. @throws {StatusError} 404. */
  informer<T extends KubeObject>(resource: ResourceType<T>): Informer<T> {
    const served = this.#table.lookup(resource.group, resource.version, resource.resource);
    if (served === undefined || !isStored(served.definition)) throw newPathNotFound();
    return this.#informerOf(served) as unknown as Informer<T>;
  }

  #informerOf({ definition, version }: ServedResource): CacheInformer<KubeObject> {
    const id = `${definition.group}/${version.version}/${definition.resource} ${definition.storagePath}`;
    let informer = this.#informers.get(id);
    if (informer === undefined) {
      informer = new CacheInformer(this.cacher.cacheOf(definition), definition, version);
      this.#informers.set(id, informer);
    }
    return informer;
  }

  async get(context: RequestContext, address: ResourceAddress, options: { resourceVersion?: string }): Promise<ObjectView> {
    const served = this.#served(address);
    const source = this.#computedOf(served);
    if (source !== undefined && address.subresource === "") return getComputed(source, served, address);
    const target = this.#target(address, "get");
    const asked = parseResourceVersion(options.resourceVersion);
    if (asked === undefined) await this.cacher.waitUntilCurrent();
    else await this.cacher.waitUntilFresh(asked);
    const cached = target.cache.get(keyOf(target));
    if (cached === undefined) throw newNotFound(target.qualified, address.name);
    const object = await readIn(target.form, target.served, cached);
    if (address.subresource === "scale") return scaleOf(target, object);
    return object.view(target.served.definition, target.served.version);
  }

  async list(_context: RequestContext, address: ResourceAddress, query: ListQuery): Promise<ListView> {
    const asked = this.#served(address);
    const source = this.#computedOf(asked);
    if (source !== undefined) return listComputed(source, asked, { address, query });
    const { served } = this.#target(address, "list");
    const matcher = new Matcher(served, query.labelSelector, query.fieldSelector);
    return listObjects({ store: this.#core.store, cacher: this.cacher, served }, { namespace: address.namespace, matcher }, query);
  }

  async watch(_context: RequestContext, address: ResourceAddress, query: WatchQuery, sink: WatchSink): Promise<Disposable> {
    const { served } = this.#target(address, "watch");
    const named = address.name === "" ? "" : `metadata.name=${address.name}`;
    const matcher = new Matcher(served, query.labelSelector, [query.fieldSelector, named].filter((text) => text).join(","));
    return watchObjects({ cacher: this.cacher, served, namespace: address.namespace, matcher, query, sink });
  }

  async create(context: RequestContext, address: ResourceAddress, body: RequestBody): Promise<ObjectView | Status> {
    const served = this.#served(address);
    if (address.subresource !== "" || !isStored(served.definition)) {
      return runAction({ admission: this.#core.admission, handlers: this.#handlers }, served, { context, address, body });
    }
    return createObject(this.#core, this.#target(address, "create"), context, body);
  }

  async update(context: RequestContext, address: ResourceAddress, body: RequestBody): Promise<WriteResult> {
    const target = this.#target(address, "update");
    if (address.subresource === "scale") return updateScale(this.#core, target, context, body);
    return updateObject(this.#core, target, context, body);
  }

  async patch(context: RequestContext, address: ResourceAddress, patch: PatchBody): Promise<WriteResult> {
    const target = this.#target(address, "patch");
    if (address.subresource === "scale") return patchScale(this.#core, target, context, patch);
    return patchObject(this.#core, target, context, patch);
  }

  async delete(
    context: RequestContext,
    address: ResourceAddress,
    options: DeleteOptions,
  ): Promise<{ view: ObjectView | Status; isAccepted: boolean }> {
    return deleteObject(this.#core, this.#target(address, "delete"), context, options);
  }

  async deleteCollection(context: RequestContext, address: ResourceAddress, options: DeleteOptions, query: ListQuery): Promise<ListView> {
    return deleteObjects(this.#core, this.#target(address, "deletecollection"), context, { options, query });
  }

  async admitConnection(context: RequestContext, address: ResourceAddress, object: UnstructuredObject): Promise<void> {
    const served = this.#served(address);
    const subresource = served.version.subresources.find(({ name }) => name === address.subresource);
    const settlement = new Settlement();
    const attributes = attributesOf(
      { served, subresource, address },
      { operation: "CONNECT", context, name: address.name, object, settlement },
    );
    try {
      await this.#core.admission.mutate(attributes);
      await this.#core.admission.validate(attributes);
    } finally {
      settlement.settle(false);
    }
  }

  #computedOf({ definition }: ServedResource): ComputedSource | undefined {
    return isStored(definition) ? undefined : this.#computed[qualifiedNameOf(definition)];
  }

  /** @throws {StatusError} 404. */
  #served(address: ResourceAddress): ServedResource {
    const served = this.#table.lookup(address.group, address.version, address.resource);
    if (served === undefined) throw newPathNotFound();
    return served;
  }

  /** @throws {StatusError} 404 or 405. */
  #target(address: ResourceAddress, verb?: Verb): Target {
    const served = this.#served(address);
    const { definition, version } = served;
    const qualified = { group: definition.group, resource: definition.resource };
    const subresource = version.subresources.find(({ name }) => name === address.subresource);
    if (address.subresource !== "" && subresource === undefined) throw newPathNotFound();
    const verbs: readonly string[] = subresource?.verbs ?? definition.verbs;
    if (!isStored(definition) || (verb !== undefined && !verbs.includes(verb))) throw newMethodNotAllowed(qualified, verb ?? "create");
    const cache = this.cacher.cacheOf(definition);
    const form = this.#formOf(served, cache);
    const inVersion = conversionsOf(served, form, (...path) => this.#table.lookup(...path));
    return { served, subresource, cache, form, address, qualified, ...(inVersion !== undefined && { inVersion }) };
  }

  /** Where a webhook converts, everything happens in the version asked for; only the store sees another one. */
  #formOf({ definition, version }: ServedResource, cache: ResourceCache): StoredForm {
    if (definition.convertRemotely === undefined) return cache.form;
    let form = this.#remoteForms.get(version);
    if (form === undefined) {
      const versions = definition.versions.map((each) => ({ ...each, isStorage: each === version }));
      form = { ...storedFormOf({ ...definition, versions }, cache.form.shouldFreeze), version };
      this.#remoteForms.set(version, form);
    }
    return form;
  }

  #createEnvironment(base: Pick<AdmissionEnvironment, "clock" | "random" | "log">): AdmissionEnvironment {
    const find = (resource: string, namespace: string, name: string): Readonly<UnstructuredObject> | undefined => {
      const definition = this.#table.byName(resource);
      if (definition === undefined || !isStored(definition)) return undefined;
      return this.cacher.cacheOf(definition).get(definition.isNamespaced ? `${namespace}/${name}` : name)?.object;
    };
    return {
      ...base,
      resources: () => this.#table.all,
      watch: (resource, onChange) => {
        const definition = this.#table.byName(resource);
        if (definition === undefined || !isStored(definition)) return toDisposable(() => {});
        const { form } = this.cacher.cacheOf(definition);
        const informer = this.#informerOf({ definition: form.definition, version: form.version });
        return informer.subscribe({ onAdd: onChange, onUpdate: onChange, onDelete: onChange });
      },
      get: find,
      getFresh: async (resource, namespace, name) => {
        await this.cacher.waitUntilCurrent();
        return find(resource, namespace, name);
      },
      setStatus: async (resource, read, status) => {
        const definition = this.#table.byName(resource);
        const version = definition?.versions.find(({ isStorage }) => isStorage)?.version;
        if (definition === undefined || version === undefined) return false;
        const { name = "", namespace = "" } = read.metadata;
        const { group, resource: plural } = definition;
        const target = this.#target({ group, version, resource: plural, namespace, name, subresource: "" });
        return writeStatus(this.#core, target, read, status);
      },
      list: (resource, namespace) => {
        const objects: Readonly<UnstructuredObject>[] = [];
        const definition = this.#table.byName(resource);
        if (definition === undefined || !isStored(definition)) return objects;
        this.cacher.cacheOf(definition).scan(namespace, (object) => void objects.push(object.object));
        return objects;
      },
      indexed: (resource, index, values) => {
        const definition = this.#table.byName(resource);
        if (definition === undefined || !isStored(definition)) return () => [];
        const { form } = this.cacher.cacheOf(definition);
        const informer = this.#informerOf({ definition: form.definition, version: form.version });
        informer.addIndex(index, (object) => values(object as UnstructuredObject));
        return (value) => informer.byIndex(index, value) as readonly UnstructuredObject[];
      },
    };
  }
}
