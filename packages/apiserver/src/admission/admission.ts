import type { Clock, Logger, Random } from "@coracle/base";
import type { GroupVersionKind, KubeObject, ResourceDefinition, UnstructuredObject } from "@coracle/apimachinery";
import type { RequestContext, ServedResource } from "../registry/contract.ts";
import type { Reinvocation } from "./reinvocation.ts";

export type AdmissionOperation = "CREATE" | "UPDATE" | "DELETE" | "CONNECT";

/** What a plug-in decides about. Objects are in the storage version, those of a subresource's own kind (Scale, Binding) in the request's. */
export interface AdmissionAttributes {
  readonly operation: AdmissionOperation;
  readonly definition: ResourceDefinition;
  /** The resource and version of the request's path. */
  readonly served: ServedResource;
  /** The kind that the request carries, in its version; a subresource may have its own. */
  readonly kind: GroupVersionKind;
  readonly namespace: string;
  /** For a creation that leaves it to the server, the prefix until the mutating plug-ins have run. */
  readonly name: string;
  /** As the request has it: empty for the items of a collection, and where the server is to make it up. */
  readonly requestName: string;
  /** Empty for the main resource. */
  readonly subresource: string;
  /** Mutating plug-ins change it in place; absent for deletions. */
  readonly object: UnstructuredObject | undefined;
  /** Absent for creations. */
  readonly old: Readonly<UnstructuredObject> | undefined;
  /** `CreateOptions`, `UpdateOptions` or `DeleteOptions` of meta.k8s.io/v1; absent for CONNECT. */
  readonly options: Readonly<Record<string, unknown>> | undefined;
  readonly context: RequestContext;
  /** What mutating plug-ins remember between their two runs. */
  readonly reinvocation: Reinvocation;
  /** `settle` is called after the write, which happened (`isCommitted`), failed or was only tried. */
  onSettled(settle: (isCommitted: boolean) => void): void;
}

/** One rule between decoding and storing. A refusal is a thrown `StatusError`. Plug-ins run in their order, mutating ones first. */
export interface AdmissionPlugin {
  /** Upstream's name where there is one. */
  readonly name: string;
  /** Whether the plug-in looks at the request at all. */
  handles(attributes: AdmissionAttributes, environment: AdmissionEnvironment): boolean;
  /** `mutate` runs once, after all others, however often they run: upstream does it in its storage layer. Defaults to false. */
  readonly mutatesLast?: boolean;
  /** May change `attributes.object`. Runs again when a webhook or policy changed the object afterwards, so twice must do as once. */
  mutate?(attributes: AdmissionAttributes, environment: AdmissionEnvironment): void | Promise<void>;
  validate?(attributes: AdmissionAttributes, environment: AdmissionEnvironment): void | Promise<void>;
}

/** What plug-ins may know of the cluster. Objects are shared and in their storage version. */
export interface AdmissionEnvironment {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Every resource served now; the same array until that changes. */
  resources(): readonly ResourceDefinition[];
  /** Calls after each change to objects of the resource. */
  watch(resource: string, onChange: () => void): Disposable;
  /** From the cache; `resource` as `deployments.apps` or `pods`. */
  get(resource: string, namespace: string, name: string): Readonly<UnstructuredObject> | undefined;
  /** As {@link get}, after the cache has seen everything acknowledged so far. */
  getFresh(resource: string, namespace: string, name: string): Promise<Readonly<UnstructuredObject> | undefined>;
  /** Replaces the status of an object that was read here, by compare-and-set; false when somebody else was faster. Nobody admits it. */
  setStatus(resource: string, read: Readonly<KubeObject>, status: unknown): Promise<boolean>;
  /** All of a namespace, or all for the empty one. */
  list(resource: string, namespace: string): readonly Readonly<UnstructuredObject>[];
  /** A look-up by what `values` gives of each object, kept up to date. The same `index` name gives the same index. */
  indexed(
    resource: string,
    index: string,
    values: (object: Readonly<UnstructuredObject>) => readonly string[],
  ): (value: string) => readonly Readonly<UnstructuredObject>[];
}

/** Runs plug-ins in order. */
export class AdmissionChain {
  readonly #plugins: readonly AdmissionPlugin[];
  readonly #environment: AdmissionEnvironment;

  constructor(plugins: readonly AdmissionPlugin[], environment: AdmissionEnvironment) {
    this.#plugins = plugins;
    this.#environment = environment;
  }

  async mutate(attributes: AdmissionAttributes): Promise<void> {
    await this.#mutate(attributes, false);
    const { reinvocation } = attributes;
    if (reinvocation.isWanted) {
      reinvocation.isAgain = true;
      await this.#mutate(attributes, false);
    }
    await this.#mutate(attributes, true);
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    const environment = this.#environment;
    for (const plugin of this.#plugins) {
      if (plugin.validate !== undefined && plugin.handles(attributes, environment)) await plugin.validate(attributes, environment);
    }
  }

  async #mutate(attributes: AdmissionAttributes, areLast: boolean): Promise<void> {
    const environment = this.#environment;
    for (const plugin of this.#plugins) {
      if (plugin.mutate === undefined || (plugin.mutatesLast ?? false) !== areLast) continue;
      if (plugin.handles(attributes, environment)) await plugin.mutate(attributes, environment);
    }
  }
}

/** A chain that lets everything pass, for what the server does as part of a request that was admitted. */
export const nothingToAdmit: Pick<AdmissionChain, "mutate" | "validate"> = { mutate: async () => {}, validate: async () => {} };

/** Whether the request is about this resource (`pods`, `deployments.apps`) itself, not about a subresource. */
export function isAbout(attributes: AdmissionAttributes, resource: string, operation?: AdmissionAttributes["operation"]): boolean {
  if (attributes.subresource !== "" || (operation !== undefined && attributes.operation !== operation)) return false;
  return isResource(attributes.definition, resource);
}

/** Whether the definition is that of `resource`, as `pods` or `deployments.apps`. */
export function isResource(definition: Pick<ResourceDefinition, "group" | "resource">, resource: string): boolean {
  const { group } = definition;
  if (group === "") return definition.resource === resource;
  return resource.length === definition.resource.length + group.length + 1 && resource === `${definition.resource}.${group}`;
}
