import { resources, type Pod } from "@coracle/api";
import type { Client } from "@coracle/client";
import { refuse, refuseForNow, type NodeInfo, type Plugin, type PodInfo, type Snapshot } from "../framework/plugin.ts";
import { TopologyCounts } from "./topology-counts.ts";
import { affinityTerms, type AffinityTerm, type AffinityTerms } from "./affinity-terms.ts";

interface AffinityState {
  readonly terms: AffinityTerms;
  readonly snapshot: Snapshot;
  /** Pods that keep this one away. */
  readonly existingAnti: TopologyCounts;
  readonly affinity: TopologyCounts;
  readonly anti: TopologyCounts;
  readonly isFirstOfItsKind: boolean;
  readonly labelsOf: (pod: Pod) => Readonly<Record<string, string>>;
}

/** What upstream counts for pods that require this one's company. */
const hardWeight = 1;

/** Pods that want, or do not want, to be where others are. Matches namespaces by the labels that they have now. */
export function createInterPodAffinity({ client }: { readonly client: Client }): Plugin {
  const namespaces = client.informer(resources.namespaces);
  const labelsOf = (pod: Pod): Readonly<Record<string, string>> => namespaces.get(pod.metadata.namespace ?? "")?.metadata.labels ?? {};
  return {
    name: "InterPodAffinity",
    weight: 2,
    preFilter: (pod, snapshot) => ({ state: count(pod.pod, snapshot, labelsOf) }),
    filter(_pod, node, state) {
      const { terms, existingAnti, affinity, anti, isFirstOfItsKind } = state as AffinityState;
      if (!isNearWanted(node, terms.required, affinity, isFirstOfItsKind)) return refuse("node(s) didn't match pod affinity rules");
      if (terms.requiredAnti.some(({ topologyKey }) => (anti.of(node, topologyKey) ?? 0) > 0))
        return refuseForNow("node(s) didn't match pod anti-affinity rules");
      if (existingAnti.total(node) > 0) return refuseForNow("node(s) didn't satisfy existing pods anti-affinity rules");
      return undefined;
    },
    preScore: (pod, _feasible, state) => preferences(pod, state as AffinityState),
    score: (_pod, node, state) => (state as TopologyCounts).total(node),
    normalize(scores) {
      const least = Math.min(...scores);
      const span = Math.max(...scores) - least;
      for (const [index, score] of scores.entries()) scores[index] = span > 0 ? Math.floor((100 * (score - least)) / span) : 0;
    },
  };
}

function count(pod: Pod, snapshot: Snapshot, labelsOf: AffinityState["labelsOf"]): AffinityState {
  const terms = affinityTerms(pod);
  const own = labelsOf(pod);
  const existingAnti = new TopologyCounts();
  for (const node of snapshot.affineNodes) {
    for (const { pod: other } of node.affinePods.values()) {
      for (const term of affinityTerms(other).requiredAnti) if (term.matches(pod, own)) existingAnti.add(node, term.topologyKey, 1);
    }
  }
  const affinity = new TopologyCounts();
  const anti = new TopologyCounts();
  if (terms.required.length + terms.requiredAnti.length > 0) {
    for (const node of snapshot.nodes) {
      for (const { pod: other } of node.pods.values()) {
        if (matchesAll(terms.required, other, labelsOf(other)))
          for (const { topologyKey } of terms.required) affinity.add(node, topologyKey, 1);
        for (const term of terms.requiredAnti) if (term.matches(other, labelsOf(other))) anti.add(node, term.topologyKey, 1);
      }
    }
  }
  // The first pod of a series that wants its own company may begin anywhere.
  const isFirstOfItsKind = affinity.isEmpty && matchesAll(terms.required, pod, own);
  return { terms, snapshot, existingAnti, affinity, anti, isFirstOfItsKind, labelsOf };
}

function matchesAll(terms: readonly AffinityTerm[], pod: Pod, namespaceLabels: Readonly<Record<string, string>>): boolean {
  return terms.length > 0 && terms.every((term) => term.matches(pod, namespaceLabels));
}

function isNearWanted(node: NodeInfo, required: readonly AffinityTerm[], counts: TopologyCounts, isFirst: boolean): boolean {
  const found = required.map(({ topologyKey }) => counts.of(node, topologyKey));
  if (found.includes(undefined)) return false;
  return isFirst || found.every((number) => (number ?? 0) > 0);
}

/** How much each place is liked, by this pod and by those that are there. */
function preferences({ pod }: PodInfo, { terms, snapshot, labelsOf }: AffinityState): TopologyCounts {
  const counts = new TopologyCounts();
  const hasOwn = terms.preferred.length + terms.preferredAnti.length > 0;
  const own = labelsOf(pod);
  for (const node of hasOwn ? snapshot.nodes : snapshot.affineNodes) {
    const weigh = (list: readonly AffinityTerm[], target: Pod, sign: number, weight?: number): void => {
      const namespaceLabels = target === pod ? own : labelsOf(target);
      for (const term of list)
        if (term.matches(target, namespaceLabels)) counts.add(node, term.topologyKey, sign * (weight ?? term.weight));
    };
    for (const { pod: other } of (hasOwn ? node.pods : node.affinePods).values()) {
      weigh(terms.preferred, other, 1);
      weigh(terms.preferredAnti, other, -1);
      const theirs = affinityTerms(other);
      weigh(theirs.required, pod, 1, hardWeight);
      weigh(theirs.preferred, pod, 1);
      weigh(theirs.preferredAnti, pod, -1);
    }
  }
  return counts;
}
