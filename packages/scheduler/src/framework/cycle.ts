import type { Random } from "@coracle/base";
import { nodeWith } from "./node-with.ts";
import type { NodeInfo, Plugin, PodInfo, Refusal, Snapshot } from "./plugin.ts";

/** What the scheduler decided for one pod. Pure data: somebody else posts it. */
export type Decision =
  | { readonly type: "bind"; readonly node: NodeInfo; readonly states: ReadonlyMap<string, unknown> }
  | { readonly type: "unschedulable"; readonly message: string; readonly refusals: ReadonlyMap<string, Refusal> };

export interface CycleOptions {
  readonly plugins: readonly Plugin[];
  readonly random: Random;
  /** Where the search for feasible nodes starts; advances, so that every node gets its turn. */
  readonly cursor: { index: number };
  /** Pods that wait for room on a node and come before `pod`. Defaults to none. */
  rivals?(node: string, pod: PodInfo): readonly PodInfo[];
}

/** Chooses a node: pre-filter, filter, score, highest wins, ties by chance. Reads the snapshot only. */
export function schedule(pod: PodInfo, snapshot: Snapshot, options: CycleOptions): Decision {
  if (snapshot.nodes.length === 0) return { type: "unschedulable", message: "no nodes available to schedule pods", refusals: new Map() };
  const states = new Map<string, unknown>();
  for (const plugin of options.plugins) {
    const result = plugin.preFilter?.(pod, snapshot);
    if (result === undefined) continue;
    if (result.refusal !== undefined) {
      const message = `0/${snapshot.nodes.length} nodes are available: ${result.refusal.reasons.join(", ")}.`;
      const refusal = { ...result.refusal, plugin: plugin.name };
      return { type: "unschedulable", message, refusals: new Map(snapshot.nodes.map((node) => [node.name, refusal])) };
    }
    states.set(plugin.name, result.state);
  }
  const { feasible, refusals } = findFeasible(pod, snapshot, states, options);
  if (feasible.length === 0) return { type: "unschedulable", message: formatRefusals(snapshot.nodes.length, refusals), refusals };
  return { type: "bind", node: chooseBest(pod, feasible, states, options), states };
}

/** Why one node refuses the pod, by the first plugin that does; undefined when it fits. */
export function filterNode(
  pod: PodInfo,
  node: NodeInfo,
  states: ReadonlyMap<string, unknown>,
  plugins: readonly Plugin[],
): Refusal | undefined {
  for (const plugin of plugins) {
    const refusal = plugin.filter?.(pod, node, states.get(plugin.name));
    if (refusal !== undefined) return { ...refusal, plugin: plugin.name };
  }
  return undefined;
}

function findFeasible(
  pod: PodInfo,
  snapshot: Snapshot,
  states: ReadonlyMap<string, unknown>,
  { plugins, cursor, rivals }: CycleOptions,
): { feasible: NodeInfo[]; refusals: Map<string, Refusal> } {
  const { nodes } = snapshot;
  const enough = feasibleNodesToFind(nodes.length);
  const feasible: NodeInfo[] = [];
  const refusals = new Map<string, Refusal>();
  const refusalOf = (node: NodeInfo): Refusal | undefined => {
    const waiting = rivals?.(node.name, pod) ?? [];
    const crowded = waiting.length === 0 ? undefined : nodeWith(node, [...node.pods.values(), ...waiting]);
    return (crowded && filterNode(pod, crowded, states, plugins)) ?? filterNode(pod, node, states, plugins);
  };
  // Room was made there for this very pod.
  const nominated = nodes.find(({ name }) => name === pod.pod.status?.nominatedNodeName);
  if (nominated !== undefined && refusalOf(nominated) === undefined) return { feasible: [nominated], refusals };
  let visited = 0;
  for (; visited < nodes.length && feasible.length < enough; visited++) {
    const node = nodes[(cursor.index + visited) % nodes.length] as NodeInfo;
    const refusal = refusalOf(node);
    if (refusal === undefined) feasible.push(node);
    else refusals.set(node.name, refusal);
  }
  cursor.index = (cursor.index + visited) % nodes.length;
  return { feasible, refusals };
}

/** Upstream's adaptive percentage: all below 100 nodes, then 50 % falling to 5 %. */
export function feasibleNodesToFind(nodeCount: number): number {
  if (nodeCount < 100) return nodeCount;
  const percentage = Math.max(5, 50 - Math.floor(nodeCount / 125));
  return Math.max(100, Math.floor((nodeCount * percentage) / 100));
}

function chooseBest(
  pod: PodInfo,
  feasible: readonly NodeInfo[],
  states: ReadonlyMap<string, unknown>,
  { plugins, random }: CycleOptions,
): NodeInfo {
  if (feasible.length === 1) return feasible[0] as NodeInfo;
  const totals = new Float64Array(feasible.length);
  for (const plugin of plugins) {
    if (plugin.score === undefined) continue;
    const known = states.get(plugin.name);
    const state = plugin.preScore === undefined ? known : plugin.preScore(pod, feasible, known);
    const scores = feasible.map((node) => plugin.score?.(pod, node, state) ?? 0);
    plugin.normalize?.(scores);
    for (const [index, score] of scores.entries()) totals[index] = (totals[index] ?? 0) + score * (plugin.weight ?? 1);
  }
  let best = 0;
  let ties = 1;
  for (let index = 1; index < totals.length; index++) {
    const difference = (totals[index] ?? 0) - (totals[best] ?? 0);
    if (difference > 0) {
      best = index;
      ties = 1;
    } else if (difference === 0 && random.next() < 1 / ++ties) {
      // Reservoir sampling: each of the equal best is as likely as the others.
      best = index;
    }
  }
  return feasible[best] as NodeInfo;
}

/** `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.` */
export function formatRefusals(nodeCount: number, refusals: ReadonlyMap<string, Refusal>): string {
  const counts = new Map<string, number>();
  for (const refusal of refusals.values()) for (const reason of refusal.reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const parts = [...counts].map(([reason, count]) => `${count} ${reason}`).sort();
  return `0/${nodeCount} nodes are available: ${parts.join(", ")}.`;
}
