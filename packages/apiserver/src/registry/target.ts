import type { Clock, Logger, Random } from "@coracle/base";
import {
  formatApiVersion,
  formatTime,
  type InVersion,
  type QualifiedName,
  type StrategyContext,
  type SubresourceDefinition,
  type UnstructuredObject,
} from "@coracle/apimachinery";
import type { Store } from "@coracle/storage";
import type { AdmissionAttributes, AdmissionChain } from "../admission/admission.ts";
import { Reinvocation } from "../admission/reinvocation.ts";
import type { Cacher, ResourceCache, StoredForm } from "../cacher/index.ts";
import type { RequestContext, ResourceAddress, ServedResource } from "./contract.ts";

/** What every operation of the registry works with. */
export interface RegistryCore {
  readonly store: Store;
  readonly cacher: Cacher;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly admission: Pick<AdmissionChain, "mutate" | "validate">;
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
  /** Other versions of its objects, under whatever group; absent where only a webhook knows how to convert. */
  readonly inVersion?: InVersion;
  /** The request is for a collection, and this for one of its items. */
  readonly isItem?: boolean;
}

/** `namespace/name`, or `name`. */
export function keyOf(target: Target, name = target.address.name): string {
  const { namespace } = target.address;
  return target.form.definition.isNamespaced ? `${namespace}/${name}` : name;
}

export function strategyContext(core: RegistryCore, target: Target, context: RequestContext): StrategyContext {
  const nowMs = core.clock.now();
  const { group, version, subresource } = target.address;
  const apiVersion = formatApiVersion(group, version);
  return { now: formatTime(nowMs), nowMs, apiVersion, subresource, user: context.user, isDryRun: context.isDryRun };
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
  /** Defaults to `name`. */
  readonly requestName?: string;
  readonly object?: UnstructuredObject;
  readonly old?: Readonly<UnstructuredObject>;
  /** Defaults to what {@link operationOptions} says of the context. */
  readonly options?: Readonly<Record<string, unknown>>;
  readonly settlement: Settlement;
}

/** What a request is for; reviews and the like are stored nowhere and so have no form. */
export type AdmittedTarget = Pick<Target, "served" | "subresource" | "address"> & { readonly form?: StoredForm };

export function attributesOf(target: AdmittedTarget, source: AttributesSource): AdmissionAttributes {
  const { definition, version } = target.served;
  const { operation, context, object, old, name } = source;
  return {
    operation,
    definition: target.form?.definition ?? definition,
    served: target.served,
    kind: target.subresource?.kind ?? { group: definition.group, version: version.version, kind: definition.kind },
    namespace: target.address.namespace,
    name,
    requestName: source.requestName ?? name,
    subresource: target.address.subresource,
    object,
    old,
    options: operation === "CONNECT" ? undefined : (source.options ?? operationOptions(operation, context)),
    context,
    reinvocation: new Reinvocation(),
    onSettled: source.settlement.add,
  };
}

const optionKinds = { CREATE: "CreateOptions", UPDATE: "UpdateOptions", DELETE: "DeleteOptions" } as const;

/** The options of an operation as its admission review carries them. `Warn` is what clients have that say nothing. */
export function operationOptions(operation: keyof typeof optionKinds, context: RequestContext): Readonly<Record<string, unknown>> {
  const { isDryRun, hasExplicitFieldManager, fieldManager, fieldValidation } = context;
  const isWrite = operation !== "DELETE";
  return {
    kind: optionKinds[operation],
    apiVersion: "meta.k8s.io/v1",
    ...(isDryRun && { dryRun: ["All"] }),
    ...(isWrite && hasExplicitFieldManager && { fieldManager }),
    ...(isWrite && fieldValidation !== "Warn" && { fieldValidation }),
  };
}
