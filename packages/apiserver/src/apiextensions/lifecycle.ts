import type { Clock, Logger } from "@coracle/base";
import { formatTime, hasReason, type ResourceDefinition, type UnstructuredObject } from "@coracle/apimachinery";
import type { Registry, RequestContext, ResourceAddress, WatchSink } from "../registry/contract.ts";
import { cleanupFinalizer } from "./crd-strategy.ts";
import { definitionOf, type DefinitionOptions } from "./definition-of.ts";
import { cleanUpInstances } from "./instance-cleanup.ts";
import { acceptNames, isEstablished, takenNames } from "./naming.ts";
import type { CustomResourceCondition, CustomResourceDefinition, CustomResourceDefinitionStatus } from "./types.ts";

export interface CustomResourceLifecycleOptions {
  /** Where the CustomResourceDefinitions are, and their objects. */
  readonly registry: Pick<Registry, "list" | "watch" | "get" | "update" | "deleteCollection">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How definitions become served resources: the schema of metadata, who converts. */
  readonly definitions?: DefinitionOptions;
  /** Serves exactly these custom resources from now on. Called before `start` resolves, and before a new one is reported as established. */
  onDefinitions(definitions: readonly ResourceDefinition[]): void;
}

/** Turns CustomResourceDefinitions into served resources. */
export interface CustomResourceLifecycle extends Disposable {
  /** Resolves when every resource established earlier is served; rejects when they cannot be listed. */
  start(): Promise<void>;
}

const retryDelayMs = 200;

/** The address of CustomResourceDefinitions, or of one. */
export function definitionAddress(name = "", subresource = ""): ResourceAddress {
  return { group: "apiextensions.k8s.io", version: "v1", resource: "customresourcedefinitions", namespace: "", name, subresource };
}

/**
 * Watches CustomResourceDefinitions inside the API server: accepts their names, serves them, says so in their status, and removes their objects
 * before they go. Upstream's naming, establishing and finalizing controllers in one.
 */
export function createCustomResourceLifecycle(options: CustomResourceLifecycleOptions): CustomResourceLifecycle {
  return new Lifecycle(options);
}

class Lifecycle implements CustomResourceLifecycle {
  readonly #options: CustomResourceLifecycleOptions;
  readonly #abort = new AbortController();
  readonly #context: RequestContext;
  /** By name; the newest state known, our own writes included. */
  readonly #crds = new Map<string, CustomResourceDefinition>();
  readonly #built = new Map<string, { readonly key: string; readonly definition: ResourceDefinition | undefined }>();
  #published: readonly ResourceDefinition[] | undefined;
  readonly #cleaning = new Set<string>();
  #watch: Disposable | undefined;

