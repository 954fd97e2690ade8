import { cloneJson, deepEqual, quoteText, type UnstructuredObject } from "@coracle/apimachinery";
import { parseCertificateSigningRequest } from "@coracle/certificates";
import type { CertificateSigningRequest } from "@coracle/api";
import { objectOf, type NodeRequest } from "./node-request.ts";

const leaseNamespace = "kube-node-lease";

/** A node's heartbeat has the node's name. */
export function checkLease({ attributes, node, refuse }: NodeRequest): void {
  if (attributes.namespace !== leaseNamespace) refuse(`can only access leases in the ${quoteText(leaseNamespace)} system namespace`);
  if (attributes.name !== node) refuse("can only access node lease with the same name as the requesting node");
}

/** What drivers told a node about themselves. */
export function checkCsiNode({ attributes, node, refuse }: NodeRequest): void {
  if (attributes.name !== node) refuse("can only access CSINode with the same name as the requesting node");
}

/** The devices of a node. Other requests are the node authorizer's, which does not see the object. */
export function checkResourceSlice(request: NodeRequest): void {
  const { operation } = request.attributes;
  if (operation !== "CREATE" && operation !== "DELETE") return;
  const { nodeName } = (objectOf(request)["spec"] ?? {}) as { nodeName?: string };
  const verb = operation === "CREATE" ? "create" : "delete";
  if (nodeName !== request.node) request.refuse(`can only ${verb} ResourceSlice with the same NodeName as the requesting node`);
}

const nodeSigners = new Set(["kubernetes.io/kubelet-serving", "kubernetes.io/kube-apiserver-client-kubelet"]);

/** A node asks for certificates in its own name. */
export function checkSigningRequest({ attributes, node, refuse }: NodeRequest): void {
  if (attributes.operation !== "CREATE") return;
  const { spec } = attributes.object as unknown as CertificateSigningRequest;
  if (!nodeSigners.has(spec.signerName)) return;
  let commonName: string;
  try {
    ({ commonName } = parseCertificateSigningRequest(Buffer.from(spec.request, "base64").toString("latin1")).subject);
  } catch (error) {
    return refuse(`unable to parse csr: ${(error as Error).message}`);
  }
  if (commonName !== `system:node:${node}`) refuse(`can only create a node CSR with CN=system:node:${node}`);
}

/** Of claims, only how far their growth is. */
export function checkVolumeClaim({ attributes, node, refuse }: NodeRequest): void {
  if (attributes.subresource !== "status") refuse("may only update PVC status");
  if (attributes.operation !== "UPDATE") refuse(`unexpected operation ${quoteText(attributes.operation)}`);
  const [next, before] = [withoutGrowth(attributes.object), withoutGrowth(attributes.old)];
  if (!deepEqual(next, before))
    refuse(`node ${quoteText(node)} is not allowed to update fields other than status.quantity and status.conditions`);
}

function withoutGrowth(object: Readonly<UnstructuredObject> | undefined): unknown {
  const claim = cloneJson(object ?? {}) as { metadata?: Record<string, unknown>; status?: Record<string, unknown> };
  delete claim.metadata?.["resourceVersion"];
  delete claim.metadata?.["managedFields"];
  const status = (claim.status ??= {});
  for (const field of ["capacity", "conditions", "allocatedResourceStatuses", "allocatedResources"]) delete status[field];
  return claim;
}
