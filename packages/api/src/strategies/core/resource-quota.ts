import { type Findings } from "@coracle/apimachinery";
import type { ResourceQuota, ResourceQuotaSpec } from "../../generated/types.ts";
import { strategyOf } from "../hooks.ts";
import { goForm } from "../shared/go-form.ts";
import { isQuotaResource, validateResourceAmount, validateResourceName } from "../shared/resource-names.ts";

const podResources = new Set(["pods", "cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory"]);
const claimResources = new Set(["persistentvolumeclaims", "requests.storage"]);
const scopes = new Set([
  "Terminating",
  "NotTerminating",
  "BestEffort",
  "NotBestEffort",
  "PriorityClass",
  "CrossNamespacePodAffinity",
  "VolumeAttributesClass",
]);
const withoutValues = new Set(["BestEffort", "NotBestEffort", "Terminating", "NotTerminating", "CrossNamespacePodAffinity"]);
const noSpec: ResourceQuotaSpec = {};

export const resourceQuotas = strategyOf<ResourceQuota>({
  hasGeneration: false,
  prepareCreate: (quota) => void (quota.status = {}),
  validate({ spec = noSpec }, out) {
    validateAmounts(spec.hard ?? {}, "spec.hard", out);
    validateScopes(spec, out);
    validateSelector(spec, out);
  },
  validateUpdate({ spec = noSpec }, { spec: old = noSpec }, out) {
    const [after, before] = [new Set(spec.scopes), new Set(old.scopes)];
    if (after.size !== before.size || [...after].some((scope) => !before.has(scope)))
      out.invalid("spec.scopes", spec.scopes ?? null, "field is immutable");
  },
  subresources: {
    status({ status = {} }, _old, out) {
      validateAmounts(status.hard ?? {}, "status.hard", out);
      validateAmounts(status.used ?? {}, "status.used", out);
    },
  },
});

function validateAmounts(amounts: Readonly<Record<string, string>>, at: string, out: Findings): void {
  for (const [name, amount] of Object.entries(amounts)) {
    const here = `${at}[${name}]`;
    validateResourceName(name, here, out);
    if (!name.includes("/") && !isQuotaResource(name)) out.invalid(here, name, "must be a standard resource for quota");
    validateResourceAmount(name, amount, here, out);
  }
}

/** Whether pods (or claims) in a scope have the resource at all. */
function hasResource(scope: string, name: string): boolean {
  if (!isQuotaResource(name)) return true;
  if (scope === "BestEffort") return name === "pods";
  if (scope === "VolumeAttributesClass") return claimResources.has(name);
  return !scopes.has(scope) || podResources.has(name);
}

/** How many pairs of scopes exclude each other. */
function conflicts(found: ReadonlySet<string>): number {
  return [
    ["BestEffort", "NotBestEffort"],
    ["Terminating", "NotTerminating"],
  ].filter((pair) => pair.every((scope) => found.has(scope))).length;
}

function validateScopes({ scopes: chosen = [], hard = {} }: Readonly<ResourceQuotaSpec>, out: Findings): void {
  const at = "spec.scopes";
  const names = Object.keys(hard).sort();
  for (const scope of chosen) {
    if (!scopes.has(scope)) out.invalid(at, chosen, "unsupported scope");
    for (const name of names) if (!hasResource(scope, name)) out.invalid(at, chosen, "unsupported scope applied to resource");
  }
  for (let count = conflicts(new Set(chosen)); count > 0; count--) out.invalid(at, chosen, "conflicting scopes");
}

function validateSelector({ scopeSelector, scopes: chosen, hard = {} }: Readonly<ResourceQuotaSpec>, out: Findings): void {
  const at = "spec.scopeSelector.matchExpressions";
  const names = Object.keys(hard).sort();
  const found = new Set<string>();
  for (const { scopeName, operator, values = [] } of scopeSelector?.matchExpressions ?? []) {
    if (!scopes.has(scopeName)) out.invalid(`${at}.scopeName`, scopeName, "unsupported scope");
    for (const name of names)
      if (!hasResource(scopeName, name))
        out.invalid(at, goForm("core/v1.ScopeSelector", scopeSelector), "unsupported scope applied to resource");
    if (withoutValues.has(scopeName) && operator !== "Exists") {
      const all = [...withoutValues].map((scope) => `ResourceQuotaScope${scope}`);
      const order = [all[2], all[3], all[0], all[1]].join(", ");
      out.invalid(`${at}.operator`, operator, `must be 'Exists' when scope is any of ${order} or ${all[4]}`);
    }
    validateOperator(operator, values, at, out);
    found.add(scopeName);
  }
  for (let count = conflicts(found); count > 0; count--) out.invalid(at, chosen ?? null, "conflicting scopes");
}

function validateOperator(operator: string, values: readonly string[], at: string, out: Findings): void {
  if (operator === "In" || operator === "NotIn") {
    if (values.length === 0)
      out.required(`${at}.values`, "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector");
  } else if (operator === "Exists" || operator === "DoesNotExist") {
    if (values.length > 0)
      out.invalid(`${at}.values`, values, "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector");
  } else out.invalid(`${at}.operator`, operator, "not a valid selector operator");
}
