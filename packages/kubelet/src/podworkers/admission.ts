import { parseQuantity } from "@coracle/apimachinery";
import { allowsNode, podRequests, resourceAmount, type Node, type Pod } from "@coracle/api";
import { isFinished } from "../containers/pod-spec.ts";

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
    const capacity = allocatable[resource] === undefined ? 0 : resourceAmount(resource, parseQuantity(allocatable[resource]));
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

/** What a pod requests of a node, in the units in which nodes count. */
function requestsOf(pod: Pod): Map<string, number> {
  return new Map([...podRequests(pod)].map(([name, quantity]) => [name, resourceAmount(name, quantity)]));
}
