import type { PodDisruptionBudget } from "@coracle/api";
import { formatRefusals } from "../framework/cycle.ts";
import { nodeWith } from "../framework/node-with.ts";
import { refuse, type NodeInfo, type PodInfo, type Refusal, type Snapshot } from "../framework/plugin.ts";
import { splitByBudgets } from "./budgets.ts";
import { tryNode, type Trial } from "./try-node.ts";
import { chooseCandidate, moreImportantFirst, type Candidate } from "./choose-candidate.ts";

/** What preemption comes to. Pure data: somebody else removes the victims. */
export type Preemption =
  | { readonly type: "nominate"; readonly node: string; readonly victims: readonly PodInfo[] }
  /** `message` says why there is none; empty when there is nothing to add. */
  | { readonly type: "none"; readonly message: string };

export interface PreemptionOptions extends Trial {
  readonly budgets: readonly PodDisruptionBudget[];
  /** Why each node refused the pod. */
  readonly refusals: ReadonlyMap<string, Refusal>;
  /** Where the search begins, so that not always the same nodes are looked at. */
  readonly offset: number;
  /** The node where room is being made for the pod already. */
  readonly nominated: string | undefined;
}

/**
 * Looks for a node where the pod would fit if pods of lower priority went, as few and as unimportant ones as possible, and such whose
 * disruption budgets allow it if there are any: upstream's DefaultPreemption.
 */
export function preempt(pod: PodInfo, snapshot: Snapshot, options: PreemptionOptions): Preemption {
  const ineligible = whyIneligible(pod, snapshot, options);
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

function whyIneligible(
  { pod, priority }: PodInfo,
  { nodes }: Snapshot,
  { refusals, nominated = "" }: PreemptionOptions,
): string | undefined {
  if (pod.spec?.preemptionPolicy === "Never") return "not eligible due to preemptionPolicy=Never.";
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
