import { Findings, supportedValues, validateConditions } from "@coracle/apimachinery";
import type { PodDisruptionBudget, PodDisruptionBudgetSpec } from "../../generated/types.ts";
import { strategyOf } from "../hooks.ts";
import { goForm } from "../shared/go-form.ts";
import { validateIntOrPercent, validateNotAboveAll } from "../shared/int-or-percent.ts";
import { validateCounts } from "../shared/status-counts.ts";

const evictionPolicies = supportedValues("AlwaysAllow", "IfHealthyBudget");
const noSpec: PodDisruptionBudgetSpec = {};
const noStatus = { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 };

export const podDisruptionBudgets = strategyOf<PodDisruptionBudget>({
  prepareCreate: (budget) => void (budget.status = { ...noStatus }),
  validate({ spec = noSpec }, out, old) {
    const at = "spec";
    if (spec.minAvailable !== undefined && spec.maxUnavailable !== undefined)
      out.invalid(at, goForm("policy/v1.PodDisruptionBudgetSpec", spec), "minAvailable and maxUnavailable cannot be both set");
    for (const name of ["minAvailable", "maxUnavailable"] as const) {
      if (spec[name] === undefined) continue;
      validateIntOrPercent(spec[name], `${at}.${name}`, out);
      validateNotAboveAll(spec[name], `${at}.${name}`, out);
    }
    const before = new Findings();
    before.labelSelector(old?.spec?.selector, "");
    if (before.errors.length === 0) out.labelSelector(spec.selector, `${at}.selector`);
    out.optionalOneOf(spec.unhealthyPodEvictionPolicy, evictionPolicies, `${at}.unhealthyPodEvictionPolicy`);
  },
  subresources: {
    status({ status = noStatus }, _old, out) {
      validateConditions("conditions" in status ? status.conditions : undefined, "status.conditions", out);
      validateCounts(status, ["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"], out);
    },
  },
  more: { allowUnconditionalUpdate: false },
});
