import { deepEqual, newNotFound, quoteText } from "@coracle/apimachinery";
import type { Node, Pod } from "@coracle/api";
import { apiReference } from "../pod-references.ts";
import { objectOf, type NodeRequest } from "./node-request.ts";

const mirrorAnnotation = "kubernetes.io/config.mirror";

/** A node makes the mirrors of its own static pods, says how its pods are, and ends them. */
export function checkPod(request: NodeRequest): void {
  const { attributes, refuse } = request;
  const { subresource, operation } = attributes;
  switch (subresource) {
    case "":
      if (operation === "CREATE") return checkMirrorPod(request);
      if (operation === "DELETE")
        return requireOwn(request, "can only delete pods with spec.nodeName set to itself", attributes.old as unknown as Pod);
      return refuse(`unexpected operation ${quoteText(operation)}, node ${quoteText(request.node)} can only create and delete mirror pods`);
    case "status":
      return checkStatus(request);
    case "eviction":
      return checkEviction(request);
    default:
      return refuse(`unexpected pod subresource ${quoteText(subresource)}, only 'status' and 'eviction' are allowed`);
  }
}

function requireOwn({ node, refuse }: NodeRequest, cause: string, pod: Readonly<Pod> | undefined): void {
  if (pod?.spec?.nodeName !== node) refuse(`node ${quoteText(node)} ${cause}`);
}

function checkMirrorPod(request: NodeRequest): void {
  const { node, refuse } = request;
  const pod = objectOf(request) as unknown as Pod;
  const name = quoteText(node);
  if (pod.metadata.annotations?.[mirrorAnnotation] === undefined)
    refuse(`pod does not have ${quoteText(mirrorAnnotation)} annotation, node ${name} can only create mirror pods`);
  requireOwn(request, "can only create pods with spec.nodeName set to itself", pod);
  checkOwner(request, pod);
  const reference = apiReference(pod);
  if (reference !== undefined) refuse(`node ${name} can not create pods that reference ${reference}`);
}

/** The mirror goes with its node. */
function checkOwner({ node, environment, refuse }: NodeRequest, pod: Pod): void {
  const name = quoteText(node);
  const [owner, ...others] = pod.metadata.ownerReferences ?? [];
  if (others.length > 0) refuse(`node ${name} can only create pods with a single owner reference set to itself`);
  if (owner?.apiVersion !== "v1" || owner.kind !== "Node" || owner.name !== node)
    return refuse(`node ${name} can only create pods with an owner reference set to itself`);
  if (owner.controller !== true) refuse(`node ${name} can only create pods with a controller owner reference set to itself`);
  if (owner.blockOwnerDeletion === true) refuse(`node ${name} must not set blockOwnerDeletion on an owner reference`);
  const found = environment.get("nodes", "", node) as unknown as Node | undefined;
  if (found === undefined) throw newNotFound({ group: "", resource: "node" }, node);
  if (found.metadata.uid !== owner.uid) refuse(`node ${node} UID mismatch: expected ${owner.uid} got ${found.metadata.uid}`);
}

function checkStatus(request: NodeRequest): void {
  const { attributes, node, refuse } = request;
  if (attributes.operation !== "UPDATE") refuse(`unexpected operation ${quoteText(attributes.operation)}`);
  const [pod, old] = [attributes.object as unknown as Pod, attributes.old as unknown as Pod];
  requireOwn(request, "can only update pod status for pods with spec.nodeName set to itself", old);
  const name = quoteText(node);
  if (!deepEqual(pod.metadata.labels ?? {}, old.metadata.labels ?? {})) refuse(`node ${name} cannot update labels through pod status`);
  if (!deepEqual(pod.status?.resourceClaimStatuses ?? [], old.status?.resourceClaimStatuses ?? []))
    refuse(`node ${name} cannot update resource claim statues`);
  if (!deepEqual(pod.status?.extendedResourceClaimStatus, old.status?.extendedResourceClaimStatus))
    refuse(`node ${name} cannot update extended resource claim status`);
}

function checkEviction({ attributes, environment, node, refuse }: NodeRequest): void {
  if (attributes.operation !== "CREATE") refuse(`unexpected operation ${attributes.operation}`);
  const name = attributes.name || attributes.object?.metadata.name || "";
  if (name === "") refuse("could not determine pod from request data");
  const pod = environment.get("pods", attributes.namespace, name) as unknown as Pod | undefined;
  if (pod === undefined) throw newNotFound({ group: "", resource: "pod" }, name);
  if (pod.spec?.nodeName !== node) refuse(`node ${node} can only evict pods with spec.nodeName set to itself`);
}
