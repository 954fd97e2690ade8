/**
 * `@coracle/api`: the built-in kinds. The types are generated from `data/`; a name that two groups share belongs to the first
 * (core, then the order of the groups), the other one is reached through its group's name: `eventsV1.Event`.
 *
 * Clients name a resource by `resources`, an object with the preferred version of each kind: `client.list(resources.pods)`.
 */
export type * from "./generated/types.ts";
export { resources } from "./generated/resources.ts";
export { schemaOf } from "./schema/schema-of.ts";
export {
  declarations,
  type Declarations,
  type FieldDeclaration,
  type KindDeclaration,
  type TypeDeclaration,
} from "./schema/declarations.ts";
export { certificateSigningRequestStrategy, type CertificateChecks } from "./strategies/certificate-signing-requests.ts";
export { parseCronSchedule, type CronSchedule } from "./cron/schedule.ts";
export { builtInDefinitions, type BuiltInOptions } from "./builtin/definitions.ts";
export { answersWithDeleted } from "./builtin/deleted-objects.ts";
export { parseRuntimeConfig, RuntimeConfigError, type RuntimeConfig } from "./builtin/runtime-config.ts";
export { bootstrapRbac } from "./rbac/bootstrap-rbac.ts";
export { schemaOfKind, virtualKinds, type VirtualKind } from "./virtual-kinds.ts";
export { allowsNode, matchesNodeSelector, matchesNodeSelectorTerm } from "./placement/node-selector.ts";
export { withDisruptionAllowed, withSyncFailed } from "./disruption/allowed-condition.ts";
export { tolerates, toleratesTaint } from "./placement/tolerations.ts";
export { hasPodLevelResources, podLimits, podRequests, type PodResourcesOptions } from "./resources/pod-resources.ts";
export {
  addResources,
  raiseResources,
  readResources,
  resourceAmount,
  writeResources,
  type ResourceList,
  type WrittenResources,
} from "./resources/resource-list.ts";
export { quotaMatches, quotaScopes, objectCountName, type QuotaEvaluator, type QuotaWrite } from "./quota/evaluator.ts";
export { quotaEvaluator } from "./quota/evaluators.ts";
export { calculateUsage, equalResources, exceededResources, maskResources, subtractResources, type UsageSources } from "./quota/usage.ts";
export { validateClientConfig } from "./strategies/admission-registration/webhook-client-config.ts";
export { qosClass } from "./strategies/pod/qos.ts";
