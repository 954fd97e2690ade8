import type { Node, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm } from "@coracle/api";
import { normalizeByMaximum, refuse, type Plugin } from "../framework/plugin.ts";

/** `nodeSelector` and required node affinity filter; preferred terms score. */
export const nodeAffinity: Plugin = {
  name: "NodeAffinity",
  weight: 2,
  filter(pod, node) {
    const labels = node.node.metadata.labels ?? {};
    const selector = Object.entries(pod.pod.spec?.nodeSelector ?? {});
    const required = pod.pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
    const isMatch =
      selector.every(([key, value]) => labels[key] === value) && (required === undefined || matchesNodeSelector(required, node.node));
    return isMatch ? undefined : refuse("node(s) didn't match Pod's node affinity/selector");
  },
  score(pod, node) {
    let score = 0;
    for (const term of pod.pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []) {
      // An empty preferred term matches everything, unlike a required one.
      const isEmpty = (term.preference.matchExpressions ?? []).length === 0 && (term.preference.matchFields ?? []).length === 0;
      if (isEmpty || matchesTerm(term.preference, node.node)) score += term.weight;
    }
    return score;
  },
  normalize: (scores) => normalizeByMaximum(scores, false),
};

/** Terms are alternatives; an empty term matches nothing. */
export function matchesNodeSelector(selector: NodeSelector, node: Node): boolean {
  return selector.nodeSelectorTerms.some((term) => matchesTerm(term, node));
}

function matchesTerm(term: NodeSelectorTerm, node: Node): boolean {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  if (expressions.length === 0 && fields.length === 0) return false;
  const labels = node.metadata.labels ?? {};
  return (
    expressions.every((requirement) => matchesRequirement(requirement, labels[requirement.key])) &&
    fields.every((requirement) => matchesRequirement(requirement, requirement.key === "metadata.name" ? node.metadata.name : undefined))
  );
}

function matchesRequirement({ operator, values = [] }: NodeSelectorRequirement, actual: string | undefined): boolean {
  switch (operator) {
    case "In":
      return actual !== undefined && values.includes(actual);
    case "NotIn":
      return actual === undefined || !values.includes(actual);
    case "Exists":
      return actual !== undefined;
    case "DoesNotExist":
      return actual === undefined;
    case "Gt":
      return isInteger(actual) && isInteger(values[0]) && BigInt(actual) > BigInt(values[0]);
    case "Lt":
      return isInteger(actual) && isInteger(values[0]) && BigInt(actual) < BigInt(values[0]);
    default:
      return false;
  }
}

function isInteger(text: string | undefined): text is string {
  return text !== undefined && /^-?\d+$/.test(text);
}