  constructor(options: CustomResourceLifecycleOptions) {
    this.#options = options;
    this.#context = {
      user: { name: "system:apiserver", groups: ["system:masters"] },
      signal: this.#abort.signal,
      fieldManager: "kube-apiserver",
      hasExplicitFieldManager: false,
      isDryRun: false,
      fieldValidation: "Ignore",
      warn() {},
    };
  }

  async start(): Promise<void> {
    const list = await this.#options.registry.list(this.#context, definitionAddress(), {});
    this.#crds.clear();
    for (const { object } of list.items) this.#crds.set(object.metadata.name ?? "", asDefinition(object));
    this.#publish();
    this.#watch = await this.#options.registry.watch(
      this.#context,
      definitionAddress(),
      { resourceVersion: list.resourceVersion },
      this.#sink(),
    );
    for (const name of this.#crds.keys()) this.#sync(name);
  }

  [Symbol.dispose](): void {
    this.#abort.abort(new Error("the server is shutting down"));
    this.#watch?.[Symbol.dispose]();
  }

  #sink(): WatchSink {
    return {
      send: ({ type, view }) => {
        const name = view.object.metadata.name ?? "";
        if (type === "BOOKMARK") return;
        if (type === "DELETED") this.#forget(name);
        else {
          this.#crds.set(name, asDefinition(view.object));
          this.#sync(name);
        }
      },
      close: () => void this.#restart(),
    };
  }

  async #restart(): Promise<void> {
    this.#watch = undefined;
    while (!this.#abort.signal.aborted) {
      try {
        await this.#options.clock.sleep(retryDelayMs, this.#abort.signal);
        await this.start();
        return;
      } catch (error) {
        if (!this.#abort.signal.aborted) this.#options.logger.warn("cannot watch custom resource definitions", { error });
      }
    }
  }

  #forget(name: string): void {
    const group = this.#crds.get(name)?.spec.group;
    this.#crds.delete(name);
    this.#built.delete(name);
    this.#publish();
    this.#reconsider(group, name);
  }

  /** Others of the group may get a name that is free now. */
  #reconsider(group: string | undefined, except: string): void {
    for (const [name, crd] of this.#crds) if (crd.spec.group === group && name !== except && !hasItsNames(crd)) this.#sync(name);
  }

  #sync(name: string): void {
    const crd = this.#crds.get(name);
    if (crd === undefined) return;
    if (crd.metadata.deletionTimestamp !== undefined) {
      this.#publish();
      if (crd.metadata.finalizers?.includes(cleanupFinalizer) === true) this.#settle(this.#cleanUp(name));
      return;
    }
    const others = [...this.#crds.values()].filter((each) => each !== crd && each.spec.group === crd.spec.group);
    const status = acceptNames(crd, takenNames(others), formatTime(this.#options.clock.now()));
    if (status === crd.status) {
      this.#publish();
      return;
    }
    const accepted = { ...crd, status };
    this.#crds.set(name, accepted);
    // Served first, reported afterwards: whoever waits for the condition may create objects at once.
    this.#publish();
    this.#settle(this.#writeStatus(accepted));
    this.#reconsider(crd.spec.group, name);
  }

  #settle(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      if (!this.#abort.signal.aborted) this.#options.logger.warn("custom resource definition not brought up to date", { error });
    });
  }

  /** Whoever changed the object in between causes an event, which brings us here again. */
  async #writeStatus(crd: CustomResourceDefinition): Promise<CustomResourceDefinition | undefined> {
    const { registry } = this.#options;
    const name = crd.metadata.name ?? "";
    try {
      const { view } = await registry.update(this.#context, definitionAddress(name, "status"), { type: "object", object: asObject(crd) });
      return asDefinition(view.object);
    } catch (error) {
      if (hasReason(error, "Conflict", "NotFound")) return undefined;
      throw error;
    }
  }

  async #cleanUp(name: string): Promise<void> {
    if (this.#cleaning.has(name)) return;
    this.#cleaning.add(name);
    try {
      while (!this.#abort.signal.aborted && !(await this.#tryCleanUp(name)))
        await this.#options.clock.sleep(retryDelayMs, this.#abort.signal);
    } finally {
      this.#cleaning.delete(name);
    }
  }

  /** True when there is nothing left to do. */
  async #tryCleanUp(name: string): Promise<boolean> {
    let crd = await this.#fetch(name);
    if (crd === undefined || crd.metadata.finalizers?.includes(cleanupFinalizer) !== true) return true;
    const started = { type: "Terminating", status: "True", reason: "InstanceDeletionInProgress" } as const;
    crd = await this.#setCondition(crd, { ...started, message: "CustomResource deletion is in progress" });
    if (crd === undefined) return false;
    const { registry, clock } = this.#options;
    const condition = await cleanUpInstances(crd, { registry, clock, context: this.#context });
    crd = await this.#setCondition(crd, condition);
    if (crd === undefined || condition.status === "True") return false;
    const finalizers = crd.metadata.finalizers?.filter((finalizer) => finalizer !== cleanupFinalizer) ?? [];
    const object = asObject({ ...crd, metadata: { ...crd.metadata, finalizers } });
    try {
      await registry.update(this.#context, definitionAddress(name), { type: "object", object });
      return true;
    } catch (error) {
      if (hasReason(error, "NotFound")) return true;
      if (hasReason(error, "Conflict")) return false;
      throw error;
    }
  }

  async #fetch(name: string): Promise<CustomResourceDefinition | undefined> {
    try {
      const view = await this.#options.registry.get(this.#context, definitionAddress(name), {});
      return asDefinition(view.object);
    } catch (error) {
      if (hasReason(error, "NotFound")) return undefined;
      throw error;
    }
  }

  async #setCondition(
    crd: CustomResourceDefinition,
    condition: Omit<CustomResourceCondition, "lastTransitionTime">,
  ): Promise<CustomResourceDefinition | undefined> {
    const status: CustomResourceDefinitionStatus = crd.status ?? {};
    const now = formatTime(this.#options.clock.now());
    const old = status.conditions?.find(({ type }) => type === condition.type);
    const lastTransitionTime = old?.status === condition.status ? (old.lastTransitionTime ?? now) : now;
    const others = (status.conditions ?? []).filter(({ type }) => type !== condition.type);
    return this.#writeStatus({ ...crd, status: { ...status, conditions: [...others, { ...condition, lastTransitionTime }] } });
  }

  /** Hands over the definitions when they are others than before; unchanged ones stay the same objects. */
  #publish(): void {
    const definitions: ResourceDefinition[] = [];
    for (const [name, crd] of this.#crds) {
      const definition = isEstablished(crd) ? this.#definition(name, crd) : undefined;
      if (definition !== undefined) definitions.push(definition);
    }
    const isSame = this.#published?.length === definitions.length && definitions.every((each, index) => each === this.#published?.[index]);
    if (isSame) return;
    this.#published = definitions;
    this.#options.onDefinitions(definitions);
  }

  #definition(name: string, crd: CustomResourceDefinition): ResourceDefinition | undefined {
    const { uid, generation, deletionTimestamp } = crd.metadata;
    const key = JSON.stringify([uid, generation, deletionTimestamp !== undefined, crd.status?.acceptedNames]);
    const known = this.#built.get(name);
    if (known?.key === key) return known.definition;
    const definition = this.#build(crd);
    this.#built.set(name, { key, definition });
    return definition;
  }

  #build(crd: CustomResourceDefinition): ResourceDefinition | undefined {
    try {
      return definitionOf(crd, this.#options.definitions);
    } catch (error) {
      this.#options.logger.error("custom resource cannot be served", { name: crd.metadata.name, error });
      return undefined;
    }
  }
}

function hasItsNames(crd: Readonly<CustomResourceDefinition>): boolean {
  return crd.status?.conditions?.some(({ type, status }) => type === "NamesAccepted" && status === "True") === true;
}

function asDefinition(object: Readonly<UnstructuredObject>): CustomResourceDefinition {
  return object as unknown as CustomResourceDefinition;
}

function asObject(crd: CustomResourceDefinition): UnstructuredObject {
  return crd as unknown as UnstructuredObject;
}
