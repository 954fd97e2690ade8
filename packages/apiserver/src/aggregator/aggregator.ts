import type { Clock, Logger, Random } from "@coracle/base";
import type { EndpointSlice, Service } from "@coracle/api";
import { hasReason, type KubeObject, type ResourceType } from "@coracle/apimachinery";
import type { Informer } from "@coracle/client";
import { assert } from "@coracle/base";
import { createInternalContext } from "../authentication/internal-context.ts";
import type { RequestInfo } from "../http/request-info.ts";
import type { Registry } from "../registry/contract.ts";
import {
  apiServiceAddress,
  apiServiceName,
  apiServiceType,
  asObject,
  localCondition,
  withAvailability,
  type APIService,
  type Condition,
} from "./api-service.ts";
import { checkAvailability } from "./availability.ts";
import type { ProxyCertificate } from "./backend.ts";
import { KeyedWork } from "./keyed-work.ts";
import { LocalServices } from "./local-services.ts";
import type { Priority } from "./priorities.ts";
import { RemoteApi } from "./remote-api.ts";
import { ServiceResolver, type Address, type ServiceLookup } from "./service-resolver.ts";

export interface AggregatorOptions {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** By which extension API servers know this one. Without it they see an anonymous client. */
  readonly certificate?: ProxyCertificate;
  /** Where this server listens, for an APIService that points at `default/kubernetes`. */
  readonly ownAddress: () => Address;
  /** APIs that this server serves until somebody brings a better one. */
  readonly replaceable?: readonly APIService[];
}

/** How often an APIService has turned unavailable for a reason. */
export interface Outage {
  readonly name: string;
  readonly reason: string;
  readonly count: number;
}

const recheckMs = 30_000;
/** More names and reasons are not counted. */
const outageLimit = 1000;
const bySource = "service";
const serviceNameLabel = "kubernetes.io/service-name";

/**
 * Knows from the APIServices who serves which version of which group: this server, or another one behind a Service, which it watches
 * over. Requests are passed on by `remote-proxy.ts`; what the others say of their APIs is merged by `remote-discovery.ts` and
 * `remote-openapi.ts`. Answers to kube-aggregator 1.36.
 */
export class Aggregator implements Disposable {
  readonly local: LocalServices;
  readonly availability: KeyedWork;
  readonly #options: AggregatorOptions;
  readonly #context = createInternalContext();
  readonly #services: Informer<APIService>;
  readonly #lookup: ServiceLookup;
  readonly #resolver: ServiceResolver;
  readonly #remotes = new Map<string, RemoteApi>();
  readonly #outages = new Map<string, Outage>();
  readonly #listeners = new Set<(name: string) => void>();
  #subscriptions: Disposable[] = [];

