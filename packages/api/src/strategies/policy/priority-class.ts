import { semanticEqual, supportedValues } from "@coracle/apimachinery";
import type { PriorityClass } from "../../generated/types.ts";
import { strategyOf } from "../hooks.ts";

const preemptionPolicies = supportedValues("PreemptLowerPriority", "Never");
const highestOfUsers = 1_000_000_000;
const systemClasses = new Map([
  ["system-node-critical", 2_000_001_000],
  ["system-cluster-critical", 2_000_000_000],
]);

export const priorityClasses = strategyOf<PriorityClass>({
  hasStatus: false,
  hasGeneration: true,
  defaults: (priority) => void (priority.preemptionPolicy ??= "PreemptLowerPriority"),
  validate(priority, out, old) {
    if (old === undefined) {
      const { name = "" } = priority.metadata;
      const { value = 0 } = priority;
      if (name.startsWith("system-")) {
        const problem = systemProblem(priority);
        const text = "priority class names with 'system-' prefix are reserved for system use only. error: ";
        if (problem !== undefined) out.forbidden("metadata.name", text + problem);
      } else if (value > highestOfUsers) out.forbidden("value", `maximum allowed value of a user defined priority is ${highestOfUsers}`);
      if (priority.preemptionPolicy !== undefined) out.requiredOneOf(priority.preemptionPolicy, preemptionPolicies, "preemptionPolicy");
      return;
    }
    if (!semanticEqual(priority.value ?? 0, old.value ?? 0)) out.forbidden("value", "may not be changed in an update.");
    out.immutable(priority.preemptionPolicy, old.preemptionPolicy, "preemptionPolicy");
  },
});

function systemProblem({ metadata, value = 0, globalDefault = false }: Readonly<PriorityClass>): string | undefined {
  const { name = "" } = metadata;
  const expected = systemClasses.get(name);
  if (expected === undefined) return `${name} is not a known system priority class`;
  if (value !== expected) return `value of ${name} PriorityClass must be ${expected}`;
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}
