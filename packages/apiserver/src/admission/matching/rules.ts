import type { RuleWithOperations } from "@coracle/api";
import type { Sight } from "./admitted-objects.ts";

/** What a rule looks at. */
export interface RuleSubject {
  readonly operation: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  /** Empty for the main resource. */
  readonly subresource: string;
  /** Namespaces themselves are not. */
  readonly isNamespaced: boolean;
}

/** A request as it looks under a name. */
export function subjectOf(operation: string, { definition, version, subresource }: Sight): RuleSubject {
  const { group, resource, isNamespaced } = definition;
  return { operation, group, version: version.version, resource, subresource, isNamespaced };
}

/** Whether the rule of a webhook or policy covers the subject; every part may be a wildcard. */
export function ruleMatches(rule: RuleWithOperations, subject: RuleSubject): boolean {
  return (
    scopeMatches(rule.scope, subject.isNamespaced) &&
    includesOrAll(rule.operations, subject.operation) &&
    includesOrAll(rule.apiGroups, subject.group) &&
    includesOrAll(rule.apiVersions, subject.version) &&
    (rule.resources ?? []).some((resource) => resourceMatches(resource, subject))
  );
}

function scopeMatches(scope: string | undefined, isNamespaced: boolean): boolean {
  if (scope === undefined || scope === "*") return true;
  return scope === "Namespaced" ? isNamespaced : scope === "Cluster" && !isNamespaced;
}

function includesOrAll(items: readonly string[] | undefined, asked: string): boolean {
  return items !== undefined && (items.includes("*") || items.includes(asked));
}

/** `pods`, `pods/exec`, `pods/*`, `*` (no subresources), `*` + `/scale` or `*` + `/*`. */
function resourceMatches(pattern: string, { resource, subresource }: RuleSubject): boolean {
  const slash = pattern.indexOf("/");
  const main = slash < 0 ? pattern : pattern.slice(0, slash);
  const sub = slash < 0 ? "" : pattern.slice(slash + 1);
  return (main === "*" || main === resource) && (sub === "*" || sub === subresource);
}
