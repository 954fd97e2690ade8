import type { Clock, Logger } from "@coracle/base";
import { deepEqual, hasReason } from "@coracle/apimachinery";
import type { Informer } from "@coracle/client";
import { createInternalContext } from "../authentication/internal-context.ts";
import type { Registry } from "../registry/contract.ts";
import { apiServiceAddress, apiServiceName, asObject, automanagedLabel, type APIService } from "./api-service.ts";
import { KeyedWork } from "./keyed-work.ts";
import { builtInPriority, customPriority, type Priority } from "./priorities.ts";

/**
 * How an APIService is kept: `onstart` (built-in versions) is made and corrected once, so that an administrator may change it until the
 * next start; `true` (custom resources) always; `default` is made where there is none and never corrected.
 */
export type Management = "onstart" | "true" | "default";

export interface WantedService {
  readonly service: APIService;
  readonly management: Management;
}

export interface LocalServicesOptions {
  readonly registry: Registry;
  readonly services: Informer<APIService>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Served by this server, but given up when somebody brings one of the same name. */
  readonly replaceable?: readonly APIService[];
}

/**
 * Keeps an APIService for every version of every group that this server serves itself, and takes those away whose custom resources are
 * gone. Upstream's autoregister and crdregistration controllers.
 */
export class LocalServices implements Disposable {
  readonly work: KeyedWork;
  readonly #options: LocalServicesOptions;
  readonly #context = createInternalContext();
  #wanted: ReadonlyMap<string, WantedService>;
  readonly #synced = new Set<string>();
  #atStart: ReadonlySet<string> = new Set();
  /** Replaceable ones that somebody deleted: they have something else in mind. */
  readonly #declined = new Set<string>();
  #subscriptions: Disposable[] = [];

  constructor(options: LocalServicesOptions) {
    this.#options = options;
    this.#wanted = wantedServices(options.registry, options.replaceable ?? []);
    const { clock, log } = options;
    this.work = new KeyedWork({ clock, log, name: "autoregister", sync: (name) => this.#sync(name) });
  }

  /** Whether a replaceable API was given up, and is served by nobody. */
  isDeclined(name: string): boolean {
    return this.#declined.has(name);
  }

  /** Names of the APIServices of built-in versions that are not there yet. */
  missing(): string[] {
    return [...this.#wanted].flatMap(([name, { management }]) =>
      management === "onstart" && !this.#synced.has(name) && this.#options.services.get(name) === undefined ? [name] : [],
    );
  }

  /** Makes the APIServices of built-in versions, all at once. */
  async registerBuiltIn(): Promise<void> {
    this.#atStart = new Set(this.#options.services.list().map(({ metadata }) => metadata.name ?? ""));
    const names = [...this.#wanted].flatMap(([name, { management }]) => (management === "true" ? [] : [name]));
    await Promise.all(names.map((name) => this.#sync(name)));
  }

  /** Looks after them from now on. To be called when the custom resources of earlier runs are served again: others are taken away. */
  start(): void {
    const { registry, services } = this.#options;
    const add = ({ metadata }: APIService): void => this.work.add(metadata.name ?? "");
    this.#recompute();
    this.#subscriptions = [
      registry.onResourcesChanged(() => this.#recompute()),
      services.subscribe({ onAdd: add, onUpdate: add, onDelete: (service) => this.#onDelete(service) }),
    ];
    this.work.start();
  }

  [Symbol.dispose](): void {
    for (const each of this.#subscriptions) each[Symbol.dispose]();
    this.work[Symbol.dispose]();
  }

  #recompute(): void {
    const before = this.#wanted;
    this.#wanted = wantedServices(this.#options.registry, this.#options.replaceable ?? []);
    for (const name of new Set([...before.keys(), ...this.#wanted.keys()])) {
      if (!deepEqual(before.get(name), this.#wanted.get(name)) || !this.#synced.has(name)) this.work.add(name);
    }
  }

  #onDelete(service: Readonly<APIService>): void {
    const name = service.metadata.name ?? "";
    const isOurs = service.spec?.service === undefined;
    if (this.#wanted.get(name)?.management === "default" && isOurs) this.#declined.add(name);
    this.work.add(name);
  }

  async #sync(name: string): Promise<void> {
    try {
      await this.#settle(name);
    } catch (error) {
      // Somebody else was faster: there is an event to come.
      if (!hasReason(error, "AlreadyExists", "NotFound", "Conflict")) throw error;
    }
    this.#synced.add(name);
  }

  async #settle(name: string): Promise<void> {
    const { registry, services } = this.#options;
    const wanted = this.#wanted.get(name);
    const current = services.get(name);
    const hasSynced = this.#synced.has(name);
    if (current === undefined) {
      if (wanted === undefined || this.#declined.has(name) || (wanted.management === "onstart" && hasSynced)) return;
      await registry.create(this.#context, apiServiceAddress(), { type: "object", object: asObject(wanted.service) });
      return;
    }
    if (!this.#mayCorrect(name, current, hasSynced)) return;
    const address = apiServiceAddress(name);
    if (wanted === undefined) {
      const { uid } = current.metadata;
      await registry.delete(this.#context, address, uid === undefined ? {} : { preconditions: { uid } });
    } else if (wanted.management !== "default" && !deepEqual(current.spec, wanted.service.spec)) {
      const object = asObject({ ...current, spec: wanted.service.spec });
      await registry.update(this.#context, address, { type: "object", object });
    }
  }

  #mayCorrect(name: string, current: Readonly<APIService>, hasSynced: boolean): boolean {
    const label = current.metadata.labels?.[automanagedLabel];
    return label === "true" || (label === "onstart" && this.#atStart.has(name) && !hasSynced);
  }
}

/** An APIService that this server answers for. */
export function localService(group: string, version: string, priority: Priority): APIService {
  return {
    apiVersion: "apiregistration.k8s.io/v1",
    kind: "APIService",
    metadata: { name: apiServiceName(group, version) },
    spec: { group, version, groupPriorityMinimum: priority.group, versionPriority: priority.version },
  };
}

/** By name. The group of APIServices has none itself. */
function wantedServices(registry: Registry, replaceable: readonly APIService[]): Map<string, WantedService> {
  const wanted = new Map<string, WantedService>(
    replaceable.map((service) => [service.metadata.name ?? "", { service, management: "default" }]),
  );
  for (const { group, versions, isCustom } of registry.resources()) {
    if (group === "apiregistration.k8s.io") continue;
    for (const { version, isServed } of versions) {
      const name = apiServiceName(group, version);
      if (!isServed || wanted.has(name)) continue;
      const service = localService(group, version, isCustom ? customPriority : builtInPriority(group, version));
      const management = isCustom ? "true" : "onstart";
      service.metadata.labels = { [automanagedLabel]: management };
      wanted.set(name, { service, management });
    }
  }
  return wanted;
}
