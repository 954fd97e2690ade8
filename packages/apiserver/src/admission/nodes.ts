import { newForbidden, type UnstructuredObject } from "@coracle/apimachinery";
import { isAbout, isResource, type AdmissionAttributes, type AdmissionPlugin } from "./admission.ts";

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

const nodeUserPrefix = "system:node:";

/** A node changes itself and its pods, nobody else's. */
export const nodeRestriction: AdmissionPlugin = {
  name: "NodeRestriction",
  handles: ({ context, definition, operation }) =>
    operation !== "CONNECT" &&
    context.user.name.startsWith(nodeUserPrefix) &&
    context.user.groups.includes("system:nodes") &&
    (isResource(definition, "nodes") || isResource(definition, "pods") || isResource(definition, "leases.coordination.k8s.io")),
  validate(attributes) {
    const node = attributes.context.user.name.slice(nodeUserPrefix.length);
    const refusal = refusalOf(attributes, node);
    if (refusal !== undefined) throw newForbidden(attributes.definition, attributes.name, refusal);
  },
};

function refusalOf(attributes: AdmissionAttributes, node: string): string | undefined {
  const { definition, name, namespace, operation } = attributes;
  if (definition.resource === "nodes")
    return name === node ? undefined : `node ${quote(node)} is not allowed to modify node ${quote(name)}`;
  if (definition.resource === "leases") {
    if (namespace !== "kube-node-lease") return `can only access leases in the "kube-node-lease" system namespace`;
    return name === node ? undefined : "can only access node lease with the same name as the requesting node";
  }
  const subject = (operation === "CREATE" ? attributes.object : attributes.old) as UnstructuredObject;
  const { nodeName } = (subject["spec"] ?? {}) as { nodeName?: string };
  if (operation === "CREATE" && subject.metadata.annotations?.["kubernetes.io/config.mirror"] === undefined) {
    return `pod does not have "kubernetes.io/config.mirror" annotation, node ${quote(node)} can only create mirror pods`;
  }
  if (nodeName === node) return undefined;
  const what = { CREATE: "create pods", UPDATE: "update pod status for pods", DELETE: "delete pods", CONNECT: "connect to pods" }[operation];
  return `node ${quote(node)} can only ${what} with spec.nodeName set to itself`;
}

function quote(text: string): string {
  return JSON.stringify(text);
}
