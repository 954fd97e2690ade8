import type { CelBudget } from "./budget.ts";
import type { CelEnvironment } from "./environment.ts";
import type { CelType } from "./types/type.ts";
import type { CelValue } from "./values/value.ts";

/** The value of an expression: booleans, strings and ints are those of JavaScript (`celToJson` makes JSON of the others). */
export type CelResult = CelValue;

/** An expression that fits its environment. */
export interface CelProgram {
  readonly expression: string;
  readonly resultType: CelType;
  /** The declared variables that it reads: `oldSelf`, `variables`, `authorizer.requestResource`. */
  readonly references: ReadonlySet<string>;
  /** The cost at best and at worst as Kubernetes estimates it, from sizes that the schema states. At most 2⁶⁴ − 1. */
  estimateCost(): { readonly min: number; readonly max: number };
  /**
   * Bindings are JSON data, values of CEL, or {@link lazy} ones. A variable without a binding is an error when it is read.
   * The cost is taken from the budget also when this throws.
   * @throws {CelEvaluationError} the expression has no value: `no such key: foo`
   * @throws {CelCostError} the evaluation cost too much
   */
  evaluate(bindings: Readonly<Record<string, unknown>>, budget: CelBudget): CelResult;
}

/**
 * Parses and type-checks an expression.
 * @param expected the types it may result in, if that matters: `must evaluate to bool but got string`
 * @throws {CelCompileError} in cel-go's words, without a prefix such as "compilation failed: "
 */
export function compileCel(expression: string, environment: CelEnvironment, expected?: CelType | readonly CelType[]): CelProgram {
  void [environment, expected];
  throw new Error(`not yet: ${expression}`);
}
