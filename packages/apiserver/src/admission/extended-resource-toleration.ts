import { qualifiedNameErrors } from "@coracle/apimachinery";
import type { Pod, Toleration } from "@coracle/api";
import { isAbout, type AdmissionPlugin } from "./admission.ts";

/** Nodes with special devices can be kept for pods that ask for these: such pods tolerate a taint of the device's name. Off by default. */
export const extendedResourceToleration: AdmissionPlugin = {
  name: "ExtendedResourceToleration",
  handles: (attributes) => isAbout(attributes, "pods") && (attributes.operation === "CREATE" || attributes.operation === "UPDATE"),
  mutate({ object }) {
    const { spec } = object as unknown as Pod;
    if (spec === undefined) return;
    const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
    const names = containers.flatMap(({ resources }) => Object.keys(resources?.requests ?? {})).filter(isExtendedResource);
    for (const key of [...new Set(names)].sort()) {
      const wanted = { key, operator: "Exists", effect: "NoSchedule" };
      const others = (spec.tolerations ?? []).filter((each) => !isSameToleration(each, wanted));
      if (others.length === (spec.tolerations ?? []).length) spec.tolerations = [...others, wanted];
    }
  },
};

function isSameToleration(left: Toleration, right: Toleration): boolean {
  return (
    left.key === right.key && left.operator === right.operator && left.effect === right.effect && (left.value ?? "") === (right.value ?? "")
  );
}

function isExtendedResource(name: string): boolean {
  const isNative = !name.includes("/") || name.includes("kubernetes.io/");
  return !isNative && !name.startsWith("requests.") && qualifiedNameErrors(`requests.${name}`).length === 0;
}
