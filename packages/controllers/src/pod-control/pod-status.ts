import type { Pod } from "@coracle/api";

/** Neither finished nor on its way out. */
export function isActive(pod: Pod): boolean {
  return !isFinished(pod) && pod.metadata.deletionTimestamp === undefined;
}

export function isFinished(pod: Pod): boolean {
  return pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
}

export function isReady(pod: Pod): boolean {
  return readySinceMs(pod) !== undefined;
}

/** Whether the pod has been ready for `minReadySeconds`. */
export function isAvailable(pod: Pod, minReadySeconds: number, nowMs: number): boolean {
  const sinceMs = readySinceMs(pod);
  return sinceMs !== undefined && sinceMs + minReadySeconds * 1000 <= nowMs;
}

/** When a ready pod becomes available, if that is in the future. */
export function availableAtMs(pod: Pod, minReadySeconds: number, nowMs: number): number | undefined {
  const sinceMs = readySinceMs(pod);
  if (sinceMs === undefined) return undefined;
  const atMs = sinceMs + minReadySeconds * 1000;
  return atMs > nowMs ? atMs : undefined;
}

function readySinceMs(pod: Pod): number | undefined {
  const ready = pod.status?.conditions?.find((condition) => condition.type === "Ready");
  if (ready?.status !== "True") return undefined;
  return ready.lastTransitionTime == null ? 0 : Date.parse(ready.lastTransitionTime);
}

export function restartCount(pod: Pod): number {
  return Math.max(0, ...(pod.status?.containerStatuses ?? []).map((status) => status.restartCount));
}

/**
 * Orders pods by how little is lost when they go, as upstream's `ActivePodsWithRanks`: unassigned, pending, not ready, low deletion cost, on
 * crowded nodes, ready for the shortest time, restarted most, youngest.
 */
export function compareForDeletion(a: Pod, b: Pod, rankOf: (pod: Pod) => number): number {
  const phase = { Pending: 0, Unknown: 1, Running: 2 } as Record<string, number>;
  const isAssigned = (pod: Pod): number => ((pod.spec?.nodeName ?? "") === "" ? 0 : 1);
  const cost = (pod: Pod): number => Number(pod.metadata.annotations?.["controller.kubernetes.io/pod-deletion-cost"] ?? 0) || 0;
  return (
    isAssigned(a) - isAssigned(b) ||
    (phase[a.status?.phase ?? ""] ?? 0) - (phase[b.status?.phase ?? ""] ?? 0) ||
    Number(isReady(a)) - Number(isReady(b)) ||
    cost(a) - cost(b) ||
    rankOf(b) - rankOf(a) ||
    (readySinceMs(b) ?? 0) - (readySinceMs(a) ?? 0) ||
    restartCount(b) - restartCount(a) ||
    Date.parse(b.metadata.creationTimestamp ?? "") - Date.parse(a.metadata.creationTimestamp ?? "") ||
    (a.metadata.name ?? "").localeCompare(b.metadata.name ?? "")
  );
}
