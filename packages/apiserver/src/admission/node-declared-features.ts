import { newForbidden, quoteText, semanticEqual } from "@coracle/apimachinery";
import type { Container, Node, Pod } from "@coracle/api";
import { isResource, type AdmissionPlugin } from "./admission.ts";

/** What changes of a pod on a node need the node to say of itself, in upstream's order. */
const demands: readonly (readonly [feature: string, isNeeded: (pod: Pod, old: Pod) => boolean])[] = [
  ["InPlacePodLevelResourcesVerticalScaling", (pod, old) => !semanticEqual(pod.spec?.resources, old.spec?.resources)],
  [
    "InPlacePodVerticalScalingInitContainers",
    (pod, old) => (old.spec?.initContainers ?? []).some((each, index) => isResized(each, pod, index)),
  ],
];

/** Refuses changes that the node of a pod does not declare to be able to carry out (KEP-5328). */
export const nodeDeclaredFeatureValidator: AdmissionPlugin = {
  name: "NodeDeclaredFeatureValidator",
  handles: ({ definition, operation, subresource }) =>
    operation === "UPDATE" && isResource(definition, "pods") && (subresource === "" || subresource === "resize"),
  validate({ object, old, definition, name }, environment) {
    const [pod, before] = [object, old] as unknown as [Pod, Pod];
    const nodeName = pod.spec?.nodeName ?? "";
    // The generation grows with every change of the specification.
    if (nodeName === "" || pod.metadata.generation === before.metadata.generation) return;
    const wanted = demands.filter(([, isNeeded]) => isNeeded(pod, before)).map(([feature]) => feature);
    if (wanted.length === 0) return;
    const node = environment.get("nodes", "", nodeName) as unknown as Node | undefined;
    if (node === undefined) throw newForbidden(definition, name, `node ${quoteText(nodeName)} not found`);
    const missing = wanted.filter((feature) => !(node.status?.declaredFeatures ?? []).includes(feature));
    if (missing.length === 0) return;
    throw newForbidden(
      definition,
      name,
      `pod update requires features ${missing.join(", ")} which are not available on node ${quoteText(nodeName)}`,
    );
  },
};

/** Init containers that go on running are resized like any other container. */
function isResized(old: Container, { spec }: Pod, index: number): boolean {
  return old.restartPolicy !== "Always" && !semanticEqual(old.resources, spec?.initContainers?.[index]?.resources);
}
