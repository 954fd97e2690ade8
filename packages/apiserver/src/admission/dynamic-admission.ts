import type { Authorizer } from "../authorization/attributes.ts";
import type { WebhookPoster } from "../webhook-client/index.ts";
import type { AdmissionPlugin } from "./admission.ts";
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
}

/** Webhooks and policies. They cost nothing until there is one: their code is loaded then. */
export function createDynamicAdmission(options: DynamicAdmissionOptions): DynamicAdmission {
  return { mutating: [mutatingWebhooks(options)], validating: [validatingWebhooks(options)] };
}
