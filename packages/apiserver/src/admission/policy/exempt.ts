import type { AdmissionAttributes } from "../admission.ts";

/** Policies and bindings, or nobody could mend them; reviews, or nobody could be let in. */
const exempt = new Set([
  "validatingadmissionpolicies.admissionregistration.k8s.io",
  "validatingadmissionpolicybindings.admissionregistration.k8s.io",
  "mutatingadmissionpolicies.admissionregistration.k8s.io",
  "mutatingadmissionpolicybindings.admissionregistration.k8s.io",
  "selfsubjectreviews.authentication.k8s.io",
  "tokenreviews.authentication.k8s.io",
  "localsubjectaccessreviews.authorization.k8s.io",
  "selfsubjectaccessreviews.authorization.k8s.io",
  "selfsubjectrulesreviews.authorization.k8s.io",
  "subjectaccessreviews.authorization.k8s.io",
]);

/** Whether policies leave requests for the resource alone. */
export function isExemptFromPolicies({ served: { definition } }: AdmissionAttributes): boolean {
  return definition.group !== "" && exempt.has(`${definition.resource}.${definition.group}`);
}
