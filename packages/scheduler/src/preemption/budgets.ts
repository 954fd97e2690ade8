import { selectorFrom } from "@coracle/apimachinery";
import type { PodDisruptionBudget } from "@coracle/api";
import type { PodInfo } from "../framework/plugin.ts";

/** Those of `victims` whose going would break a budget, and the others; both in the order given. */
export function splitByBudgets(
  victims: readonly PodInfo[],
  budgets: readonly PodDisruptionBudget[],
): { violating: PodInfo[]; harmless: PodInfo[] } {
  const left = budgets.map((budget) => ({
    budget,
    selector: selectorFrom(budget.spec?.selector),
    allowed: budget.status?.disruptionsAllowed ?? 0,
  }));
  const violating: PodInfo[] = [];
  const harmless: PodInfo[] = [];
  for (const victim of victims) {
    const { name = "", namespace, labels = {} } = victim.pod.metadata;
    let isViolated = false;
    for (const entry of left) {
      const { metadata, status, spec } = entry.budget;
      const selectsAll = Object.keys(spec?.selector?.matchLabels ?? {}).length + (spec?.selector?.matchExpressions ?? []).length === 0;
      // What the eviction API let go already is paid for.
      const isPaid = status?.disruptedPods?.[name] !== undefined;
      if (metadata.namespace !== namespace || selectsAll || isPaid || !entry.selector.matches(labels)) continue;
      entry.allowed--;
      isViolated ||= entry.allowed < 0;
    }
    (isViolated ? violating : harmless).push(victim);
  }
  return { violating, harmless };
}
