import { newForbidden } from "@coracle/apimachinery";
import type { Authorizer } from "../../authorization/attributes.ts";
import type { AdmissionAttributes, AdmissionEnvironment } from "../admission.ts";
import type { AdmittedObjects } from "../matching/index.ts";
import type { Candidate } from "./hooks.ts";

export interface RelevanceEnvironment {
  readonly environment: AdmissionEnvironment;
  readonly authorizer: Authorizer;
}

/**
 * Whether a webhook whose rules cover the request is to be called: its selectors and conditions decide. @throws {StatusError} 403 when a
 * condition fails and the failure policy is Fail, 404 when the request's namespace is gone.
 */
export async function isRelevant(
  { environment, authorizer }: RelevanceEnvironment,
  attributes: AdmissionAttributes,
  objects: AdmittedObjects,
  { hook, sight }: Candidate,
): Promise<boolean> {
  if (!(await hook.selectors.match(attributes, environment))) return false;
  if (hook.conditions.isEmpty) return true;
  const verdict = await hook.conditions.judge({ attributes, sight, ...(await objects.seenAs(sight)), authorizer });
  if (verdict.type === "error") throw newForbidden(attributes.served.definition, attributes.requestName, verdict.message);
  return verdict.type === "match";
}
