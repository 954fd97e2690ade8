import { deepEqual, quoteText } from "@coracle/apimachinery";
import type { Node } from "@coracle/api";
import type { NodeRequest } from "./node-request.ts";

type Labels = Readonly<Record<string, string>>;

/** Set by nodes about themselves. */
const nodeLabels = new Set([
  "beta.kubernetes.io/arch",
  "beta.kubernetes.io/instance-type",
  "beta.kubernetes.io/os",
  "failure-domain.beta.kubernetes.io/region",
  "failure-domain.beta.kubernetes.io/zone",
  "kubernetes.io/arch",
  "kubernetes.io/hostname",
  "kubernetes.io/os",
  "node.kubernetes.io/instance-type",
  "topology.kubernetes.io/region",
  "topology.kubernetes.io/zone",
]);
const nodeLabelDomains = ["kubelet.kubernetes.io", "node.kubernetes.io"];
const restrictedDomain = "node-restriction.kubernetes.io";

/** A node changes only itself, and nothing by which it could draw work that is not meant for it. */
export function checkNode({ attributes, node: name, refuse }: NodeRequest): void {
  const quoted = quoteText(name);
  if (attributes.name !== name) refuse(`node ${quoted} is not allowed to modify node ${quoteText(attributes.name)}`);
  const [node, old] = [attributes.object as unknown as Node, attributes.old as unknown as Node | undefined];
  if (attributes.operation === "CREATE") {
    if (node.spec?.configSource) refuse(`node ${quoted} is not allowed to create pods with a non-nil configSource`);
    const labels = forbiddenLabels(changedLabels(node.metadata.labels, undefined));
    if (labels !== "") refuse(`node ${quoted} is not allowed to set the following labels: ${labels}`);
  }
  if (attributes.operation !== "UPDATE") return;
  if (node.spec?.configSource && !deepEqual(node.spec.configSource, old?.spec?.configSource))
    refuse(`node ${quoted} is not allowed to update configSource to a new non-nil configSource`);
  if (!deepEqual(node.spec?.taints ?? [], old?.spec?.taints ?? [])) refuse(`node ${quoted} is not allowed to modify taints`);
  if (!deepEqual(node.metadata.ownerReferences ?? [], old?.metadata.ownerReferences ?? []))
    refuse(`node ${quoted} is not allowed to modify ownerReferences`);
  const labels = forbiddenLabels(changedLabels(node.metadata.labels, old?.metadata.labels));
  if (labels !== "") refuse(`is not allowed to modify labels: ${labels}`);
}

function changedLabels(next: Labels = {}, before: Labels = {}): string[] {
  return [...new Set([...Object.keys(next), ...Object.keys(before)])].filter((key) => next[key] !== before[key]);
}

function forbiddenLabels(keys: readonly string[]): string {
  const isForbidden = (key: string): boolean => {
    const domain = key.includes("/") ? key.slice(0, key.indexOf("/")) : "";
    if (isWithin(domain, restrictedDomain)) return true;
    const isOfKubernetes = isWithin(domain, "kubernetes.io") || isWithin(domain, "k8s.io");
    return isOfKubernetes && !nodeLabels.has(key) && !nodeLabelDomains.some((allowed) => isWithin(domain, allowed));
  };
  return keys.filter(isForbidden).sort().join(", ");
}

function isWithin(domain: string, parent: string): boolean {
  return domain === parent || domain.endsWith(`.${parent}`);
}
