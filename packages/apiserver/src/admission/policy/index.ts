/**
 * ValidatingAdmissionPolicy and MutatingAdmissionPolicy. Policies that are bound are looked up by kind of request (policy-source), matched by
 * rules and selectors (match), given their parameters (params, invocations), and judge the request (validator) or change its object
 * (mutator). Only the plug-ins themselves load with the server.
 */
export { policyParameterRights } from "./param-rights.ts";
export { PolicyStatus } from "./policy-status.ts";
export { mutatingPolicies, validatingPolicies, type PolicyPluginOptions } from "./plugin.ts";
