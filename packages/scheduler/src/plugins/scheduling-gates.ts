import type { Pod } from "@coracle/api";

/** Gated pods are not even queued (`PreEnqueue`, KEP-3521). */
export function isGated(pod: Pod): boolean {
  return (pod.spec?.schedulingGates ?? []).length > 0;
}
