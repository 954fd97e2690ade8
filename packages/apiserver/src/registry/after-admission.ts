import { managedFieldsProblem, type UnstructuredObject } from "@coracle/apimachinery";
import type { AdmissionAttributes, AdmissionChain } from "../admission/admission.ts";
import { settleNamespace } from "./check.ts";
import { hasStatusSubresource } from "./managed-fields.ts";
import { limitToSubresource } from "./subresource-scope.ts";
import type { Target } from "./target.ts";

/**
 * Runs the mutating plug-ins on the object of a write and takes back what none of them may change, whatever webhooks and policies say: the
 * namespace, managedFields that nobody can read, and of custom resources what the request could not have written either. Strategies see to the
 * rest. @throws {StatusError} 400 when the object was moved to another namespace.
 */
export async function mutateWithinLimits(
  admission: Pick<AdmissionChain, "mutate">,
  target: Target,
  attributes: AdmissionAttributes & { readonly object: UnstructuredObject },
): Promise<void> {
  const { object, old, context } = attributes;
  const managedFields = object.metadata.managedFields;
  await admission.mutate(attributes);
  settleNamespace(target, object);
  const problem = object.metadata.managedFields === managedFields ? undefined : managedFieldsProblem(object.metadata.managedFields ?? []);
  if (problem !== undefined) {
    if (managedFields === undefined) delete object.metadata.managedFields;
    else object.metadata.managedFields = managedFields;
    const cause = "this could be caused by an outdated mutating admission controller; please fix your requests";
    context.warn(`.metadata.managedFields was in an invalid state after admission; ${cause}: ${problem}`);
  }
  // No built-in plug-in changes custom resources.
  if (!target.form.definition.isCustom || !attributes.reinvocation.isWanted) return;
  if (old === undefined) {
    if (hasStatusSubresource(target)) delete object["status"];
    return;
  }
  const limited = limitToSubresource(target, { ...object, metadata: { ...object.metadata } }, old);
  for (const field of Object.keys(object)) delete object[field];
  Object.assign(object, limited);
}
