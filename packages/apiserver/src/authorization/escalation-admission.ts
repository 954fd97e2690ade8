import { deepEqual } from "@coracle/apimachinery";
import type { AdmissionAttributes } from "../admission/admission.ts";
import type { EscalationCheck } from "./escalation.ts";
import type { BindingObject, RoleObject } from "./rules.ts";

/**
 * Applies the check to what is about to be written. An update that leaves the rights as they are passes, so that anybody who may edit a
 * role can label it. @throws {StatusError} 403.
 */
export function checkWrittenRights(check: EscalationCheck, attributes: AdmissionAttributes): void {
  const { object, old, definition, context, namespace } = attributes;
  if (object === undefined) return;
  // The namespace may still be only in the path.
  const written: unknown = { ...object, metadata: { ...object.metadata, ...(namespace !== "" && { namespace }) } };
  switch (definition.resource) {
    case "roles":
    case "clusterroles": {
      const isUnchanged =
        old !== undefined && deepEqual(old["rules"], object["rules"]) && deepEqual(old["aggregationRule"], object["aggregationRule"]);
      if (!isUnchanged) check.checkRole(context.user, written as RoleObject, definition.resource);
      return;
    }
    case "rolebindings":
    case "clusterrolebindings": {
      const isUnchanged =
        old !== undefined && deepEqual(old["roleRef"], object["roleRef"]) && deepEqual(old["subjects"], object["subjects"]);
      if (!isUnchanged) check.checkBinding(context.user, written as BindingObject, definition.resource);
      return;
    }
    default:
      return;
  }
}
