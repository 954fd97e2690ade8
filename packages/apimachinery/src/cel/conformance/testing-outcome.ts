import { CelBudget } from "../budget.ts";
import { createCelEnvironment } from "../environment.ts";
import { CelCompileError, CelEvaluationError } from "../errors.ts";
import { compileCel, type CelProgram } from "../program.ts";
import { formatType } from "../types/relate.ts";
import type { CelType } from "../types/type.ts";
import { valueText } from "../values/value-text.ts";
import type { CelValue } from "../values/value.ts";
import type { SuiteCase } from "./testing-suite.ts";
import { isSame, NotRepresentable, typeOfSuite, valueOfSuite } from "./testing-values.ts";

/** Why a case of the suite does not hold; undefined when it does. */
export function failureOf({ original, type }: SuiteCase): string | undefined {
  try {
    const { typeEnv = [], bindings = {}, evalError, checkOnly, typedResult } = original;
    const variables: Record<string, CelType> = {};
    for (const { name, ident } of typeEnv) {
      if (ident === undefined) return "declares a function";
      variables[name] = typeOfSuite(ident.type);
    }
    const values = Object.fromEntries(Object.entries(bindings).map(([name, { value }]) => [name, valueOfSuite(value)]));
    const program = compiled(original.expr, variables);
    if (typeof program === "string") return evalError === undefined ? `does not compile: ${program}` : undefined;
    const wrongType = typeFailure(program.resultType, typedResult && formatType(typeOfSuite(typedResult.deducedType)), type);
    if (wrongType !== undefined || checkOnly === true) return wrongType;
    return resultFailure(program, values, original);
  } catch (error) {
    if (error instanceof NotRepresentable) return `no such type: ${error.message}`;
    throw error;
  }
}

function typeFailure(found: CelType, ...expected: readonly (string | undefined)[]): string | undefined {
  const text = formatType(found).replaceAll(/_var\d+/g, "dyn");
  const wrong = expected.find((type) => type !== undefined && type !== text);
  return wrong === undefined ? undefined : `is of type ${text}, not ${wrong}`;
}

function compiled(expression: string, variables: Readonly<Record<string, CelType>>): CelProgram | string {
  try {
    return compileCel(expression, createCelEnvironment({ variables, extensions: ["bindings"] }));
  } catch (error) {
    if (error instanceof CelCompileError) return error.message;
    throw error;
  }
}

function resultFailure(
  program: CelProgram,
  values: Readonly<Record<string, unknown>>,
  { value, typedResult, evalError }: SuiteCase["original"],
): string | undefined {
  let result: CelValue;
  try {
    result = program.evaluate(values, new CelBudget());
  } catch (error) {
    if (!(error instanceof CelEvaluationError)) throw error;
    return evalError === undefined ? `fails: ${error.message}` : undefined;
  }
  if (evalError !== undefined) return `does not fail: ${valueText(result)}`;
  const expected = valueOfSuite(value ?? typedResult?.result ?? { boolValue: true });
  return isSame(result, expected) ? undefined : `is ${valueText(result)}, not ${valueText(expected)}`;
}
