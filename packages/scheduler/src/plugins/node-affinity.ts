import { allowsNode, matchesNodeSelectorTerm } from "@coracle/api";
import { normalizeByMaximum, refuse, type Plugin } from "../framework/plugin.ts";

/** `nodeSelector` and required node affinity filter; preferred terms score. */
export const nodeAffinity: Plugin = {
  name: "NodeAffinity",
  weight: 2,
  filter: (pod, node) => (allowsNode(pod.pod.spec, node.node) ? undefined : refuse("node(s) didn't match Pod's node affinity/selector")),
  score(pod, node) {
    let score = 0;
    for (const term of pod.pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []) {
      // An empty preferred term matches everything, unlike a required one.
      const isEmpty = (term.preference.matchExpressions ?? []).length === 0 && (term.preference.matchFields ?? []).length === 0;
      if (isEmpty || matchesNodeSelectorTerm(term.preference, node.node)) score += term.weight;
    }
    return score;
  },
  normalize: (scores) => normalizeByMaximum(scores, false),
};
