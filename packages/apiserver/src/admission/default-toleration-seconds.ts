import type { Pod } from "@coracle/api";
import { isAbout, type AdmissionPlugin } from "./admission.ts";

const toleratedSeconds = 300;
const toleratedTaints = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];

/** Pods stay five minutes on a node that is not ready or unreachable, unless they say otherwise. */
export const defaultTolerationSeconds: AdmissionPlugin = {
  name: "DefaultTolerationSeconds",
  handles: (attributes) => isAbout(attributes, "pods") && attributes.operation !== "DELETE",
  mutate({ object }) {
    const { spec } = object as unknown as Pod;
    if (spec === undefined) return;
    for (const key of toleratedTaints) {
      const isTolerated = spec.tolerations?.some(
        (each) => (each.key === key || !each.key) && (each.effect === "NoExecute" || !each.effect),
      );
      if (isTolerated) continue;
      const toleration = { key, operator: "Exists", effect: "NoExecute", tolerationSeconds: toleratedSeconds };
      spec.tolerations = [...(spec.tolerations ?? []), toleration];
    }
  },
};
