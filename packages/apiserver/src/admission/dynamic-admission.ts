import type { Authorizer } from "../authorization/attributes.ts";
import type { WebhookPoster } from "../webhook-client/index.ts";
import type { AdmissionPlugin } from "./admission.ts";
import { mutatingPolicies, policyParameterRights, validatingPolicies } from "./policy/index.ts";
import { mutatingWebhooks, validatingWebhooks } from "./webhook/index.ts";

export interface DynamicAdmissionOptions {
  /** For expressions. */
  readonly authorizer: Authorizer;
  readonly webhooks: WebhookPoster;
}

/** The plug-ins that users configure by objects of the API, in upstream's order. */
export interface DynamicAdmission {
  readonly mutating: readonly AdmissionPlugin[];
  readonly validating: readonly AdmissionPlugin[];
  /** Of the objects that configure them. Part of storing those: it cannot be turned off. */
  readonly ownChecks: readonly AdmissionPlugin[];
}

/** Webhooks and policies. They cost nothing until there is one: their code is loaded then. */
export function createDynamicAdmission(options: DynamicAdmissionOptions): DynamicAdmission {
  return {
    mutating: [mutatingPolicies(options), mutatingWebhooks(options)],
    validating: [validatingPolicies(options), validatingWebhooks(options)],
    ownChecks: [policyParameterRights(options.authorizer)],
  };
}
