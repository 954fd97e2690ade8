import { selectorFrom, type LabelSelector } from "@coracle/apimachinery";
import type { Pod } from "@coracle/api";

type PodAffinityTerm = NonNullable<
  NonNullable<NonNullable<NonNullable<Pod["spec"]>["affinity"]>["podAffinity"]>["requiredDuringSchedulingIgnoredDuringExecution"]
>[number];

/** A term of inter-pod affinity, ready to be matched. */
export interface AffinityTerm {
  readonly topologyKey: string;
  readonly weight: number;
  /** Whether it is about `pod`, whose namespace has `namespaceLabels`. */
  matches(pod: Pod, namespaceLabels: Readonly<Record<string, string>>): boolean;
}

export interface AffinityTerms {
  readonly required: readonly AffinityTerm[];
  readonly requiredAnti: readonly AffinityTerm[];
  readonly preferred: readonly AffinityTerm[];
  readonly preferredAnti: readonly AffinityTerm[];
}

const parsed = new WeakMap<Pod, AffinityTerms>();

/** The terms of a pod, parsed once for each of its versions. */
export function affinityTerms(pod: Pod): AffinityTerms {
  let terms = parsed.get(pod);
  if (terms === undefined) parsed.set(pod, (terms = parse(pod)));
  return terms;
}

function parse(pod: Pod): AffinityTerms {
  const { podAffinity, podAntiAffinity } = pod.spec?.affinity ?? {};
  const required = (terms: readonly PodAffinityTerm[] | undefined): AffinityTerm[] => (terms ?? []).map((term) => termOf(pod, term, 1));
  const preferred = (terms: readonly { weight: number; podAffinityTerm: PodAffinityTerm }[] | undefined): AffinityTerm[] =>
    (terms ?? []).map(({ weight, podAffinityTerm }) => termOf(pod, podAffinityTerm, weight));
  return {
    required: required(podAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    requiredAnti: required(podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    preferred: preferred(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
    preferredAnti: preferred(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
  };
}

function termOf(
  owner: Pod,
  { topologyKey, labelSelector, namespaces = [], namespaceSelector }: PodAffinityTerm,
  weight: number,
): AffinityTerm {
  const selector = selectorFrom(labelSelector);
  const inNamespace = namespaceSelector === undefined ? undefined : selectorFrom(namespaceSelector as LabelSelector);
  const named = new Set(namespaces.length === 0 && inNamespace === undefined ? [owner.metadata.namespace ?? ""] : namespaces);
  return {
    topologyKey,
    weight,
    matches({ metadata }, namespaceLabels) {
      const isInScope = named.has(metadata.namespace ?? "") || inNamespace?.matches(namespaceLabels) === true;
      return isInScope && selector.matches(metadata.labels ?? {});
    },
  };
}
