import { refuse, refuseForNow, type NodeInfo, type Plugin, type PodInfo } from "../framework/plugin.ts";

/** What upstream counts for containers that ask for nothing, so that they spread too. */
const defaultRequests = { cpu: 100, memory: 200 * 1024 * 1024 } as const;
const scored = ["cpu", "memory"] as const;

/** Requests must fit into what is left; the emptier node scores higher (`LeastAllocated`). */
export const nodeResourcesFit: Plugin = {
  name: "NodeResourcesFit",
  filter(pod, node) {
    const reasons: string[] = [];
    let isHopeless = false;
    for (const [name, amount] of pod.requests) {
      if (amount === 0) continue;
      const left = (node.allocatable.get(name) ?? 0) - (node.requested.get(name) ?? 0);
      isHopeless ||= amount > (node.allocatable.get(name) ?? 0);
      if (amount > left) reasons.push(name === "pods" ? "Too many pods" : `Insufficient ${name}`);
    }
    if (reasons.length === 0) return undefined;
    return isHopeless ? refuse(...reasons) : refuseForNow(...reasons);
  },
  score(pod, node) {
    const fractions = usedFractions(pod, node);
    return Math.floor(fractions.reduce((sum, used) => sum + (1 - used) * 100, 0) / Math.max(1, fractions.length));
  },
};

/** A node whose resources would be used evenly scores higher. */
export const nodeResourcesBalancedAllocation: Plugin = {
  name: "NodeResourcesBalancedAllocation",
  score(pod, node) {
    const fractions = usedFractions(pod, node);
    const [first = 0, second = first] = fractions;
    return Math.floor((1 - Math.abs(first - second) / 2) * 100);
  },
};

/** Share of each scored resource in use if the pod came, between 0 and 1; nodes without the resource are left out. */
function usedFractions(pod: PodInfo, node: NodeInfo): number[] {
  const fractions: number[] = [];
  for (const name of scored) {
    const capacity = node.allocatable.get(name) ?? 0;
    if (capacity === 0) continue;
    let used = pod.requests.get(name) ?? defaultRequests[name];
    for (const other of node.pods.values()) used += other.requests.get(name) ?? defaultRequests[name];
    fractions.push(Math.min(1, used / capacity));
  }
  return fractions;
}
