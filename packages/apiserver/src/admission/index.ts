/** What is checked and filled in between decoding and storing, beyond what the kinds themselves say. */
export * from "./admission.ts";
export { defaultAdmissionPlugins, type DefaultPluginsOptions } from "./default-plugins.ts";
export { createDynamicAdmission, type DynamicAdmission } from "./dynamic-admission.ts";
export { PolicyStatus } from "./policy/index.ts";
export { createEscalationCheck } from "./rbac-escalation.ts";
export { createServiceAllocation, type ServiceAllocationOptions } from "./service-allocation.ts";
export { PluginSelectionError, type PluginSelection } from "./plugin-selection.ts";
export type { PodSecurityOptions } from "./pod-security/pod-security.ts";
