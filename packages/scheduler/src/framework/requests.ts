import { parseQuantity, quantityMilliValue, quantityValue } from "@coracle/apimachinery";
import type { Container, Pod } from "@coracle/api";

/** Amounts of resources: cpu in millicores, everything else in its own unit (bytes, counts). Includes `pods`. */
export type PodRequests = ReadonlyMap<string, number>;

/** What a pod asks of a node: the greater of its containers together and its init steps, plus overhead (KEP-753 for sidecars). */
export function podRequests(pod: Pod): PodRequests {
  const total = new Map<string, number>();
  for (const container of pod.spec?.containers ?? []) add(total, containerRequests(container));
  const sidecars = new Map<string, number>();
  for (const container of pod.spec?.initContainers ?? []) {
    const own = containerRequests(container);
    if (container.restartPolicy === "Always") {
      add(sidecars, own);
      add(total, own);
      raise(total, sidecars);
    } else {
      const withSidecars = new Map(sidecars);
      add(withSidecars, own);
      raise(total, withSidecars);
    }
  }
  const podLevel = amounts(pod.spec?.resources?.requests);
  for (const [name, amount] of podLevel) total.set(name, amount);
  add(total, amounts(pod.spec?.overhead));
  total.set("pods", 1);
  return total;
}

/** A list of quantities as numbers. */
export function amounts(list: Readonly<Record<string, string | number>> | undefined): Map<string, number> {
  const result = new Map<string, number>();
  for (const [name, text] of Object.entries(list ?? {})) {
    const quantity = parseQuantity(String(text));
    result.set(name, Number(name === "cpu" ? quantityMilliValue(quantity) : quantityValue(quantity)));
  }
  return result;
}

/** Adds (or, with -1, subtracts) in place. */
export function add(into: Map<string, number>, amount: PodRequests, sign: 1 | -1 = 1): void {
  for (const [name, value] of amount) into.set(name, (into.get(name) ?? 0) + sign * value);
}

function containerRequests(container: Container): Map<string, number> {
  return amounts(container.resources?.requests);
}

function raise(into: Map<string, number>, least: PodRequests): void {
  for (const [name, value] of least) if (value > (into.get(name) ?? 0)) into.set(name, value);
}
