import { parseQuantity, quantityMilliValue, quantityValue } from "@coracle/apimachinery";
import { allowsNode, type Node, type Pod } from "@coracle/api";
import { containersOf, initContainersOf, isFinished, isSidecar } from "../containers/pod-spec.ts";

export interface Rejection {
  /** `OutOfcpu`, `NodeAffinity`, `NodeName` … */
  readonly reason: string;
  readonly message: string;
}

/** Whether a node takes a pod beside those it has; the scheduler looked already, but may have been passed by. Pure. */
export function admitPod(pod: Pod, node: Pick<Node, "metadata" | "status">, others: readonly Pod[]): Rejection | undefined {
  const allocatable = node.status?.allocatable ?? {};
  if (!allowsNode(pod.spec, node)) {
    return { reason: "NodeAffinity", message: "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector" };
  }
  const active = others.filter((other) => other.metadata.uid !== pod.metadata.uid && !isFinished(other));
  const maxPods = Number(allocatable.pods ?? Infinity);
  if (active.length + 1 > maxPods) return outOf("pods", 1, active.length, maxPods);
  for (const [resource, requested] of requestsOf(pod)) {
    const capacity = allocatable[resource] === undefined ? 0 : amount(resource, allocatable[resource]);
    if (requested === 0) continue;
    const used = active.reduce((sum, other) => sum + (requestsOf(other).get(resource) ?? 0), 0);
    if (used + requested > capacity) return outOf(resource, requested, used, capacity);
  }
  return undefined;
}

function outOf(resource: string, requested: number, used: number, capacity: number): Rejection {
  const message = `Node didn't have enough resource: ${resource}, requested: ${requested}, used: ${used}, capacity: ${capacity}`;
  return { reason: `OutOf${resource}`, message };
}

function amount(resource: string, text: string): number {
  return resource === "cpu" ? quantityMilliValue(parseQuantity(text)) : quantityValue(parseQuantity(text));
}

/** What a pod requests at its peak: all containers and sidecars, or one init container beside the sidecars before it. */
export function requestsOf(pod: Pod): Map<string, number> {
  const running = new Map<string, number>();
  const peak = new Map<string, number>();
  for (const container of initContainersOf(pod)) {
    for (const [resource, text] of Object.entries(container.resources?.requests ?? {})) {
      const value = amount(resource, text as string);
      const before = running.get(resource) ?? 0;
      if (isSidecar(container)) running.set(resource, before + value);
      peak.set(resource, Math.max(peak.get(resource) ?? 0, before + value));
    }
  }
  for (const container of containersOf(pod)) {
    for (const [resource, text] of Object.entries(container.resources?.requests ?? {})) {
      running.set(resource, (running.get(resource) ?? 0) + amount(resource, text as string));
    }
  }
  for (const [resource, value] of Object.entries(pod.spec?.overhead ?? {})) {
    running.set(resource, (running.get(resource) ?? 0) + amount(resource, value as string));
  }
  for (const [resource, value] of peak) running.set(resource, Math.max(running.get(resource) ?? 0, value));
  return running;
}
