import { intOf, scaledIntOrPercent, setCondition, type Condition } from "@coracle/apimachinery";
import type { Pod, PodDisruptionBudget, PodDisruptionBudgetStatus } from "@coracle/api";
import { isReady } from "../pod-control/pod-status.ts";
import type { ExpectedScale } from "./expected-scale.ts";

/** An evicted pod that is not deleted after this long counts as healthy again. */
export const deletionTimeoutMs = 120_000;

/** How many pods there should be, and how many of them healthy. `scale` is asked only where the budget is relative to it. */
export function expectedPods(
  { spec }: PodDisruptionBudget,
  podCount: number,
  scale: () => ExpectedScale,
): { expected: number; desiredHealthy: number; unmanaged: readonly string[] } {
  const { maxUnavailable, minAvailable } = spec ?? {};
  if (maxUnavailable !== undefined) {
    const { count, unmanaged } = scale();
    return { expected: count, desiredHealthy: Math.max(0, count - scaledIntOrPercent(maxUnavailable, count, "up")), unmanaged };
  }
  if (minAvailable === undefined) return { expected: 0, desiredHealthy: 0, unmanaged: [] };
  const absolute = intOf(minAvailable);
  if (absolute !== undefined) return { expected: podCount, desiredHealthy: absolute, unmanaged: [] };
  const { count, unmanaged } = scale();
  return { expected: count, desiredHealthy: scaledIntOrPercent(minAvailable, count, "up"), unmanaged };
}

/** Evicted pods that are still to be deleted, by name, and those that were not in time. */
export function disruptedPods(
  budget: PodDisruptionBudget,
  pods: readonly Pod[],
  nowMs: number,
): { pending: Record<string, string>; late: readonly Pod[]; recheckAtMs: number | undefined } {
  const pending: Record<string, string> = {};
  const late: Pod[] = [];
  let recheckAtMs: number | undefined;
  for (const pod of pods) {
    const since = budget.status?.disruptedPods?.[pod.metadata.name ?? ""];
    if (since === undefined || pod.metadata.deletionTimestamp !== undefined) continue;
    const dueMs = Date.parse(since) + deletionTimeoutMs;
    if (dueMs < nowMs) late.push(pod);
    else {
      pending[pod.metadata.name ?? ""] = since;
      recheckAtMs = Math.min(recheckAtMs ?? dueMs, dueMs);
    }
  }
  return { pending, late, recheckAtMs };
}

export interface Counts {
  readonly expected: number;
  readonly desiredHealthy: number;
  readonly pods: readonly Pod[];
  readonly pending: Record<string, string>;
}

export function budgetStatus(
  budget: PodDisruptionBudget,
  { expected, desiredHealthy, pods, pending }: Counts,
  now: string,
): PodDisruptionBudgetStatus {
  const currentHealthy = pods.filter(
    (pod) => pod.metadata.deletionTimestamp === undefined && pending[pod.metadata.name ?? ""] === undefined && isReady(pod),
  ).length;
  // A budget of no pods allows nothing: its first pods may come before they are counted.
  const disruptionsAllowed = expected <= 0 ? 0 : Math.max(0, currentHealthy - desiredHealthy);
  const observedGeneration = budget.metadata.generation ?? 0;
  const condition: Omit<Condition, "lastTransitionTime"> = {
    type: "DisruptionAllowed",
    status: disruptionsAllowed > 0 ? "True" : "False",
    reason: disruptionsAllowed > 0 ? "SufficientPods" : "InsufficientPods",
    message: "",
    observedGeneration,
  };
  return {
    currentHealthy,
    desiredHealthy,
    expectedPods: expected,
    disruptionsAllowed,
    ...(Object.keys(pending).length > 0 && { disruptedPods: pending }),
    observedGeneration,
    conditions: [...setCondition(budget.status?.conditions, condition, now)],
  };
}

/** No eviction is safe while the status cannot be worked out. */
export function failedStatus(budget: PodDisruptionBudget, message: string, now: string): PodDisruptionBudgetStatus {
  const { observedGeneration = 0, currentHealthy = 0, desiredHealthy = 0, expectedPods: expected = 0, ...status } = budget.status ?? {};
  const condition = { type: "DisruptionAllowed", status: "False", reason: "SyncFailed", message, observedGeneration } as const;
  return {
    ...status,
    currentHealthy,
    desiredHealthy,
    expectedPods: expected,
    observedGeneration,
    disruptionsAllowed: 0,
    conditions: [...setCondition(budget.status?.conditions, condition, now)],
  };
}
