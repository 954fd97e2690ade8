import { compareQuantities, subtractQuantities, zeroQuantity, type Quantity, type UnstructuredObject } from "@coracle/apimachinery";
import type { ResourceQuota } from "../generated/types.ts";
import { addResources, type ResourceList } from "../resources/resource-list.ts";
import { quotaScopes, type QuotaEvaluator } from "./evaluator.ts";

export interface UsageSources {
  /** Of every resource that quotas may count. */
  readonly evaluators: readonly QuotaEvaluator[];
  /** The objects of a resource in the quota's namespace. */
  list(resource: string): Iterable<Readonly<UnstructuredObject>>;
  readonly nowMs: number;
}

/** What is used of all that `spec.hard` limits and that some evaluator counts; names that none counts are left out. */
export function calculateUsage(quota: Readonly<ResourceQuota>, sources: UsageSources): Map<string, Quantity> {
  const hard = Object.keys(quota.spec?.hard ?? {});
  const scopes = quotaScopes(quota);
  const used = new Map<string, Quantity>();
  for (const evaluator of sources.evaluators) {
    const names = evaluator.matching(hard);
    if (names.length === 0) continue;
    const counted = new Set(names);
    addResources(used, new Map(names.map((name) => [name, zeroQuantity])));
    for (const object of sources.list(evaluator.resource)) {
      if (!scopes.every((scope) => evaluator.matchesScope(scope, object))) continue;
      const own = [...evaluator.usage(object, sources.nowMs)].filter(([name]) => counted.has(name));
      addResources(used, new Map(own));
    }
  }
  return used;
}

/** `left` minus `right`, never below zero. */
export function subtractResources(left: ResourceList, right: ResourceList): Map<string, Quantity> {
  const names = new Set([...left.keys(), ...right.keys()]);
  return new Map(
    [...names].map((name) => {
      const rest = subtractQuantities(left.get(name) ?? zeroQuantity, right.get(name) ?? zeroQuantity);
      return [name, rest.nanos < 0n ? { ...rest, nanos: 0n } : rest];
    }),
  );
}

/** Those of `list` that are among `names`. */
export function maskResources(list: ResourceList, names: Iterable<string>): Map<string, Quantity> {
  const kept = new Set(names);
  return new Map([...list].filter(([name]) => kept.has(name)));
}

/** Names of which `amounts` has more than `limits` allows. */
export function exceededResources(amounts: ResourceList, limits: ResourceList): string[] {
  return [...amounts.keys()].filter((name) => {
    const limit = limits.get(name);
    return limit !== undefined && compareQuantities(amounts.get(name) ?? zeroQuantity, limit) > 0;
  });
}

/** Whether both say the same amounts of the same names. */
export function equalResources(left: ResourceList, right: ResourceList): boolean {
  if (left.size !== right.size) return false;
  return [...left].every(([name, quantity]) => {
    const other = right.get(name);
    return other !== undefined && compareQuantities(quantity, other) === 0;
  });
}
