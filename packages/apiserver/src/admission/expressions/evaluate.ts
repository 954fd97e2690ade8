import { CelBudget, CelCostError, CelEvaluationError, type CelResult } from "@coracle/apimachinery/cel";
import type { CompiledExpression } from "@coracle/api/expressions";
import { bindingsFor, type ExpressionInput } from "./bindings.ts";

/** The value of an expression, or why it has none. */
export type Evaluation = { readonly value: CelResult; readonly problem?: undefined } | { readonly problem: string };

/** A group of expressions cost more than it may; what was found out so far does not count. */
export class OutOfBudgetError extends Error {
  override readonly name = "OutOfBudgetError";
}

/**
 * Evaluates a group of expressions in order, within one budget; undefined ones stay undefined. @throws {OutOfBudgetError}
 */
export function evaluateAll(
  expressions: readonly (CompiledExpression | undefined)[],
  input: ExpressionInput,
  budget: CelBudget,
): (Evaluation | undefined)[] {
  const bindings = bindingsFor(input, budget);
  return expressions.map((expression) => expression && evaluate(expression, bindings, budget));
}

function evaluate(
  { expression, program, problem }: CompiledExpression,
  bindings: Readonly<Record<string, unknown>>,
  budget: CelBudget,
): Evaluation {
  if (program === undefined) return { problem: `compilation error: ${problem}` };
  try {
    return { value: program.evaluate(bindings, budget) };
  } catch (error) {
    if (error instanceof CelCostError && error.scope === "budget") throw new OutOfBudgetError(error.message, { cause: error });
    if (!(error instanceof CelCostError) && !(error instanceof CelEvaluationError)) throw error;
    return { problem: `expression '${expression}' resulted in error: ${error.message}` };
  }
}
