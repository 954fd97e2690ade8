/**
 * What webhooks and policies have in common: whether their rules and selectors are for a request, the version in which they want to see its
 * objects, and what they are told about it.
 */
export { admissionRequest, type AdmissionRequestBody } from "./admission-request.ts";
export { AdmittedObjects, hasOwnKind, type SeenObjects, type Sight } from "./admitted-objects.ts";
export { equivalentSights, requestedSight } from "./equivalents.ts";
export { isExempt } from "./exempt.ts";
export { ruleMatches, subjectOf, type RuleSubject } from "./rules.ts";
export { findNamespace, isAboutNamespace, namespaceOf, Selectors, type SelectorFields } from "./selectors.ts";
