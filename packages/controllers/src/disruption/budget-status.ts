import { formatTime } from "@coracle/apimachinery";
import { withDisruptionAllowed, type Pod, type PodDisruptionBudget, type PodDisruptionBudgetStatus } from "@coracle/api";
import { isReady } from "../pod-control/pod-status.ts";
import type { Expected } from "./expected-pods.ts";

/** How long a pod that is to be evicted may stay without being deleted before it counts again. */
const deletionTimeoutMs = 2 * 60_000;

export interface Disrupted {
  /** Names with the time of the eviction: what the eviction API noted and has not happened yet. */
  readonly pods: Readonly<Record<string, string>>;
  readonly overdue: readonly Pod[];
  /** When the first of them is overdue; undefined when there is none. */
  readonly recheckAtMs: number | undefined;
}

/** What is left of the evictions under way. */
export function disruptedPods({ status }: PodDisruptionBudget, pods: readonly Pod[], nowMs: number): Disrupted {
  const left: Record<string, string> = {};
  const overdue: Pod[] = [];
  let recheckAtMs: number | undefined;
  for (const pod of pods) {
    const name = pod.metadata.name ?? "";
    const since = status?.disruptedPods?.[name];
    if (since === undefined || pod.metadata.deletionTimestamp !== undefined) continue;
    const dueMs = Date.parse(since) + deletionTimeoutMs;
    if (dueMs < nowMs) overdue.push(pod);
    else {
      left[name] = since;
      recheckAtMs = Math.min(recheckAtMs ?? Infinity, dueMs);
    }
  }
  return { pods: left, overdue, recheckAtMs };
}

/** The status of a budget over `pods`. */
export function budgetStatus(
  budget: PodDisruptionBudget,
  { expected, disrupted, pods }: { readonly expected: Expected; readonly disrupted: Disrupted; readonly pods: readonly Pod[] },
  nowMs: number,
): PodDisruptionBudgetStatus {
  const { expectedPods, desiredHealthy } = expected;
  const currentHealthy = pods.filter(
    (pod) => pod.metadata.deletionTimestamp === undefined && disrupted.pods[pod.metadata.name ?? ""] === undefined && isReady(pod),
  ).length;
  // A budget without pods allows nothing: its first ones may be there before this status is written again.
  const disruptionsAllowed = expectedPods <= 0 ? 0 : Math.max(0, currentHealthy - desiredHealthy);
  const observedGeneration = budget.metadata.generation ?? 0;
  return {
    currentHealthy,
    desiredHealthy,
    expectedPods,
    disruptionsAllowed,
    ...(Object.keys(disrupted.pods).length > 0 && { disruptedPods: disrupted.pods }),
    observedGeneration,
    conditions: withDisruptionAllowed(budget.status?.conditions, { disruptionsAllowed, observedGeneration }, formatTime(nowMs)),
  };
}
