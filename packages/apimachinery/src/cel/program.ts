import type { CelBudget } from "./budget.ts";
import type { Checked } from "./checker/checked.ts";
import { check } from "./checker/checker.ts";
import { estimateCost } from "./cost/estimate.ts";
import type { CelEnvironment } from "./environment.ts";
import { CelCompileError, CelCostError, CelEvaluationError } from "./errors.ts";
import { Frame, type Step } from "./evaluator/frame.ts";
import { plan } from "./evaluator/planner.ts";
import { parse } from "./parser/parser.ts";
import { describeType, isExactType } from "./types/relate.ts";
import type { CelType } from "./types/type.ts";
import { CelFailure, type CelValue } from "./values/value.ts";

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
   * Bindings are JSON data, values of CEL, or {@link lazy} ones. A variable without a binding is an error when it is read; one of an
   * optional type is bound to its value, or to `undefined` when it has none.
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
  const checked = check(expression, parse(expression, environment.extensions), environment);
  if (expected !== undefined) expectType(checked.resultType, Array.isArray(expected) ? expected : [expected as CelType]);
  const { evaluate, slotCount } = plan(checked, environment);
  return new Program(expression, { checked, environment, evaluate, slotCount });
}

function expectType(type: CelType, expected: readonly CelType[]): void {
  if (expected.some((other) => isExactType(other, type))) return;
  const names = expected.map(describeType);
  const wanted = names.length === 1 ? names[0] : `one of [${names.join(" ")}]`;
  throw new CelCompileError(`must evaluate to ${wanted} but got ${describeType(type)}`);
}

function outOfLimit(cause: RangeError): CelCostError {
  const error = new CelCostError("call", "operation cancelled: actual cost limit exceeded");
  error.cause = cause;
  return error;
}

interface Parts {
  readonly checked: Checked;
  readonly environment: CelEnvironment;
  readonly evaluate: Step;
  readonly slotCount: number;
}

class Program implements CelProgram {
  readonly expression: string;
  readonly #parts: Parts;

  constructor(expression: string, parts: Parts) {
    this.expression = expression;
    this.#parts = parts;
  }

  get resultType(): CelType {
    return this.#parts.checked.resultType;
  }

  get references(): ReadonlySet<string> {
    return this.#parts.checked.variables;
  }

  estimateCost(): { readonly min: number; readonly max: number } {
    return estimateCost(this.#parts.checked, this.#parts.environment.sizesFrom);
  }

  evaluate(bindings: Readonly<Record<string, unknown>>, budget: CelBudget): CelResult {
    const frame = new Frame(bindings, budget.perCallLimit, this.#parts.slotCount);
    const result = this.#run(frame, budget);
    budget.spend(frame.cost);
    if (result instanceof CelFailure) throw new CelEvaluationError(result.message);
    return result;
  }

  #run(frame: Frame, budget: CelBudget): CelValue | CelFailure {
    try {
      return this.#parts.evaluate(frame);
    } catch (error) {
      // Data may be nested more deeply than the stack is, and texts may grow longer than they may.
      const failure = error instanceof RangeError ? outOfLimit(error) : error;
      if (failure instanceof CelCostError && failure.scope === "call") budget.exhaust(frame.cost);
      throw failure;
    }
  }
}
