import type { KubeObject, LabelSelector } from "@coracle/apimachinery";
import { resourceWithSubresource, type Attributes } from "./attributes.ts";

/** The parts of `rbac.authorization.k8s.io/v1` that decisions need. */
export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

export interface RoleObject extends KubeObject {
  readonly rules?: readonly PolicyRule[] | null;
  readonly aggregationRule?: { readonly clusterRoleSelectors?: readonly LabelSelector[] };
}

export interface RbacSubject {
  readonly kind: string;
  readonly apiGroup?: string;
  readonly name: string;
  readonly namespace?: string;
}

export interface RoleRef {
  readonly apiGroup: string;
  readonly kind: string;
  readonly name: string;
}

export interface BindingObject extends KubeObject {
  readonly subjects?: readonly RbacSubject[];
  readonly roleRef: RoleRef;
}

/** Whether a rule permits what is asked. */
export function ruleAllows(rule: PolicyRule, attributes: Attributes): boolean {
  if (!includesOrAll(rule.verbs, attributes.verb)) return false;
  if (!attributes.isResourceRequest) return (rule.nonResourceURLs ?? []).some((pattern) => urlMatches(pattern, attributes.path));
  return (
    includesOrAll(rule.apiGroups ?? [], attributes.group) &&
    resourceMatches(rule.resources ?? [], resourceWithSubresource(attributes), attributes.subresource) &&
    nameMatches(rule.resourceNames, attributes.name)
  );
}

export function includesOrAll(values: readonly string[], wanted: string): boolean {
  return values.includes("*") || values.includes(wanted);
}

/** `*` is everything, subresources too; a subresource of every resource is written with a star in front of the slash. */
export function resourceMatches(patterns: readonly string[], combined: string, subresource: string): boolean {
  for (const pattern of patterns) {
    if (pattern === "*" || pattern === combined) return true;
    if (subresource !== "" && pattern === `*/${subresource}`) return true;
  }
  return false;
}

function nameMatches(names: readonly string[] | undefined, name: string): boolean {
  return names === undefined || names.length === 0 || names.includes(name);
}

/** Exact, or a prefix before a trailing star. */
export function urlMatches(pattern: string, path: string): boolean {
  if (pattern === "*" || pattern === path) return true;
  return pattern.endsWith("*") && path.startsWith(pattern.slice(0, -1));
}