  constructor(options: AggregatorOptions) {
    this.#options = options;
    const { registry, clock, random, log, replaceable } = options;
    this.#services = informerOf(registry, apiServiceType);
    this.#services.addIndex(bySource, ({ spec }) => {
      const source = spec?.service;
      return source === undefined ? [] : [`${source.namespace ?? ""}/${source.name ?? ""}`];
    });
    this.#lookup = createLookup(registry);
    this.#resolver = new ServiceResolver(this.#lookup, random, options.ownAddress);
    this.local = new LocalServices({ registry, services: this.#services, clock, log, ...(replaceable !== undefined && { replaceable }) });
    this.availability = new KeyedWork({ clock, log, name: "AvailableConditionController", sync: (name) => this.#check(name) });
  }

  /** Makes the APIServices of built-in versions. */
  registerBuiltIn(): Promise<void> {
    return this.local.registerBuiltIn();
  }

  /** Starts watching. To be called when the custom resources of earlier runs are served again. */
  start(): void {
    const { registry } = this.#options;
    this.local.start();
    this.#subscriptions = [
      this.#services.subscribe({
        onAdd: (service) => this.#onChange(service),
        onUpdate: (service) => this.#onChange(service),
        onDelete: (service) => this.#onGone(service),
      }),
      ...this.#watchSources(registry),
    ];
    this.availability.start();
  }

  [Symbol.dispose](): void {
    for (const each of this.#subscriptions) each[Symbol.dispose]();
    this.local[Symbol.dispose]();
    this.availability[Symbol.dispose]();
    for (const remote of this.#remotes.values()) remote[Symbol.dispose]();
    this.#remotes.clear();
  }

  /** All that other servers serve. */
  get remotes(): readonly RemoteApi[] {
    return [...this.#remotes.values()];
  }

  get outages(): readonly Outage[] {
    return [...this.#outages.values()];
  }

  get services(): readonly Readonly<APIService>[] {
    return this.#services.list();
  }

  /** Who serves a version of a group if it is not this server. */
  remote(group: string, version: string): RemoteApi | undefined {
    return this.#remotes.size === 0 ? undefined : this.#remotes.get(apiServiceName(group, version));
  }

  /** Who serves what a request is for if it is not this server: a resource, or `/apis/group/version`. */
  remoteOf(info: RequestInfo): RemoteApi | undefined {
    if (this.#remotes.size === 0) return undefined;
    if (info.isResourceRequest) return this.remote(info.group, info.version);
    const [prefix, group, version] = info.path.split("/").filter((part) => part !== "");
    if (prefix !== "apis" || group === undefined || version === undefined) return undefined;
    return this.remote(group, version);
  }

  /** Whether a version of a group is given up by this server without another one in its place. */
  isDeclined(group: string, version: string): boolean {
    return this.local.isDeclined(apiServiceName(group, version));
  }

  /** As its APIService has it. */
  priorityOf(group: string, version: string): Priority | undefined {
    const spec = this.#services.get(apiServiceName(group, version))?.spec;
    return spec === undefined ? undefined : { group: spec.groupPriorityMinimum, version: spec.versionPriority };
  }

  /** Called with the name of an APIService that came, changed or went. */
  onChanged(listener: (name: string) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  #onChange(service: Readonly<APIService>): void {
    const name = service.metadata.name ?? "";
    const known = this.#remotes.get(name);
    if (service.spec?.service === undefined) this.#forget(name);
    else if (known === undefined) this.#remotes.set(name, this.#createRemote(service));
    else known.update(service);
    this.availability.add(name);
    this.#notify(name);
  }

  #onGone({ metadata: { name = "" } }: Readonly<APIService>): void {
    this.#forget(name);
    this.#notify(name);
  }

  #createRemote(service: Readonly<APIService>): RemoteApi {
    const { clock, certificate } = this.#options;
    return new RemoteApi(service, { resolver: this.#resolver, clock, ...(certificate !== undefined && { certificate }) });
  }

  #forget(name: string): void {
    this.#remotes.get(name)?.[Symbol.dispose]();
    this.#remotes.delete(name);
  }

  #notify(name: string): void {
    for (const listener of this.#listeners) listener(name);
  }

  /** A change of the Service or of its endpoints may change whether the API is there. */
  #watchSources(registry: Registry): Disposable[] {
    const look = (namespace: string | undefined, name: string | undefined): void => {
      if (this.#remotes.size === 0 || name === undefined) return;
      for (const { metadata } of this.#services.byIndex(bySource, `${namespace ?? ""}/${name}`)) this.availability.add(metadata.name ?? "");
    };
    const onService = ({ metadata }: KubeObject): void => look(metadata.namespace, metadata.name);
    const onSlice = ({ metadata }: KubeObject): void => look(metadata.namespace, metadata.labels?.[serviceNameLabel]);
    return [
      informerOf(registry, serviceType).subscribe({ onAdd: onService, onUpdate: onService, onDelete: onService }),
      informerOf(registry, sliceType).subscribe({ onAdd: onSlice, onUpdate: onSlice, onDelete: onSlice }),
    ];
  }

  async #check(name: string): Promise<{ againAfterMs: number } | void> {
    const service = this.#services.get(name);
    if (service === undefined) return;
    const remote = this.#remotes.get(name);
    if (remote === undefined) return this.#report(service, localCondition);
    const condition = await checkAvailability(remote, this.#lookup);
    await this.#report(service, condition);
    // What cannot be watched, such as the network, is looked at again; soon while it is broken.
    if (condition.reason === "FailedDiscoveryCheck") throw new Error(condition.message);
    return { againAfterMs: recheckMs };
  }

  async #report(service: Readonly<APIService>, condition: Condition): Promise<void> {
    const { registry, clock } = this.#options;
    const next = withAvailability(service, condition, clock.now());
    if (next === service) return;
    const { name = "" } = service.metadata;
    try {
      await registry.update(this.#context, apiServiceAddress(name, "status"), { type: "object", object: asObject(next) });
    } catch (error) {
      // It is gone or another one now: then there is an event that brings us back.
      if (!hasReason(error, "NotFound", "Conflict")) throw error;
      return;
    }
    const wasAvailable = service.status?.conditions?.some(({ type, status }) => type === "Available" && status === "True") ?? false;
    if (wasAvailable && condition.status !== "True") this.#countOutage(name, condition.reason);
  }

  #countOutage(name: string, reason: string): void {
    const key = `${name} ${reason}`;
    const { count } = this.#outages.get(key) ?? { count: 0 };
    if (count > 0 || this.#outages.size < outageLimit) this.#outages.set(key, { name, reason, count: count + 1 });
  }
}

const serviceType: ResourceType<Service> = { group: "", version: "v1", resource: "services", kind: "Service", isNamespaced: true };
const sliceType: ResourceType<EndpointSlice> = {
  group: "discovery.k8s.io",
  version: "v1",
  resource: "endpointslices",
  kind: "EndpointSlice",
  isNamespaced: true,
};

function createLookup(registry: Registry): ServiceLookup {
  const services = informerOf(registry, serviceType);
  const slices = informerOf(registry, sliceType);
  return {
    service: (namespace, name) => services.get(`${namespace}/${name}`),
    slices: (namespace, name) => slices.list(namespace).filter(({ metadata }) => metadata.labels?.[serviceNameLabel] === name),
  };
}

function informerOf<T extends KubeObject>(registry: Registry, type: ResourceType<T>): Informer<T> {
  assert(registry.informer !== undefined, "the registry lends no informers");
  return registry.informer(type);
}
