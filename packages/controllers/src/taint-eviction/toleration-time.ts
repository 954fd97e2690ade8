import { toleratesTaint, type Pod, type Taint } from "@coracle/api";

/**
 * How long a pod may stay on a node with these NoExecute taints, in milliseconds: 0 when it does not tolerate one of them, infinity when it
 * tolerates all for ever. The shortest of its tolerations decides.
 */
export function tolerationMs(pod: Pod, taints: readonly Taint[]): number {
  let shortest = Infinity;
  for (const taint of taints) {
    const matching = (pod.spec?.tolerations ?? []).find((toleration) => toleratesTaint(toleration, taint));
    if (matching === undefined) return 0;
    if (matching.tolerationSeconds !== undefined) shortest = Math.min(shortest, Math.max(0, matching.tolerationSeconds) * 1000);
  }
  return shortest;
}

/** The taints of a node that drive pods away. */
export function evictingTaints(taints: readonly Taint[] | undefined): Taint[] {
  return (taints ?? []).filter(({ effect }) => effect === "NoExecute");
}
