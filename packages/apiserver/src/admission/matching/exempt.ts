import type { AdmissionAttributes } from "../admission.ts";

const exemptResources = new Set([
  "validatingwebhookconfigurations",
  "mutatingwebhookconfigurations",
  "validatingadmissionpolicies",
  "validatingadmissionpolicybindings",
  "mutatingadmissionpolicies",
  "mutatingadmissionpolicybindings",
]);

/** Whether the request is for one of the kinds that configure webhooks and policies: these never judge them, or nobody could mend them. */
export function isExempt({ definition }: AdmissionAttributes): boolean {
  return definition.group === "admissionregistration.k8s.io" && exemptResources.has(definition.resource);
}
