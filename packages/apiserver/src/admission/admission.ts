import type { Clock, Logger, Random } from "@coracle/base";
import type { ResourceDefinition, UnstructuredObject } from "@coracle/apimachinery";
import type { RequestContext } from "../registry/contract.ts";

/** What a plug-in decides about. Objects are in the storage version. */
export interface AdmissionAttributes {
  readonly operation: "CREATE" | "UPDATE" | "DELETE";
  readonly definition: ResourceDefinition;
  readonly namespace: string;
  readonly name: string;
  /** Empty for the main resource. */
  readonly subresource: string;
  /** Mutating plug-ins change it in place; absent for deletions. */
  readonly object: UnstructuredObject | undefined;
  /** Absent for creations. */
  readonly old: Readonly<UnstructuredObject> | undefined;
  readonly context: RequestContext;
  /** `settle` is called after the write, which happened (`isCommitted`), failed or was only tried. */
  onSettled(settle: (isCommitted: boolean) => void): void;
}

/** One rule between decoding and storing. A refusal is a thrown `StatusError`. Plug-ins run in their order, mutating ones first. */
export interface AdmissionPlugin {
  /** Upstream's name where there is one. */
  readonly name: string;
  /** Whether the plug-in looks at the request at all. */
  handles(attributes: AdmissionAttributes): boolean;
  /** May change `attributes.object`. */
  mutate?(attributes: AdmissionAttributes, environment: AdmissionEnvironment): void | Promise<void>;
  validate?(attributes: AdmissionAttributes, environment: AdmissionEnvironment): void | Promise<void>;
}

/** What plug-ins may know of the cluster. Objects are shared and in their storage version. */
export interface AdmissionEnvironment {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** From the cache; `resource` as `deployments.apps` or `pods`. */
  get(resource: string, namespace: string, name: string): Readonly<UnstructuredObject> | undefined;
  /** As {@link get}, after the cache has seen everything acknowledged so far. */
  getFresh(resource: string, namespace: string, name: string): Promise<Readonly<UnstructuredObject> | undefined>;
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
    for (const plugin of this.#plugins) {
      if (plugin.mutate !== undefined && plugin.handles(attributes)) await plugin.mutate(attributes, this.#environment);
    }
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    for (const plugin of this.#plugins) {
      if (plugin.validate !== undefined && plugin.handles(attributes)) await plugin.validate(attributes, this.#environment);
    }
  }
}

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
