import {
  duplicateField,
  fieldPath,
  forbiddenField,
  formatFieldError,
  indexPath,
  invalidField,
  isPlainObject,
  keyPath,
  omittedValue,
  pastItems,
  requiredField,
  type FieldError,
  type ValidationRule,
} from "@coracle/apimachinery";
import type { CelBudget, CelProgram } from "@coracle/apimachinery/cel";
import type { Cel, CompiledRule } from "./compile-rules.ts";
import { Correlation } from "./correlation.ts";
import type { RuleNode } from "./rule-tree.ts";

const outOfBudget = "validation failed due to running out of cost budget, no further validation rules will be run";

interface Place {
  readonly path: string;
  readonly value: unknown;
  /** Undefined when there was nothing, or nothing that could be told to be the same thing. */
  readonly old: unknown;
  /** The nearest value that has a past: this one, or one around it. */
  readonly past: Correlation | undefined;
}

/** Thrown to end the checking of an object: there is no budget left. */
class Exhausted extends Error {}

/**
 * Evaluates the rules of a custom resource, in one budget. Findings are kube-apiserver's, and so are the warnings about what was wrong
 * before and may stay.
 */
export function checkRules(cel: Cel, tree: RuleNode, { object, old, path = "", warn }: Checking): FieldError[] {
  const run = new RuleRun(cel, warn);
  run.check(tree, { path, value: object, old, past: old === undefined ? undefined : new Correlation(object, old) });
  return run.errors;
}

export interface Checking {
  readonly object: unknown;
  readonly old: unknown;
  /** Of the object. Defaults to that of the root. */
  readonly path?: string;
  /** Is told of mistakes that are there already. Undefined when these count like new ones. */
  readonly warn: ((text: string) => void) | undefined;
}

class RuleRun {
  readonly errors: FieldError[] = [];
  readonly #cel: Cel;
  readonly #budget: CelBudget;
  readonly #warn: Checking["warn"];

  constructor(cel: Cel, warn: Checking["warn"]) {
    this.#cel = cel;
    this.#warn = warn;
    this.#budget = new cel.CelBudget(cel.celLimits.runtimeCost);
  }

  check(node: RuleNode, place: Place): void {
    try {
      this.#visit(node, place);
    } catch (error) {
      if (!(error instanceof Exhausted)) throw error;
    }
  }

