import { tolerates } from "@coracle/api";
import { normalizeByMaximum, refuse, type Plugin } from "../framework/plugin.ts";

/** NoSchedule and NoExecute taints keep out pods that do not tolerate them; PreferNoSchedule ones count against a node. */
export const taintToleration: Plugin = {
  name: "TaintToleration",
  weight: 3,
  filter(pod, node) {
    const taints = node.node.spec?.taints;
    if (taints === undefined || taints.length === 0) return undefined;
    const tolerations = pod.pod.spec?.tolerations ?? [];
    const isRefused = taints.some((taint) => taint.effect !== "PreferNoSchedule" && !tolerates(tolerations, taint));
    return isRefused ? refuse("node(s) had untolerated taint(s)") : undefined;
  },
  score(pod, node) {
    const tolerations = (pod.pod.spec?.tolerations ?? []).filter(
      (toleration) => (toleration.effect ?? "") === "" || toleration.effect === "PreferNoSchedule",
    );
    return (node.node.spec?.taints ?? []).filter((taint) => taint.effect === "PreferNoSchedule" && !tolerates(tolerations, taint)).length;
  },
  normalize: (scores) => normalizeByMaximum(scores, true),
};
