/** Server-side apply and `managedFields`: who owns which field (KEP-555). */
export { checkTyped } from "./check-typed.ts";
export { applyObject, applyOrThrow, type ApplyRequest, type ApplyResult } from "./apply-object.ts";
export { conflictCauses, conflictMessage, type ApplyConflict } from "./conflicts.ts";
export { resetFieldsOf, updateManagedFields, type ManagedFieldsUpdate } from "./managed-fields.ts";
export { compareObjects, type Changes, type ResetFields } from "./compare.ts";
export { managedFieldsProblem } from "./managers.ts";
export { mergeConfiguration } from "./merge-configuration.ts";
export { fieldSetOf } from "./field-set-of.ts";
export * from "./field-set.ts";
export type { InVersion, VersionedObject } from "./other-versions.ts";
