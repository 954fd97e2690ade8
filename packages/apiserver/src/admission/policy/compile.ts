import type { MatchCondition, ParamKind, Variable } from "@coracle/api";
import { ExpressionCompiler, returnTypes, type CompiledExpression } from "@coracle/api/expressions";

/** What policies of both kinds have in common, compiled. */
export interface CompiledPolicy {
  readonly variables: ReadonlyMap<string, CompiledExpression>;
  readonly conditions: readonly CompiledExpression[];
  /** Compiles more; knows the variables. */
  readonly compiler: ExpressionCompiler;
}

interface PolicyParts {
  readonly paramKind?: ParamKind | undefined;
  readonly variables?: readonly Variable[] | undefined;
  readonly matchConditions?: readonly MatchCondition[] | undefined;
}

export function compilePolicy({ paramKind, variables = [], matchConditions = [] }: PolicyParts): CompiledPolicy {
  const compiler = new ExpressionCompiler({ hasParams: paramKind !== undefined, hasVariables: true });
  return {
    compiler,
    variables: new Map(variables.map((variable) => [variable.name, compiler.addVariable(variable)])),
    conditions: matchConditions.map(({ expression }) => compiler.compile(expression, returnTypes.matchCondition)),
  };
}
