import { labelValueErrors, type LabelSelector } from "@coracle/apimachinery";
import type { NodeSelectorTerm } from "../../generated/types.ts";

const deprecated = new Map([
  ["beta.kubernetes.io/arch", 'deprecated since v1.14; use "kubernetes.io/arch" instead'],
  ["beta.kubernetes.io/os", 'deprecated since v1.14; use "kubernetes.io/os" instead'],
  ["failure-domain.beta.kubernetes.io/region", 'deprecated since v1.17; use "topology.kubernetes.io/region" instead'],
  ["failure-domain.beta.kubernetes.io/zone", 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead'],
  ["beta.kubernetes.io/instance-type", 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead'],
  ["app.kubernetes.io/created-by", "deprecated since v1.9"],
  ["scheduler.alpha.kubernetes.io/preferAvoidPods", "deprecated since v1.22; use Taints and Tolerations instead"],
  ["node-role.kubernetes.io/master", 'use "node-role.kubernetes.io/control-plane" instead'],
]);

/** Why a label of nodes should not be used any more. */
export function nodeLabelWarning(key: string): string | undefined {
  return deprecated.get(key);
}

/** Warnings about a term; preferences may name values that no label can have, which required terms may not. */
export function nodeTermWarnings(term: Readonly<NodeSelectorTerm>, at: string, checksValues = false): string[] {
  return (term.matchExpressions ?? []).flatMap(({ key, values = [] }, index) => {
    const here = `${at}.matchExpressions[${index}]`;
    const text = deprecated.get(key);
    const warnings = text === undefined ? [] : [`${here}.key: ${key} is ${text}`];
    if (!checksValues) return warnings;
    const invalid = values.flatMap((value, position) =>
      labelValueErrors(value).map((message) => `${here}.values[${position}]: ${value} is invalid, ${message}`),
    );
    return [...warnings, ...invalid];
  });
}

/** Warnings about a label selector for nodes. */
export function nodeSelectorWarnings(selector: Readonly<LabelSelector> | undefined, at: string): string[] {
  const expressions = nodeTermWarnings({ matchExpressions: selector?.matchExpressions }, at);
  const labels = Object.keys(selector?.matchLabels ?? {}).filter((key) => deprecated.has(key));
  return [...expressions, ...labels.map((key) => `${at}.matchLabels.${key}: ${deprecated.get(key)}`)];
}
