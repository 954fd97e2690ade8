import { indexPath, pathSegmentErrors, supportedValues, type Findings } from "@coracle/apimachinery";
import type { MatchResources, NamedRuleWithOperations } from "../../generated/types.ts";
import { matchPolicies } from "./webhook-configurations.ts";
import { validateRule } from "./rules.ts";

const mutableOperations = supportedValues("*", "CONNECT", "CREATE", "UPDATE");

/** Checks which requests a policy or binding is for. */
export function validateMatchResources(match: Readonly<MatchResources>, at: string, out: Findings): void {
  out.requiredOneOf(match.matchPolicy, matchPolicies, `${at}.matchPolicy`);
  if (out.present(match.namespaceSelector, `${at}.namespaceSelector`))
    out.labelSelector(match.namespaceSelector, `${at}.namespaceSelector`);
  if (out.present(match.objectSelector, `${at}.objectSelector`)) out.labelSelector(match.objectSelector, `${at}.objectSelector`);
  validateNamedRules(match.resourceRules ?? [], `${at}.resourceRules`, out);
  validateNamedRules(match.excludeResourceRules ?? [], `${at}.excludeResourceRules`, out);
}

function validateNamedRules(rules: readonly NamedRuleWithOperations[], at: string, out: Findings): void {
  for (const [index, rule] of rules.entries()) {
    const here = indexPath(at, index);
    const names = new Set<string>();
    for (const [position, name] of (rule.resourceNames ?? []).entries()) {
      const place = indexPath(`${here}.resourceNames`, position);
      out.messages(place, name, pathSegmentErrors(name));
      if (names.has(name)) out.duplicate(place, name);
      names.add(name);
    }
    validateRule(rule, here, out);
  }
}

/** Nothing can be changed in what is deleted. */
export function validateMutableOperations(match: Readonly<MatchResources>, at: string, out: Findings): void {
  for (const { operations = [] } of match.resourceRules ?? []) {
    for (const operation of operations) out.oneOf(operation, mutableOperations, `${at}.resourceRules.operations`);
  }
}
