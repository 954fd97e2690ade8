import type { UnstructuredObject } from "@coracle/apimachinery";
import type { ResourceQuota, ScopedResourceSelectorRequirement } from "../generated/types.ts";
import type { ResourceList } from "../resources/resource-list.ts";

type Object = Readonly<UnstructuredObject>;

/** A write that may use something. */
export interface QuotaWrite {
  readonly operation: string;
  /** Empty for the main resource. */
  readonly subresource: string;
  readonly object: Object;
  /** Absent for creations. */
  readonly old: Object | undefined;
}

/** Knows how much of which quota resources the objects of one API resource use. Answers to upstream's `quota.Evaluator`; pure. */
export interface QuotaEvaluator {
  /** `pods`, `widgets.example.com`. */
  readonly resource: string;
  /** Those of a quota's resource names that objects of this resource use, each once. */
  matching(names: readonly string[]): string[];
  /** Whether a write of this form can change the use at all. */
  handles(write: QuotaWrite): boolean;
  matchesScope(scope: ScopedResourceSelectorRequirement, object: Object): boolean;
  /** Of one object at a time. */
  usage(object: Object, nowMs: number): ResourceList;
  /** What the object must state once a quota limits `names`: `must specify limits.cpu for: c`. Undefined when it does. */
  missing?(names: readonly string[], object: Object): string | undefined;
  /** Whether a change makes the use as it was counted wrong. Deletions always do. Defaults to never. */
  isReplenishing?(old: Object, object: Object, nowMs: number): boolean;
}

/** The scopes and the scope selector of a quota as one list: all have to match. */
export function quotaScopes(quota: Readonly<ResourceQuota>): ScopedResourceSelectorRequirement[] {
  const { scopes = [], scopeSelector } = quota.spec ?? {};
  return [...scopes.map((scopeName) => ({ scopeName, operator: "Exists" })), ...(scopeSelector?.matchExpressions ?? [])];
}

/** Whether a quota counts the object: it limits something of it, and all scopes match. */
export function quotaMatches(quota: Readonly<ResourceQuota>, evaluator: QuotaEvaluator, object: Object): boolean {
  if (evaluator.matching(Object.keys(quota.status?.hard ?? {})).length === 0) return false;
  return quotaScopes(quota).every((scope) => evaluator.matchesScope(scope, object));
}

/** The name under which objects of a resource are counted: `count/deployments.apps`. */
export function objectCountName(resource: string): string {
  return `count/${resource}`;
}

/** Those of `names` that are in `known`, each once. */
export function intersection(names: readonly string[], known: ReadonlySet<string>): string[] {
  return [...new Set(names)].filter((name) => known.has(name));
}
