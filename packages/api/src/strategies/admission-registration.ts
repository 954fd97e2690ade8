import type { ResourceStrategy } from "@coracle/apimachinery";
import { mutatingPolicyBindings, validatingPolicyBindings } from "./admission-registration/bindings.ts";
import { mutatingPolicies, validatingPolicies } from "./admission-registration/policies.ts";
import { webhookConfigurations } from "./admission-registration/webhook-configurations.ts";

const group = "admissionregistration.k8s.io";

/** Webhook configurations, policies and their bindings. */
export const admissionRegistrationStrategies: Readonly<Record<string, ResourceStrategy>> = {
  [`mutatingwebhookconfigurations.${group}`]: webhookConfigurations,
  [`validatingwebhookconfigurations.${group}`]: webhookConfigurations,
  [`validatingadmissionpolicies.${group}`]: validatingPolicies,
  [`validatingadmissionpolicybindings.${group}`]: validatingPolicyBindings,
  [`mutatingadmissionpolicies.${group}`]: mutatingPolicies,
  [`mutatingadmissionpolicybindings.${group}`]: mutatingPolicyBindings,
};
