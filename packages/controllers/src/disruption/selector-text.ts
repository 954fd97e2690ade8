import type { LabelSelector } from "@coracle/apimachinery";

/** A selector as Kubernetes' own events write it. */
export function selectorText(selector: LabelSelector | undefined): string {
  if (selector === undefined) return "nil";
  const labels = Object.entries(selector.matchLabels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const expressions = (selector.matchExpressions ?? []).map(
    ({ key, operator, values = [] }) => `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(" ")}],},`,
  );
  const matchLabels = `MatchLabels:map[string]string{${labels.map(([key, value]) => `${key}: ${value},`).join("")}}`;
  return `&LabelSelector{${matchLabels},MatchExpressions:[]LabelSelectorRequirement{${expressions.join("")}},}`;
}
