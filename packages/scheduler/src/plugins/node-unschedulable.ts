import { tolerates } from "@coracle/api";
import { refuse, type Plugin } from "../framework/plugin.ts";

/** Cordoned nodes take only pods that tolerate the taint `node.kubernetes.io/unschedulable`. */
export const nodeUnschedulable: Plugin = {
  name: "NodeUnschedulable",
  filter(pod, node) {
    if (node.node.spec?.unschedulable !== true) return undefined;
    const taint = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };
    return tolerates(pod.pod.spec?.tolerations ?? [], taint) ? undefined : refuse("node(s) were unschedulable");
  },
};
