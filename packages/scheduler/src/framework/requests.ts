import { podRequests as exactRequests, readResources, resourceAmount, type Pod, type ResourceList } from "@coracle/api";

/** Amounts of resources: cpu in millicores, everything else in its own unit (bytes, counts). Includes `pods`. */
export type PodRequests = ReadonlyMap<string, number>;

/** What a pod asks of a node, a resize under way included. */
export function podRequests(pod: Pod): PodRequests {
  return numbers(exactRequests(pod, { countsStatus: true })).set("pods", 1);
}

/** A list of quantities as numbers. */
export function amounts(list: Readonly<Record<string, string | number>> | undefined): Map<string, number> {
  return numbers(readResources(list));
}

function numbers(list: ResourceList): Map<string, number> {
  return new Map([...list].map(([name, quantity]) => [name, resourceAmount(name, quantity)]));
}

/** Adds (or, with -1, subtracts) in place. */
export function add(into: Map<string, number>, amount: PodRequests, sign: 1 | -1 = 1): void {
  for (const [name, value] of amount) into.set(name, (into.get(name) ?? 0) + sign * value);
}
