import type { UnstructuredObject } from "@coracle/apimachinery";
import { isAbout, type AdmissionPlugin } from "./admission.ts";

interface Taint {
  key: string;
  effect: string;
}

const notReady: Taint = { key: "node.kubernetes.io/not-ready", effect: "NoSchedule" };

/** A new node takes no pods before it is ready. */
export const taintNodesByCondition: AdmissionPlugin = {
  name: "TaintNodesByCondition",
  handles: (attributes) => isAbout(attributes, "nodes", "CREATE"),
  mutate({ object }) {
    const spec = ((object as UnstructuredObject)["spec"] ??= {}) as { taints?: Taint[] };
    const isThere = spec.taints?.some(({ key, effect }) => key === notReady.key && effect === notReady.effect);
    if (!isThere) spec.taints = [...(spec.taints ?? []), { ...notReady }];
  },
};
