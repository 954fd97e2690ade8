import { assert } from "@coracle/base";
import { indexPath, type Findings } from "@coracle/apimachinery";
import type { MatchCondition } from "../../generated/types.ts";
import type { CompiledExpression } from "../../expressions/index.ts";

type Engine = typeof import("../../expressions/index.ts");
let engine: Engine | undefined;

/** Loads what checks expressions. For the `load` hook of kinds that have some. */
export async function loadExpressions(): Promise<void> {
  engine ??= await import("../../expressions/index.ts");
}

/** What checks expressions, once {@link loadExpressions} has run. */
export function expressionEngine(): Engine {
  assert(engine !== undefined, "expressions are checked before the engine was loaded");
  return engine;
}

/** Reports an expression that does not compile; `shown` is what the message repeats. */
export function reportProblem({ problem, expression }: CompiledExpression, at: string, out: Findings, shown = expression): void {
  if (problem !== undefined) out.invalid(at, shown, problem);
}

const conditionsLimit = 64;

/** Checks the match conditions of a webhook or policy. `hasParams`: whether they may read `params`. */
export function validateMatchConditions(
  conditions: readonly MatchCondition[],
  at: string,
  out: Findings,
  { hasParams }: { readonly hasParams: boolean },
): void {
  if (conditions.length > conditionsLimit) out.tooMany(at, conditions.length, conditionsLimit);
  const names = new Set<string>();
  for (const [index, { name, expression }] of conditions.entries()) {
    const here = indexPath(at, index);
    const trimmed = expression?.trim() ?? "";
    if (out.present(trimmed, `${here}.expression`)) reportProblem(compileCondition(trimmed, hasParams), `${here}.expression`, out);
    if (!out.present(name, `${here}.name`)) continue;
    out.qualifiedName(name, `${here}.name`);
    if (names.has(name)) out.duplicate(`${here}.name`, name);
    names.add(name);
  }
}

function compileCondition(expression: string, hasParams: boolean): CompiledExpression {
  const { ExpressionCompiler, returnTypes } = expressionEngine();
  return new ExpressionCompiler({ hasParams, hasVariables: false }).compile(expression, returnTypes.matchCondition);
}
