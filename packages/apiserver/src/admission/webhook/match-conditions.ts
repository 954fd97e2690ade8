import type { MatchCondition } from "@coracle/api";
import type { CompiledExpression } from "@coracle/api/expressions";
import type { ConditionVerdict, ExpressionInput } from "../expressions/index.ts";

/** The match conditions of a webhook, compiled when they are first asked about. */
export class MatchConditions {
  readonly #conditions: readonly MatchCondition[];
  readonly #failurePolicy: string | undefined;
  #compiled: Promise<readonly CompiledExpression[]> | undefined;

  constructor(conditions: readonly MatchCondition[], failurePolicy: string | undefined) {
    this.#conditions = conditions;
    this.#failurePolicy = failurePolicy;
  }

  get isEmpty(): boolean {
    return this.#conditions.length === 0;
  }

  async judge(input: ExpressionInput): Promise<ConditionVerdict> {
    const { judgeConditions } = await import("../expressions/index.ts");
    return judgeConditions(await (this.#compiled ??= this.#compile()), this.#failurePolicy, input);
  }

  async #compile(): Promise<readonly CompiledExpression[]> {
    const { ExpressionCompiler, returnTypes } = await import("@coracle/api/expressions");
    const compiler = new ExpressionCompiler({ hasParams: false, hasVariables: false });
    return this.#conditions.map(({ expression }) => compiler.compile(expression, returnTypes.matchCondition));
  }
}
