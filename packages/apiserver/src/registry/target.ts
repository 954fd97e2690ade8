import type { Clock, Logger, Random } from "@coracle/base";
import {
  formatTime,
  type QualifiedName,
  type StrategyContext,
  type SubresourceDefinition,
  type UnstructuredObject,
} from "@coracle/apimachinery";
import type { Store } from "@coracle/storage";
import type { AdmissionAttributes, AdmissionChain } from "../admission/admission.ts";
import type { Cacher, ResourceCache, StoredForm } from "../cacher/index.ts";
import type { RequestContext, ResourceAddress, ServedResource } from "./contract.ts";

/** What every operation of the registry works with. */
export interface RegistryCore {
  readonly store: Store;
  readonly cacher: Cacher;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly admission: AdmissionChain;
  /** Seconds after which an object of the resource goes by itself (events). */
  leaseFor(target: Target): Promise<string | undefined>;
}

/** One request's resource, with all that follows from its path. */
export interface Target {
  readonly served: ServedResource;
  readonly subresource: SubresourceDefinition | undefined;
  readonly cache: ResourceCache;
  /** How the resource is stored; hooks see objects in this version. */
  readonly form: StoredForm;
  readonly address: ResourceAddress;
  /** For messages. */
  readonly qualified: QualifiedName;
}

/** `namespace/name`, or `name`. */
export function keyOf(target: Target, name = target.address.name): string {
  const { namespace } = target.address;
  return target.form.definition.isNamespaced ? `${namespace}/${name}` : name;
}

export function strategyContext(core: RegistryCore, target: Target, context: RequestContext): StrategyContext {
  const nowMs = core.clock.now();
  const { subresource } = target.address;
  return { now: formatTime(nowMs), nowMs, subresource, user: context.user, isDryRun: context.isDryRun };
}

/** Collects what has to happen once the write is over. */
export class Settlement {
  readonly #callbacks: ((isCommitted: boolean) => void)[] = [];

  readonly add = (callback: (isCommitted: boolean) => void): void => void this.#callbacks.push(callback);

  settle(isCommitted: boolean): void {
    for (const callback of this.#callbacks.splice(0).reverse()) callback(isCommitted);
  }
}

export interface AttributesSource {
  readonly operation: AdmissionAttributes["operation"];
  readonly context: RequestContext;
  readonly name: string;
  readonly object?: UnstructuredObject;
  readonly old?: Readonly<UnstructuredObject>;
  readonly settlement: Settlement;
}

export function attributesOf(target: Target, source: AttributesSource): AdmissionAttributes {
  return {
    operation: source.operation,
    definition: target.form.definition,
    namespace: target.address.namespace,
    name: source.name,
    subresource: target.address.subresource,
    object: source.object,
    old: source.old,
    context: source.context,
    onSettled: source.settlement.add,
  };
}
