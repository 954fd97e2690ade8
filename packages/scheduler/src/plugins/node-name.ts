import { refuse, type Plugin } from "../framework/plugin.ts";

/** A pod that names its node goes there or nowhere. */
export const nodeName: Plugin = {
  name: "NodeName",
  filter(pod, node) {
    const wanted = pod.pod.spec?.nodeName ?? "";
    return wanted === "" || wanted === node.name ? undefined : refuse("node(s) didn't match the requested node name");
  },
};
