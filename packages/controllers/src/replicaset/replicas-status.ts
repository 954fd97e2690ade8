import { formatTime, setCondition } from "@coracle/apimachinery";
import type { Pod, ReplicaSet, ReplicaSetCondition, ReplicaSetStatus, ReplicationController } from "@coracle/api";
import { isAvailable, isReady } from "../pod-control/pod-status.ts";

/** The kinds that keep a number of equal pods. Their specs differ in the form of the selector alone. */
export type Replicated = ReplicaSet | ReplicationController;

interface Found {
  /** The active pods. */
  readonly pods: readonly Pod[];
  /** Why pods could not be created or deleted. */
  readonly failure: unknown;
  readonly nowMs: number;
}

/** The status that both kinds have; ReplicaSets tell the terminating pods besides. */
export function replicasStatus(set: Replicated, { pods, failure, nowMs }: Found): ReplicaSetStatus {
  const templateLabels = Object.entries(set.spec?.template?.metadata?.labels ?? {});
  const minReadySeconds = set.spec?.minReadySeconds ?? 0;
  const conditions = conditionsOf(set, failure, { isSurplus: pods.length > (set.spec?.replicas ?? 1), nowMs });
  return {
    replicas: pods.length,
    fullyLabeledReplicas: pods.filter((pod) => templateLabels.every(([key, value]) => pod.metadata.labels?.[key] === value)).length,
    readyReplicas: pods.filter(isReady).length,
    availableReplicas: pods.filter((pod) => isAvailable(pod, minReadySeconds, nowMs)).length,
    observedGeneration: set.metadata.generation ?? 0,
    ...(conditions.length > 0 && { conditions: [...conditions] }),
  };
}

function conditionsOf(
  { status }: Replicated,
  failure: unknown,
  { isSurplus, nowMs }: { isSurplus: boolean; nowMs: number },
): readonly ReplicaSetCondition[] {
  const known = status?.conditions ?? [];
  if (failure === undefined) return known.filter(({ type }) => type !== "ReplicaFailure");
  const reason = isSurplus ? "FailedDelete" : "FailedCreate";
  // The message names the pod, another with every try: that alone is no news, else each try would bring the next one at once.
  if (known.some((condition) => condition.type === "ReplicaFailure" && condition.reason === reason)) return known;
  const condition = { type: "ReplicaFailure", status: "True", reason, message: (failure as Error).message };
  return setCondition(known, condition, formatTime(nowMs));
}
