import { nameRule, pathSegmentErrors, selectorFrom, type Findings } from "@coracle/apimachinery";
import type { ClusterRole, PolicyRule, Role } from "../../generated/types.ts";
import { strategyOf } from "../hooks.ts";

export const rbacNames = { validateName: nameRule(pathSegmentErrors), allowCreateOnUpdate: true } as const;

export const roles = strategyOf<Role>({
  hasStatus: false,
  validate({ rules }, out) {
    for (const [index, rule] of (rules ?? []).entries()) validateRule(rule, true, `rules[${index}]`, out);
  },
  more: rbacNames,
});

export const clusterRoles = strategyOf<ClusterRole>({
  hasStatus: false,
  validate({ rules, aggregationRule }, out) {
    for (const [index, rule] of (rules ?? []).entries()) validateRule(rule, false, `rules[${index}]`, out);
    if (aggregationRule === undefined) return;
    const at = "aggregationRule.clusterRoleSelectors";
    const selectors = aggregationRule.clusterRoleSelectors ?? [];
    if (selectors.length === 0) out.required(at, "at least one clusterRoleSelector required if aggregationRule is non-nil");
    for (const [index, selector] of selectors.entries()) {
      out.labelSelector(selector, `${at}[${index}]`);
      try {
        selectorFrom(selector);
      } catch {
        out.invalid(`${at}[${index}]`, null, "invalid label selector.");
      }
    }
  },
  more: rbacNames,
});

function validateRule(rule: Readonly<PolicyRule>, isNamespaced: boolean, at: string, out: Findings): void {
  const { verbs, nonResourceURLs, apiGroups, resources, resourceNames } = rule;
  if ((verbs ?? []).length === 0) out.required(`${at}.verbs`, "verbs must contain at least one value");
  if ((nonResourceURLs ?? []).length > 0) {
    if (isNamespaced) out.invalid(`${at}.nonResourceURLs`, nonResourceURLs, "namespaced rules cannot apply to non-resource URLs");
    if ((apiGroups ?? []).length + (resources ?? []).length + (resourceNames ?? []).length > 0)
      out.invalid(`${at}.nonResourceURLs`, nonResourceURLs, "rules cannot apply to both regular resources and non-resource URLs");
    return;
  }
  if ((apiGroups ?? []).length === 0) out.required(`${at}.apiGroups`, "resource rules must supply at least one api group");
  if ((resources ?? []).length === 0) out.required(`${at}.resources`, "resource rules must supply at least one resource");
}
