import type { PodDisruptionBudget } from "@coracle/api";
import { filterNode, formatRefusals } from "../framework/cycle.ts";
import { nodeWith } from "../framework/node-with.ts";
import { refuse, type NodeInfo, type Plugin, type PodInfo, type Refusal, type Snapshot } from "../framework/plugin.ts";
import { splitByBudgets } from "./budgets.ts";
import { chooseCandidate, moreImportantFirst, type Candidate } from "./choose-candidate.ts";

/** What preemption comes to. Pure data: somebody else removes the victims. */
export type Preemption =
  | { readonly type: "nominate"; readonly node: string; readonly victims: readonly PodInfo[] }
  /** `message` says why there is none; empty when there is nothing to add. */
  | { readonly type: "none"; readonly message: string };

export interface PreemptionOptions {
  readonly plugins: readonly Plugin[];
  readonly budgets: readonly PodDisruptionBudget[];
  /** Why each node refused the pod. */
  readonly refusals: ReadonlyMap<string, Refusal>;
  /** Where the search begins, so that not always the same nodes are looked at. */
  readonly offset: number;
  /** Pods that wait for room on a node and come before this one. */
  rivals(node: string): readonly PodInfo[];
}

/**
 * Looks for a node where the pod would fit if pods of lower priority went, as few and as unimportant ones as possible, and such whose
 * disruption budgets allow it if there are any: upstream's DefaultPreemption.
 */
export function preempt(pod: PodInfo, snapshot: Snapshot, options: PreemptionOptions): Preemption {
  const ineligible = whyIneligible(pod, snapshot, options.refusals);
  if (ineligible !== undefined) return { type: "none", message: ineligible };
  const helpful = snapshot.nodes.filter(({ name }) => options.refusals.get(name)?.isResolvable === true);
  const wanted = candidatesWanted(helpful.length);
  const candidates: Candidate[] = [];
  const refusals = new Map<string, Refusal>();
  for (let index = 0; index < helpful.length; index++) {
    const node = helpful[(options.offset + index) % helpful.length] as NodeInfo;
    const candidate = selectVictims(pod, node, snapshot, options);
    if ("reasons" in candidate) refusals.set(node.name, candidate);
    else candidates.push(candidate);
    if (candidates.length >= wanted && candidates.some(({ violations }) => violations === 0)) break;
  }
  const best = chooseCandidate(candidates);
  if (best !== undefined) return { type: "nominate", node: best.node, victims: best.victims };
  const unhelped = snapshot.nodes.filter(({ name }) => !refusals.has(name));
  for (const { name } of unhelped) refusals.set(name, refuse("Preemption is not helpful for scheduling"));
  return { type: "none", message: formatRefusals(snapshot.nodes.length, refusals) };
}

/** Upstream's defaults: a tenth of the nodes, a hundred at least. */
function candidatesWanted(count: number): number {
  return Math.min(count, Math.max(100, Math.floor(count / 10)));
}

function whyIneligible({ pod, priority }: PodInfo, { nodes }: Snapshot, refusals: ReadonlyMap<string, Refusal>): string | undefined {
  if (pod.spec?.preemptionPolicy === "Never") return "not eligible due to preemptionPolicy=Never.";
  const nominated = pod.status?.nominatedNodeName ?? "";
  const refusal = refusals.get(nominated);
  if (nominated === "" || (refusal !== undefined && refusal.isResolvable !== true)) return undefined;
  const node = nodes.find(({ name }) => name === nominated);
  const isLeaving = [...(node?.pods.values() ?? [])].some((other) => other.priority < priority && isPreempted(other));
  return isLeaving ? "not eligible due to a terminating pod on the nominated node." : undefined;
}

function isPreempted({ pod }: PodInfo): boolean {
  const target = pod.status?.conditions?.find(({ type }) => type === "DisruptionTarget");
  return pod.metadata.deletionTimestamp !== undefined && target?.status === "True" && target.reason === "PreemptionByScheduler";
}

/** The pods to remove from one node: all of lower priority first, then each that fits back in is spared, the most important first. */
function selectVictims(pod: PodInfo, node: NodeInfo, snapshot: Snapshot, options: PreemptionOptions): Candidate | Refusal {
  const staying = new Map(node.pods);
  const potential = [...node.pods.values()].filter((other) => other.priority < pod.priority);
  if (potential.length === 0) return refuse("No preemption victims found for incoming pod");
  for (const { key } of potential) staying.delete(key);
  const refusal = tryNode(pod, nodeWith(node, staying.values()), snapshot, options);
  if (refusal !== undefined) return refusal;
  const { violating, harmless } = splitByBudgets(potential.sort(moreImportantFirst), options.budgets);
  const victims: PodInfo[] = [];
  let violations = 0;
  for (const [list, isViolating] of [
    [violating, true],
    [harmless, false],
  ] as const) {
    for (const other of list) {
      staying.set(other.key, other);
      if (tryNode(pod, nodeWith(node, staying.values()), snapshot, options) === undefined) continue;
      staying.delete(other.key);
      victims.push(other);
      if (isViolating) violations++;
    }
  }
  return { node: node.name, victims: victims.sort(moreImportantFirst), violations };
}

/** Whether the pod fits on the node as it would be, with those that wait for it and without them. */
function tryNode(pod: PodInfo, node: NodeInfo, snapshot: Snapshot, { plugins, rivals }: PreemptionOptions): Refusal | undefined {
  const waiting = rivals(node.name);
  const crowded = waiting.length === 0 ? undefined : nodeWith(node, [...node.pods.values(), ...waiting]);
  for (const variant of crowded === undefined ? [node] : [crowded, node]) {
    const trial = snapshotWith(snapshot, variant);
    const states = new Map<string, unknown>();
    for (const plugin of plugins) {
      const result = plugin.preFilter?.(pod, trial);
      if (result?.refusal !== undefined) return result.refusal;
      if (result !== undefined) states.set(plugin.name, result.state);
    }
    const refusal = filterNode(pod, variant, states, plugins);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** The cluster as it would be with another state of one node. Only what looks at other nodes pays for them. */
function snapshotWith(snapshot: Snapshot, node: NodeInfo): Snapshot {
  return {
    get nodes() {
      return snapshot.nodes.map((other) => (other.name === node.name ? node : other));
    },
    get affineNodes() {
      const others = snapshot.affineNodes.filter(({ name }) => name !== node.name);
      return node.affinePods.size === 0 ? others : [...others, node];
    },
  };
}
