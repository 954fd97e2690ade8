import type { NodeInfo, PodInfo } from "./plugin.ts";
import { hostPortsOf } from "./host-ports.ts";
import { hasAffinity } from "./has-affinity.ts";
import { add } from "./requests.ts";

/** The node as it would be with other pods on it. */
export function nodeWith(node: NodeInfo, pods: Iterable<PodInfo>): NodeInfo {
  const placed = new Map<string, PodInfo>();
  const requested = new Map<string, number>();
  const hostPorts = new Set<string>();
  const affinePods = new Map<string, PodInfo>();
  for (const info of pods) {
    placed.set(info.key, info);
    if (hasAffinity(info.pod)) affinePods.set(info.key, info);
    add(requested, info.requests);
    for (const port of hostPortsOf(info.pod)) hostPorts.add(port);
  }
  return { ...node, pods: placed, requested, hostPorts, affinePods };
}