  #visit(node: RuleNode, place: Place): void {
    const { value } = place;
    // Rules about null and absent values belong to what is around them.
    if (value === null || value === undefined) return;
    for (const rule of node.rules) this.#evaluate(node, rule, place);
    for (const branch of node.allOf) this.#visit(branch, place);
    if (Array.isArray(value)) this.#visitItems(node, value, place);
    else if (isPlainObject(value)) this.#visitFields(node, value, place);
  }

  #visitFields({ properties, values }: RuleNode, value: Record<string, unknown>, place: Place): void {
    const before = isPlainObject(place.old) ? place.old : {};
    for (const key of Object.keys(value)) {
      const named = properties.get(key);
      const node = named ?? values;
      if (node === undefined) continue;
      const path = named === undefined ? keyPath(place.path, key) : fieldPath(place.path, key);
      this.#visit(node, inner(place, { path, value: value[key], old: Object.hasOwn(before, key) ? before[key] : undefined }));
    }
  }

  #visitItems({ items, schema }: RuleNode, value: readonly unknown[], place: Place): void {
    if (items === undefined) return;
    const pastOf = pastItems(schema, place.old);
    value.forEach((item, index) =>
      this.#visit(items, inner(place, { path: indexPath(place.path, index), value: item, old: pastOf?.(item) })),
    );
  }

  #evaluate({ schema }: RuleNode, compiled: CompiledRule, place: Place): void {
    const { rule, program } = compiled;
    const report = (detail: string): void => void this.errors.push(invalidField(place.path || "<nil>", schema.type, detail));
    if (compiled.error !== undefined) report(`rule compile error: ${compiled.error}`);
    const isNew = place.old === undefined || place.old === null;
    if (program === undefined || (compiled.usesOldSelf && isNew && rule.optionalOldSelf !== true)) return;
    if (this.#budget.remaining <= 0) {
      report(outOfBudget);
      throw new Exhausted();
    }
    const bindings = this.#bindings(compiled, place);
    try {
      if (program.evaluate(bindings, this.#budget) === true) return;
    } catch (error) {
      this.#reportFailure(error, rule, report);
      return;
    }
    this.#refuse(compiled, place, this.#message(compiled, bindings, report));
  }

  /** Of a rule with `optionalOldSelf`, an absent `oldSelf` is an optional without value. */
  #bindings({ usesOldSelf }: CompiledRule, { value, old }: Place): Record<string, unknown> {
    return usesOldSelf ? { self: value, oldSelf: old ?? undefined } : { self: value };
  }

  #reportFailure(error: unknown, rule: ValidationRule, report: (detail: string) => void): void {
    const { CelCostError, CelEvaluationError } = this.#cel;
    const shown = shownRule(rule);
    if (error instanceof CelCostError) {
      const isCall = error.scope === "call";
      report(
        isCall
          ? `'${error.message}': no further validation rules will be run due to call cost exceeds limit for rule: ${shown}`
          : outOfBudget,
      );
      throw new Exhausted();
    }
    if (!(error instanceof CelEvaluationError)) throw error;
    if (error.message.startsWith("no such overload")) {
      report(`'${error.message}': call arguments did not match a supported operator, function or macro signature for rule: ${shown}`);
    } else report(`${error.message} evaluating rule: ${shown}`);
  }

  #message({ rule, messageProgram }: CompiledRule, bindings: Record<string, unknown>, report: (detail: string) => void): string {
    const fallback = rule.message ? rule.message.trim() : `failed rule: ${shownRule(rule)}`;
    if (messageProgram === undefined) return fallback;
    return this.#evaluateMessage(messageProgram, bindings, report) ?? fallback;
  }

  /** Undefined when the expression gives no usable text. */
  #evaluateMessage(program: CelProgram, bindings: Record<string, unknown>, report: (detail: string) => void): string | undefined {
    const { CelCostError, CelEvaluationError, celLimits } = this.#cel;
    try {
      const text = program.evaluate(bindings, this.#budget);
      const trimmed = typeof text === "string" ? text.trim() : "";
      const isUsable = trimmed !== "" && !trimmed.includes("\n") && new TextEncoder().encode(trimmed).length <= celLimits.messageBytes;
      return isUsable ? trimmed : undefined;
    } catch (error) {
      if (error instanceof CelEvaluationError) return undefined;
      if (!(error instanceof CelCostError)) throw error;
      const shown = JSON.stringify(program.expression);
      report(
        error.scope === "call"
          ? `no further validation rules will be run due to call cost exceeds limit for messageExpression: ${shown}`
          : "messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run",
      );
      throw new Exhausted();
    }
  }

  #refuse({ rule, usesOldSelf, fieldPath: below }: CompiledRule, place: Place, detail: string): void {
    const path = below === "" ? place.path : joined(place.path, below);
    const isContainer = typeof place.value === "object";
    const error = findingOf(path === "" ? "<nil>" : path, isContainer ? omittedValue : place.value, { reason: rule.reason, detail });
    if (this.#warn !== undefined && !usesOldSelf && place.past?.isSame === true) this.#warn(formatFieldError(error));
    else this.errors.push(error);
  }
}

function inner(outer: Place, { path, value, old }: Omit<Place, "past">): Place {
  return { path, value, old, past: old === undefined ? outer.past : new Correlation(value, old) };
}

function joined(path: string, below: string): string {
  return path === "" || below.startsWith("[") ? path + below : `${path}.${below}`;
}

function shownRule({ rule, message }: ValidationRule): string {
  return (message || rule).trim();
}

function findingOf(
  path: string,
  value: unknown,
  { reason, detail }: { readonly reason: string | undefined; readonly detail: string },
): FieldError {
  switch (reason) {
    case "FieldValueForbidden":
      return forbiddenField(path, detail);
    case "FieldValueRequired":
      return requiredField(path, detail);
    case "FieldValueDuplicate":
      return duplicateField(path, value);
    default:
      return invalidField(path, value, detail);
  }
}
