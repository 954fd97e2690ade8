import { selectorFrom, type LabelSelector } from "@coracle/apimachinery";
import { allowsNode, tolerates, type Pod } from "@coracle/api";
import type { NodeInfo } from "../framework/plugin.ts";

/** A topology spread constraint, ready to be counted by. */
export interface Constraint {
  readonly key: string;
  readonly maxSkew: number;
  readonly minDomains: number;
  readonly isHard: boolean;
  matches(labels: Readonly<Record<string, string>>): boolean;
  /** Whether the pods of a node count. */
  includes(node: NodeInfo): boolean;
}

/** What a pod says of how its like are to be spread. */
export function constraintsOf(pod: Pod): Constraint[] {
  return (pod.spec?.topologySpreadConstraints ?? []).map((constraint) => {
    const { topologyKey, maxSkew, minDomains = 1, whenUnsatisfiable, labelSelector, matchLabelKeys = [] } = constraint;
    const selector = selectorFrom(labelSelector as LabelSelector | undefined);
    const own = matchLabelKeys.flatMap((key) => {
      const value = pod.metadata.labels?.[key];
      return value === undefined ? [] : [[key, value] as const];
    });
    return {
      key: topologyKey,
      maxSkew,
      minDomains,
      isHard: whenUnsatisfiable === "DoNotSchedule",
      matches: (labels) => selector.matches(labels) && own.every(([key, value]) => labels[key] === value),
      includes: ({ node }) =>
        ((constraint.nodeAffinityPolicy ?? "Honor") !== "Honor" || allowsNode(pod.spec, node)) &&
        (constraint.nodeTaintsPolicy !== "Honor" ||
          (node.spec?.taints ?? []).every(
            ({ effect, ...taint }) => effect === "PreferNoSchedule" || tolerates(pod.spec?.tolerations, { effect, ...taint }),
          )),
    };
  });
}

/** The pods of a node that a constraint of `pod` counts. */
export function countMatching(constraint: Constraint, pod: Pod, { pods }: NodeInfo): number {
  let count = 0;
  for (const { pod: other } of pods.values()) {
    const { namespace, labels = {}, deletionTimestamp } = other.metadata;
    if (namespace === pod.metadata.namespace && deletionTimestamp === undefined && constraint.matches(labels)) count++;
  }
  return count;
}
