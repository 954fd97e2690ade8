import type { ResolvedCall } from "../checker/checked.ts";
import { callCost } from "../cost/runtime-cost.ts";
import { CelCompileError } from "../errors.ts";
import { isOfType, type Overload } from "../library/declaration.ts";
import { contains } from "../library/core.ts";
import { operators } from "../parser/operators.ts";
import { compileRegex } from "../regex.ts";
import { equal } from "../values/equality.ts";
import { ArrayList } from "../values/list.ts";
import { hashOfKey } from "../values/map.ts";
import { typeOf } from "../values/type-of.ts";
import { CelDouble, CelFailure, CelUint, noSuchOverload, type CelValue, type Evaluated } from "../values/value.ts";
import type { Frame, Step } from "./frame.ts";
import { constantPlan, otherPlan, type Plan } from "./plan.ts";

type Apply = (args: readonly CelValue[]) => Evaluated;
type Implementation = (...args: readonly CelValue[]) => Evaluated;

const conversions = new Set(["bool", "bytes", "double", "duration", "dyn", "int", "string", "timestamp", "type", "uint"]);
/** These say less than others when their arguments do not fit. */
const terse = new Set(["contains", "endsWith", "startsWith"]);
/** cel-go stops at the first argument of these that fails, and then charges nothing. */
const variadic = new Set(["string_format", "string_find_all_string"]);

/** @throws {CelCompileError} of the stage `instantiation`, when constant arguments can have no result */
export function planCall(call: ResolvedCall, args: readonly Plan[]): Plan {
  const [first, second] = args;
  const [single] = call.overloads.length === 1 ? call.overloads : [];
  if (single?.id === "in_list" && second?.kind === "constant") {
    const member = membership(first as Plan, second.value);
    if (member !== undefined) return member;
  }
  if (conversions.has(call.name) && args.length === 1 && first?.kind === "constant") return foldConversion(call, first.value);
  const pattern = { matches: second, find: second, findAll: second }[call.name];
  if (pattern?.kind === "constant" && typeof pattern.value === "string") requireRegex(pattern.value);
  return otherPlan(steps(call, args));
}

function steps(call: ResolvedCall, args: readonly Plan[]): Step {
  const [first, second] = args.map(({ evaluate }) => evaluate);
  const id = call.overloads.length === 1 ? (call.overloads[0] as Overload).id : "";
  const cost = callCost(call.name, id);
  if (call.name === operators.notStrictlyFalse) return notStrictlyFalse(first as Step);
  if (call.name === operators.equals) return equality(first as Step, second as Step, true);
  if (call.name === operators.notEquals) return equality(first as Step, second as Step, false);
  const apply = applyOf(call);
  const isVariadic = args.length > 2 || args.length === 0 || variadic.has(id);
  const evaluators = args.map(({ evaluate }) => evaluate);
  return (frame) => {
    const values: Evaluated[] = [];
    let failure: CelFailure | undefined;
    for (const evaluate of evaluators) {
      const value = evaluate(frame);
      if (value instanceof CelFailure) {
        if (isVariadic) return value;
        failure ??= value;
      }
      values.push(value);
    }
    return finish(frame, { values, failure, cost, apply });
  };
}

interface Finishing {
  readonly values: readonly Evaluated[];
  readonly failure: CelFailure | undefined;
  readonly cost: ReturnType<typeof callCost>;
  readonly apply: Apply;
}

/** What can be charged before is charged before, so that no work is done that was not paid for. */
function finish(frame: Frame, { values, failure, cost, apply }: Finishing): Evaluated {
  if (!cost.needsResult) frame.charge(cost.of(values, noSuchOverload));
  const result = failure ?? apply(values as readonly CelValue[]);
  if (cost.needsResult) frame.charge(cost.of(values, result));
  return result;
}

function applyOf({ name, overloads, evaluate }: ResolvedCall): Apply {
  if (evaluate !== undefined) {
    const all = evaluate as Implementation;
    return (args) => all(...args);
  }
  const candidates = overloads.map((overload) => ({ parameters: overload.parameters, run: overload.evaluate as Implementation }));
  return (args) => {
    for (const { parameters, run } of candidates)
      if (
        args.length === parameters.length &&
        args.every((value, index) => isOfType(value, parameters[index] as (typeof parameters)[number]))
      )
        return run(...args);
    return terse.has(name)
      ? noSuchOverload
      : new CelFailure(`no such overload: ${name}(${args.map((value) => typeOf(value).name).join(", ")})`);
  };
}

function notStrictlyFalse(argument: Step): Step {
  return (frame) => {
    const value = argument(frame);
    frame.charge(1);
    return value !== false;
  };
}

function equality(left: Step, right: Step, isEqual: boolean): Step {
  const cost = callCost(isEqual ? operators.equals : operators.notEquals, isEqual ? "equals" : "not_equals");
  return (frame) => {
    const first = left(frame);
    const second = right(frame);
    frame.charge(cost.of([first, second], noSuchOverload));
    if (first instanceof CelFailure) return first;
    if (second instanceof CelFailure) return second;
    const result = equal(first, second);
    return isEqual ? result : result !== true;
  };
}

function foldConversion(call: ResolvedCall, value: CelValue): Plan {
  const result = applyOf(call)([value]);
  if (result instanceof CelFailure) throw new CelCompileError(result.message, [], "instantiation");
  return constantPlan(result);
}

function requireRegex(pattern: string): void {
  const compiled = compileRegex(pattern);
  if (compiled instanceof CelFailure) throw new CelCompileError(compiled.message, [], "instantiation");
}

/** `x in [1, 2]`: whether a constant list has the value, which is free. Undefined for lists that need comparisons. */
function membership(argument: Plan, list: CelValue): Plan | undefined {
  if (!(list instanceof ArrayList)) return undefined;
  if (list.size === 0) return constantPlan(false);
  if (!list.items.every(isHashable)) return undefined;
  const known = new Set(list.items.map(hashOfKey));
  return otherPlan((frame) => {
    const value = argument.evaluate(frame);
    if (value instanceof CelFailure) return value;
    return isHashable(value) ? known.has(hashOfKey(value)) : contains(value, list);
  });
}

function isHashable(value: CelValue): boolean {
  return value !== null && (typeof value !== "object" || value instanceof CelDouble || value instanceof CelUint);
}
