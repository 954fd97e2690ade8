import { CelBudget, celLimits } from "@coracle/apimachinery/cel";
import type { CompiledExpression } from "@coracle/api/expressions";
import type { ExpressionInput } from "./bindings.ts";
import { evaluateAll, OutOfBudgetError, type Evaluation } from "./evaluate.ts";

export interface NamedCondition {
  readonly name: string;
  readonly expression: string;
}

export type ConditionVerdict =
  | { readonly type: "match" }
  | { readonly type: "no-match" }
  /** The failure policy makes the request fail. */
  | { readonly type: "error"; readonly message: string };

/** Whether all match conditions hold: a false one decides, else the failure policy decides about those that have no value. */
export function judgeConditions(
  conditions: readonly CompiledExpression[],
  failurePolicy: string | undefined,
  input: ExpressionInput,
): ConditionVerdict {
  const failed = (message: string): ConditionVerdict => (failurePolicy === "Ignore" ? { type: "no-match" } : { type: "error", message });
  let evaluations: (Evaluation | undefined)[];
  try {
    evaluations = evaluateAll(conditions, input, new CelBudget(celLimits.matchConditionsCost));
  } catch (error) {
    if (error instanceof OutOfBudgetError) return failed(error.message);
    throw error;
  }
  if (evaluations.some((evaluation) => evaluation !== undefined && evaluation.problem === undefined && evaluation.value === false)) {
    return { type: "no-match" };
  }
  const problems = [...new Set(evaluations.flatMap((evaluation) => evaluation?.problem ?? []))];
  const [first] = problems;
  if (first === undefined) return { type: "match" };
  return failed(problems.length === 1 ? first : `[${problems.join(", ")}]`);
}
