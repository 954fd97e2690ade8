import { newForbidden, quoteText } from "@coracle/apimachinery";
import { isResource, type AdmissionPlugin } from "../admission.ts";
import type { Authorize } from "../authorize.ts";
import { createNodeRequest, type NodeRequest } from "./node-request.ts";
import { checkNode } from "./nodes.ts";
import { checkCsiNode, checkLease, checkResourceSlice, checkSigningRequest, checkVolumeClaim } from "./own-objects.ts";
import { checkPod } from "./pods.ts";
import { checkServiceAccount } from "./tokens.ts";

const userPrefix = "system:node:";

const checks: Readonly<Record<string, (request: NodeRequest) => void>> = {
  pods: checkPod,
  nodes: checkNode,
  persistentvolumeclaims: checkVolumeClaim,
  serviceaccounts: checkServiceAccount,
  "leases.coordination.k8s.io": checkLease,
  "csinodes.storage.k8s.io": checkCsiNode,
  "resourceslices.resource.k8s.io": checkResourceSlice,
  "certificatesigningrequests.certificates.k8s.io": checkSigningRequest,
  "podcertificaterequests.certificates.k8s.io": ({ refuse }) => refuse("PodCertificateRequest feature gate is disabled"),
};

/** A node changes itself and what belongs to it and its pods, nobody else's. `authorize` is for tokens of audiences that no pod names. */
export function createNodeRestriction(authorize: Authorize): AdmissionPlugin {
  return {
    name: "NodeRestriction",
    handles: ({ context, operation }) => {
      const { name, groups } = context.user;
      return operation !== "CONNECT" && name.startsWith(userPrefix) && groups.includes("system:nodes");
    },
    // In the mutating phase, so that it sees what was sent.
    mutate(attributes, environment) {
      const { definition, context } = attributes;
      const node = context.user.name.slice(userPrefix.length);
      if (node === "")
        throw newForbidden(definition, attributes.name, `could not determine node from user ${quoteText(context.user.name)}`);
      const resource = Object.keys(checks).find((each) => isResource(definition, each)) ?? "";
      checks[resource]?.(createNodeRequest(node, attributes, { environment, authorize }));
    },
  };
}
