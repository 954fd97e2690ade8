import { scaledIntOrPercent } from "@coracle/apimachinery";
import type { Deployment, ReplicaSet } from "@coracle/api";

/** How far a rolling update may go above and below the wanted number of pods. */
export interface RollingLimits {
  readonly maxSurge: number;
  readonly maxUnavailable: number;
}

/** Percentages count from the replicas: surge rounds up, unavailable down; both zero would never end, so one may be unavailable then. */
export function rollingLimits(deployment: Deployment): RollingLimits {
  const replicas = wantedReplicas(deployment);
  if (deployment.spec?.strategy?.type === "Recreate") return { maxSurge: 0, maxUnavailable: 0 };
  const { maxSurge: surge = "25%", maxUnavailable: unavailable = "25%" } = deployment.spec?.strategy?.rollingUpdate ?? {};
  const maxSurge = scaledIntOrPercent(surge, replicas, "up");
  const maxUnavailable = scaledIntOrPercent(unavailable, replicas, "down");
  return { maxSurge, maxUnavailable: Math.min(replicas, maxSurge === 0 && maxUnavailable === 0 ? 1 : maxUnavailable) };
}

export const wantedReplicas = (workload: { spec?: { replicas?: number | undefined } | undefined }): number => workload.spec?.replicas ?? 1;

export function sumOf(sets: readonly ReplicaSet[], count: (set: ReplicaSet) => number | undefined): number {
  return sets.reduce((sum, set) => sum + (count(set) ?? 0), 0);
}

/** How large the newest set may be now, so that no more than replicas + surge pods exist. */
export function newSetReplicas(deployment: Deployment, newSet: ReplicaSet, allSets: readonly ReplicaSet[]): number {
  const wanted = wantedReplicas(deployment);
  if (deployment.spec?.strategy?.type === "Recreate") return wanted;
  const limit = wanted + rollingLimits(deployment).maxSurge;
  const total = sumOf(allSets, wantedReplicas);
  const own = wantedReplicas(newSet);
  if (own > wanted) return wanted;
  return total >= limit ? own : own + Math.min(limit - total, wanted - own);
}

/**
 * How far each old set may shrink now: first what is not available anyway, then what the new pods already replace. Keys are uids; sets that
 * stay as they are, are left out.
 */
export function oldSetReplicas(deployment: Deployment, newSet: ReplicaSet, oldSets: readonly ReplicaSet[]): Map<string, number> {
  const result = new Map<string, number>();
  const wanted = wantedReplicas(deployment);
  const leastAvailable = wanted - rollingLimits(deployment).maxUnavailable;
  const sizes = new Map(oldSets.map((set) => [set, wantedReplicas(set)]));
  const newUnavailable = wantedReplicas(newSet) - (newSet.status?.availableReplicas ?? 0);
  let removable = sumOf(oldSets, wantedReplicas) + wantedReplicas(newSet) - leastAvailable - newUnavailable;
  if (removable <= 0) return result;
  for (const set of oldSets) {
    const size = sizes.get(set) ?? 0;
    const unhealthy = Math.min(removable, size - (set.status?.availableReplicas ?? 0));
    if (unhealthy <= 0) continue;
    sizes.set(set, size - unhealthy);
    removable -= unhealthy;
  }
  let spare = sumOf([newSet, ...oldSets], (set) => set.status?.availableReplicas) - leastAvailable;
  for (const set of oldSets) {
    const size = sizes.get(set) ?? 0;
    const healthy = Math.min(spare, size);
    if (healthy <= 0) continue;
    sizes.set(set, size - healthy);
    spare -= healthy;
  }
  for (const [set, size] of sizes) if (size !== wantedReplicas(set)) result.set(set.metadata.uid ?? "", size);
  return result;
}

/** What {@link proportionalReplicas} needs to know of a set. */
export const maxReplicasAnnotation = "deployment.kubernetes.io/max-replicas";

/**
 * Sizes after the Deployment was scaled in the middle of a rolling update: the difference is shared out in proportion to the sets' sizes, the
 * largest first; what rounding leaves goes to the first. Keys are uids.
 */
export function proportionalReplicas(deployment: Deployment, sets: readonly ReplicaSet[]): Map<string, number> {
  const allowed = wantedReplicas(deployment) + (wantedReplicas(deployment) > 0 ? rollingLimits(deployment).maxSurge : 0);
  const total = sumOf(sets, wantedReplicas);
  const difference = allowed - total;
  const ordered = sets.toSorted(
    (a, b) =>
      wantedReplicas(b) - wantedReplicas(a) ||
      Date.parse(b.metadata.creationTimestamp ?? "") - Date.parse(a.metadata.creationTimestamp ?? ""),
  );
  const result = new Map<string, number>();
  let shared = 0;
  for (const set of ordered) {
    const size = wantedReplicas(set);
    const share = shareOf(set, { allowed, difference, shared });
    shared += share;
    result.set(set.metadata.uid ?? "", Math.max(0, size + share));
  }
  const first = ordered[0];
  if (first !== undefined) {
    const uid = first.metadata.uid ?? "";
    result.set(uid, Math.max(0, (result.get(uid) ?? 0) + difference - shared));
  }
  return result;
}

function shareOf(set: ReplicaSet, { allowed, difference, shared }: { allowed: number; difference: number; shared: number }): number {
  const size = wantedReplicas(set);
  if (size === 0 || difference === 0) return 0;
  const before = Number(set.metadata.annotations?.[maxReplicasAnnotation] ?? 0) || size;
  const fraction = Math.round((size * allowed) / before) - size;
  const left = difference - shared;
  return difference > 0 ? Math.min(fraction, left) : Math.max(fraction, left);
}
