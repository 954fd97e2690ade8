import { newForbidden } from "@coracle/apimachinery";
import type { Pod } from "@coracle/api";
import { isAbout, type AdmissionPlugin } from "./admission.ts";

const hostname = "kubernetes.io/hostname";

/** Pods may keep others off their node, but not off their zone or anything larger. Off unless it is asked for. */
export const limitPodHardAntiAffinityTopology: AdmissionPlugin = {
  name: "LimitPodHardAntiAffinityTopology",
  handles: (attributes) => isAbout(attributes, "pods") && (attributes.operation === "CREATE" || attributes.operation === "UPDATE"),
  validate({ object, definition, name }) {
    const terms = (object as unknown as Pod).spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    const other = terms.find(({ topologyKey }) => topologyKey !== hostname);
    if (other === undefined) return;
    const field = "affinity.PodAntiAffinity.RequiredDuringScheduling";
    throw newForbidden(definition, name, `${field} has TopologyKey ${other.topologyKey} but only key ${hostname} is allowed`);
  },
};
