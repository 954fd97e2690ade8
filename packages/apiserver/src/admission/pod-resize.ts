import {
  compareQuantities,
  newForbidden,
  quantityMilliValue,
  quantityValue,
  quoteText,
  zeroQuantity,
  type Quantity,
} from "@coracle/apimachinery";
import { podRequests, readResources, type Node, type Pod } from "@coracle/api";
import { isResource, type AdmissionAttributes, type AdmissionPlugin } from "./admission.ts";

/** Refuses resizes of running pods that their node can never give (KEP-1287). */
export const podResizeValidator: AdmissionPlugin = {
  name: "PodResizeValidator",
  handles: ({ definition, operation, subresource }) => isResource(definition, "pods") && subresource === "resize" && operation === "UPDATE",
  validate(attributes, environment) {
    const { object, old, definition, name } = attributes;
    const pod = object as unknown as Pod;
    const nodeName = pod.spec?.nodeName ?? "";
    if (nodeName === "" || pod.metadata.generation === old?.metadata.generation) return;
    const node = environment.get("nodes", "", nodeName) as unknown as Node | undefined;
    if (node === undefined) throw newForbidden(definition, name, `node ${quoteText(nodeName)} not found`);
    const system = node.metadata.labels?.["kubernetes.io/os"] ?? "linux";
    if (system !== "linux") {
      const cause = `pod resize is only supported on linux nodes, node ${quoteText(nodeName)} is ${quoteText(system)}`;
      refuse(attributes, cause, "UnsupportedPlatform");
    }
    const problems = excesses(pod, node);
    if (problems.length > 0) refuse(attributes, `node didn't have enough allocatable resources: ${problems.join("; ")}`, "NodeCapacity");
  },
};

function refuse({ definition, name }: AdmissionAttributes, cause: string, reason: string): never {
  const error = newForbidden(definition, name, cause);
  error.status.details = { ...error.status.details, causes: [{ reason }] };
  throw error;
}

function excesses(pod: Pod, node: Node): string[] {
  const [requests, allocatable] = [podRequests(pod), readResources(node.status?.allocatable)];
  const units: [string, (quantity: Quantity) => number][] = [
    ["cpu", quantityMilliValue],
    ["memory", quantityValue],
  ];
  return units.flatMap(([resource, amount]) => {
    const [wanted, available] = [requests.get(resource) ?? zeroQuantity, allocatable.get(resource) ?? zeroQuantity];
    if (compareQuantities(wanted, available) <= 0) return [];
    return [`${resource}, requested: ${amount(wanted)}, allocatable: ${amount(available)}`];
  });
}
