import { isResource, type AdmissionAttributes, type AdmissionPlugin } from "./admission.ts";

const resources = ["roles", "clusterroles", "rolebindings", "clusterrolebindings"].map((name) => `${name}.rbac.authorization.k8s.io`);

/**
 * Lets nobody give rights that they do not have. `check` throws a `StatusError` when the writer of `attributes.object` lacks some of
 * its rights and may neither `escalate` nor `bind`.
 */
export function createEscalationCheck(check: (attributes: AdmissionAttributes) => void | Promise<void>): AdmissionPlugin {
  return {
    name: "RBACEscalationCheck",
    handles: ({ definition, operation }) => operation !== "DELETE" && resources.some((resource) => isResource(definition, resource)),
    validate: check,
  };
}
