import type { Binding, Pod } from "@coracle/api";
import { isResource, type AdmissionEnvironment, type AdmissionPlugin } from "./admission.ts";

const topologyLabels = ["topology.kubernetes.io/zone", "topology.kubernetes.io/region"];

/** Lets pods know by their labels in which zone and region they run (KEP-4742): copied from the node when they are bound to it. */
export const podTopologyLabels: AdmissionPlugin = {
  name: "PodTopologyLabels",
  handles: ({ definition, operation, subresource }) =>
    isResource(definition, "pods") && operation === "CREATE" && (subresource === "" || subresource === "binding"),
  mutate({ object, subresource }, environment) {
    const subject = object as unknown as Pod & Binding;
    const { kind, name } = subresource === "binding" ? subject.target : { kind: "Node", name: subject.spec?.nodeName };
    if (kind !== "Node" || !name) return;
    const labels = labelsOf(name, environment);
    if (Object.keys(labels).length > 0) subject.metadata.labels = { ...subject.metadata.labels, ...labels };
  },
};

function labelsOf(nodeName: string, environment: AdmissionEnvironment): Record<string, string> {
  const labels = environment.get("nodes", "", nodeName)?.metadata.labels ?? {};
  return Object.fromEntries(topologyLabels.flatMap((key) => (labels[key] === undefined ? [] : [[key, labels[key]]])));
}
