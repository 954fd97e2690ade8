import { addQuantities, compareQuantities, parseQuantity, zeroQuantity, type Quantity } from "@coracle/apimachinery";
import type { Pod, ResourceRequirements } from "../../generated/types.ts";

type Amounts = Readonly<Record<string, string>>;

/** Guaranteed, Burstable or BestEffort, by what the pod, or else its containers, ask for and are limited to. */
export function qosClass({ spec }: Readonly<Pod>): string {
  const parts: readonly (ResourceRequirements | undefined)[] =
    spec?.resources === undefined
      ? [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].map(({ resources }) => resources)
      : [spec.resources];
  const requests = new Map<string, Quantity>();
  const limits = new Map<string, Quantity>();
  let isGuaranteed = true;
  for (const part of parts) {
    addAmounts(requests, part?.requests);
    const count = addAmounts(limits, part?.limits);
    // Pod-level requests alone say nothing about a guarantee, as upstream.
    if (count < 2 && (spec?.resources === undefined || Object.keys(part?.limits ?? {}).length > 0)) isGuaranteed = false;
  }
  if (requests.size + limits.size === 0) return "BestEffort";
  for (const [name, amount] of requests) {
    const limit = limits.get(name);
    if (limit === undefined || compareQuantities(limit, amount) !== 0) isGuaranteed = false;
  }
  return isGuaranteed && requests.size === limits.size ? "Guaranteed" : "Burstable";
}

/** How many of cpu and memory were more than nothing. */
function addAmounts(sums: Map<string, Quantity>, amounts: Amounts | undefined): number {
  let count = 0;
  for (const name of ["cpu", "memory"]) {
    const amount = amounts?.[name];
    if (amount === undefined) continue;
    const quantity = parseQuantity(amount);
    if (compareQuantities(quantity, zeroQuantity) <= 0) continue;
    count++;
    const sum = sums.get(name);
    sums.set(name, sum === undefined ? quantity : addQuantities(sum, quantity));
  }
  return count;
}
