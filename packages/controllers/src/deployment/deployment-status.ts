import { findCondition, formatTime } from "@coracle/apimachinery";
import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from "@coracle/api";
import { rollingLimits, sumOf, wantedReplicas } from "./replica-counts.ts";

export interface StatusInput {
  readonly deployment: Deployment;
  readonly newSet: ReplicaSet | undefined;
  readonly allSets: readonly ReplicaSet[];
  readonly nowMs: number;
}

/** The status that the sets' own statuses add up to, with conditions in upstream's words. */
export function deploymentStatus({ deployment, newSet, allSets, nowMs }: StatusInput): DeploymentStatus {
  const available = sumOf(allSets, (set) => set.status?.availableReplicas);
  const total = sumOf(allSets, wantedReplicas);
  const status: DeploymentStatus = {
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas: sumOf(allSets, (set) => set.status?.replicas),
    updatedReplicas: newSet?.status?.replicas ?? 0,
    readyReplicas: sumOf(allSets, (set) => set.status?.readyReplicas),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, total - available),
    terminatingReplicas: sumOf(allSets, (set) => set.status?.terminatingReplicas),
    ...(deployment.status?.collisionCount === undefined ? {} : { collisionCount: deployment.status.collisionCount }),
  };
  return { ...status, conditions: conditionsOf({ deployment, newSet, allSets, nowMs }, status) };
}

function conditionsOf(input: StatusInput, status: DeploymentStatus): DeploymentCondition[] {
  const { deployment, allSets, nowMs } = input;
  let conditions: DeploymentCondition[] = [...(deployment.status?.conditions ?? [])];
  const isAvailable = (status.availableReplicas ?? 0) >= wantedReplicas(deployment) - rollingLimits(deployment).maxUnavailable;
  const availability = isAvailable
    ? { type: "Available", status: "True", reason: "MinimumReplicasAvailable", message: "Deployment has minimum availability." }
    : {
        type: "Available",
        status: "False",
        reason: "MinimumReplicasUnavailable",
        message: "Deployment does not have minimum availability.",
      };
  conditions = put(conditions, availability, nowMs);
  const progress = progressOf(input, status);
  if (progress !== undefined) conditions = put(conditions, progress, nowMs);
  const failure = allSets
    .map((set) => findCondition(set.status?.conditions, "ReplicaFailure"))
    .find((condition) => condition !== undefined);
  if (failure === undefined) return conditions.filter((condition) => condition.type !== "ReplicaFailure");
  return put(
    conditions,
    { type: "ReplicaFailure", status: failure.status, reason: failure.reason ?? "", message: failure.message ?? "" },
    nowMs,
  );
}

type NewCondition = { type: string; status: string; reason: string; message: string; isProgress?: boolean };

/** Seconds that a rollout may make no progress; undefined when there is no such limit, which the largest number says too. */
export function progressDeadlineSeconds(deployment: Deployment): number | undefined {
  const seconds = deployment.spec?.progressDeadlineSeconds;
  return seconds === 2 ** 31 - 1 ? undefined : seconds;
}

/** The condition Progressing, while a deadline is set; undefined leaves it as it is. */
function progressOf({ deployment, newSet, nowMs }: StatusInput, status: DeploymentStatus): NewCondition | undefined {
  const deadlineSeconds = progressDeadlineSeconds(deployment);
  // A paused one says so in this condition, and makes no progress that could replace it.
  if (deadlineSeconds === undefined || deployment.spec?.paused === true) return undefined;
  const current = findCondition(deployment.status?.conditions, "Progressing");
  const subject = newSet === undefined ? `Deployment "${deployment.metadata.name}"` : `ReplicaSet "${newSet.metadata.name}"`;
  const isPausedReason = current?.reason === "DeploymentPaused" || current?.reason === "DeploymentResumed";
  if (isComplete(deployment, status)) {
    return { type: "Progressing", status: "True", reason: "NewReplicaSetAvailable", message: `${subject} has successfully progressed.` };
  }
  const before = deployment.status ?? {};
  const hasProgressed =
    (status.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    (status.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (status.availableReplicas ?? 0) > (before.availableReplicas ?? 0) ||
    (status.replicas ?? 0) - (status.updatedReplicas ?? 0) < (before.replicas ?? 0) - (before.updatedReplicas ?? 0);
  if (hasProgressed)
    return { type: "Progressing", status: "True", reason: "ReplicaSetUpdated", message: `${subject} is progressing.`, isProgress: true };
  if (current === undefined || isPausedReason || current.reason === "NewReplicaSetAvailable") return undefined;
  const sinceMs = Date.parse(current.lastUpdateTime ?? current.lastTransitionTime ?? "");
  if (sinceMs + deadlineSeconds * 1000 >= nowMs) return undefined;
  return { type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message: `${subject} has timed out progressing.` };
}

/** Every pod is of the newest template, and available. */
export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const wanted = wantedReplicas(deployment);
  return (
    status.updatedReplicas === wanted &&
    status.replicas === wanted &&
    status.availableReplicas === wanted &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

/** Sets a condition as upstream does: nothing changes while status and reason stay; a progress note renews the time of update. */
export function put(conditions: readonly DeploymentCondition[], next: NewCondition, nowMs: number): DeploymentCondition[] {
  const { isProgress = false, ...fields } = next;
  const known = findCondition(conditions, next.type);
  if (known !== undefined && known.status === next.status && known.reason === next.reason && !isProgress) return [...conditions];
  const now = formatTime(nowMs);
  const lastTransitionTime = known !== undefined && known.status === next.status ? (known.lastTransitionTime ?? now) : now;
  const entry: DeploymentCondition = { ...fields, lastUpdateTime: now, lastTransitionTime };
  // In place, or at the end: the order stays as readers know it.
  return known === undefined ? [...conditions, entry] : conditions.map((condition) => (condition === known ? entry : condition));
}
