import { dnsLabelErrors, labelValueErrors, type Findings, type LabelSelector } from "@coracle/apimachinery";
import type { Affinity, NodeAffinity, PodAffinity, PodAffinityTerm, PodAntiAffinity } from "../../generated/types.ts";
import { validateNodeSelector, validateNodeSelectorTerm } from "../shared/node-selector.ts";
import type { PodContext } from "./context.ts";
import { validateLabelKeys } from "./topology-spread-keys.ts";

export function validateAffinity(affinity: Readonly<Affinity>, at: string, pod: PodContext): void {
  if (affinity.nodeAffinity !== undefined) validateNodeAffinity(affinity.nodeAffinity, `${at}.nodeAffinity`, pod);
  if (affinity.podAffinity !== undefined) validatePodAffinity(affinity.podAffinity, `${at}.podAffinity`, pod);
  if (affinity.podAntiAffinity !== undefined) validatePodAffinity(affinity.podAntiAffinity, `${at}.podAntiAffinity`, pod);
}

function validateNodeAffinity(affinity: Readonly<NodeAffinity>, at: string, { out, allow }: PodContext): void {
  const required = affinity.requiredDuringSchedulingIgnoredDuringExecution;
  if (required !== undefined)
    validateNodeSelector(required, `${at}.requiredDuringSchedulingIgnoredDuringExecution`, out, () => allow.badNodeSelectors());
  for (const [index, { weight, preference = {} }] of (affinity.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
    const here = `${at}.preferredDuringSchedulingIgnoredDuringExecution[${index}]`;
    validateWeight(weight, `${here}.weight`, out);
    // Nothing is excluded by a preference that no label can have.
    validateNodeSelectorTerm(preference, `${here}.preference`, out, () => true);
  }
}

function validateWeight(weight: number | undefined, at: string, out: Findings): void {
  if (weight === undefined || weight <= 0 || weight > 100) out.invalid(at, weight ?? 0, "must be in the range 1-100");
}

function validatePodAffinity(affinity: Readonly<PodAffinity | PodAntiAffinity>, at: string, pod: PodContext): void {
  for (const [index, term] of (affinity.requiredDuringSchedulingIgnoredDuringExecution ?? []).entries())
    validateTerm(term, `${at}.requiredDuringSchedulingIgnoredDuringExecution[${index}]`, pod);
  for (const [index, { weight, podAffinityTerm }] of (affinity.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
    const here = `${at}.preferredDuringSchedulingIgnoredDuringExecution[${index}]`;
    validateWeight(weight, `${here}.weight`, pod.out);
    validateTerm(podAffinityTerm ?? { topologyKey: "" }, `${here}.podAffinityTerm`, pod);
  }
}

function validateTerm(term: Readonly<PodAffinityTerm>, at: string, pod: PodContext): void {
  const { out } = pod;
  if (term.labelSelector !== undefined) validateSelector(term.labelSelector, `${at}.labelSelector`, pod);
  if (term.namespaceSelector !== undefined) validateSelector(term.namespaceSelector, `${at}.namespaceSelector`, pod);
  for (const name of term.namespaces ?? []) out.messages(`${at}.namespace`, name, dnsLabelErrors(name));
  if (term.matchLabelKeys !== undefined || term.mismatchLabelKeys !== undefined) validateLabelKeys(term, at, out);
  const { topologyKey = "" } = term;
  out.present(topologyKey, `${at}.topologyKey`, "can not be empty");
  out.qualifiedName(topologyKey, `${at}.topologyKey`);
}

function validateSelector(selector: Readonly<LabelSelector>, at: string, { out, allow }: PodContext): void {
  const expressions = selector.matchExpressions ?? [];
  const hasBadValue = expressions.some(({ values = [] }) => values.some((value) => labelValueErrors(value).length > 0));
  if (!hasBadValue || !allow.badAffinitySelectors()) return out.labelSelector(selector, at);
  out.labelSelector(
    { ...selector, matchExpressions: expressions.map(({ values, ...rest }) => ({ ...rest, values: values?.map(() => "") ?? [] })) },
    at,
  );
}
