import {
  fieldPath,
  forbiddenField,
  indexPath,
  invalidField,
  keyPath,
  type FieldError,
  type Schema,
  type ValidationRule,
} from "@coracle/apimachinery";
import { compileRules, type Cel, type CompiledRule } from "./compile-rules.ts";
import { minimalSize } from "./minimal-size.ts";
import { hasRules } from "./rule-tree.ts";
import { visibleSchema } from "./visible-schema.ts";

interface Place {
  readonly path: string;
  readonly isResourceRoot: boolean;
  /** How many values there can be in one object, as far as the schema limits them. */
  readonly cardinality: number | undefined;
  /** Around here nothing can be told to be the same as before. */
  readonly uncorrelatable: string | undefined;
}

interface Expense {
  readonly path: string;
  readonly cost: number;
}

/**
 * Compiles all rules of a version's schema and estimates what they cost. Findings are kube-apiserver's; `path` is that of
 * `openAPIV3Schema`. A rule of an unchanged schema may cost what it did; of a schema in which something else is wrong nothing is said.
 */
export function checkExpressions(
  cel: Cel,
  schema: Schema,
  { path, isUnchanged, isWrong }: { readonly path: string; readonly isUnchanged: boolean; readonly isWrong: (path: string) => boolean },
): FieldError[] {
  const check = new ExpressionCheck(cel, { isUnchanged, isWrong });
  check.visit(schema, { path, isResourceRoot: true, cardinality: 1, uncorrelatable: undefined });
  return [...check.errors, ...check.totalErrors(path)];
}

class ExpressionCheck {
  readonly errors: FieldError[] = [];
  readonly #cel: Cel;
  readonly #state: Pick<Parameters<typeof checkExpressions>[2], "isUnchanged" | "isWrong">;
  readonly #expenses: Expense[] = [];
  #total = 0;

  constructor(cel: Cel, state: Pick<Parameters<typeof checkExpressions>[2], "isUnchanged" | "isWrong">) {
    this.#cel = cel;
    this.#state = state;
  }

  visit(schema: Schema, place: Place): void {
    if (!hasRules(schema)) return;
    const cardinality = product(place.cardinality, elementsOf(schema));
    const { properties = {}, additionalProperties, items } = schema;
    const below = { isResourceRoot: false, cardinality, uncorrelatable: place.uncorrelatable };
    if (additionalProperties !== undefined) {
      const path = fieldPath(place.path, "additionalProperties");
      this.visit(additionalProperties, { ...below, path, isResourceRoot: additionalProperties.isEmbeddedResource === true });
    }
    for (const [name, child] of Object.entries(properties)) {
      const path = keyPath(fieldPath(place.path, "properties"), name);
      this.visit(child, { ...below, path, isResourceRoot: child.isEmbeddedResource === true });
    }
    if (items !== undefined) {
      const path = fieldPath(place.path, "items");
      const uncorrelatable = place.uncorrelatable ?? (schema.listType === "map" ? undefined : place.path);
      this.visit(items, { ...below, path, uncorrelatable, isResourceRoot: items.isEmbeddedResource === true });
    }
    this.#checkRules(schema, place);
  }

  #checkRules(schema: Schema, place: Place): void {
    const rules = schema.rules ?? [];
    if (rules.length === 0 || this.#state.isWrong(place.path)) return;
    const path = fieldPath(place.path, "x-kubernetes-validations");
    const type = this.#cel.celTypeOfSchema(visibleSchema(schema, place.isResourceRoot), { name: "selfType" });
    if (type === undefined) {
      const detail =
        "internal error: failed to construct type information for x-kubernetes-validations rules: unable to convert structural schema to CEL declarations";
      this.errors.push({ type: "InternalError", field: path, badValue: "", detail });
      return;
    }
    const cardinality = place.cardinality ?? Math.floor(this.#cel.celLimits.requestBytes / (minimalSize(schema) + 1));
    compileRules(this.#cel, { type, schema }, rules).forEach((compiled, index) =>
      this.#checkRule(compiled, indexPath(path, index), { cardinality, uncorrelatable: place.uncorrelatable }),
    );
  }

  #checkRule(
    compiled: CompiledRule,
    path: string,
    { cardinality, uncorrelatable }: { readonly cardinality: number; readonly uncorrelatable: string | undefined },
  ): void {
    const { rule, program, messageProgram, usesOldSelf } = compiled;
    const at = fieldPath(path, "rule");
    if (program !== undefined) this.#addCost("estimated rule cost", program.estimateCost().max * cardinality, at);
    if (compiled.error !== undefined) this.errors.push(invalidField(at, shownRule(rule), compiled.error));
    const messageAt = fieldPath(path, "messageExpression");
    if (compiled.messageError !== undefined) this.errors.push(invalidField(messageAt, shownRule(rule), compiled.messageError));
    if (messageProgram !== undefined) this.#addCost("estimated messageExpression cost", messageProgram.estimateCost().max, messageAt);
    if (usesOldSelf && uncorrelatable !== undefined) {
      const detail = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelatable}`;
      this.errors.push(invalidField(at, rule.rule, detail));
    } else if (!usesOldSelf && rule.optionalOldSelf !== undefined) {
      const detail = "may not be set if oldSelf is not used in rule";
      this.errors.push(invalidField(fieldPath(path, "optionalOldSelf"), rule.optionalOldSelf, detail));
    }
  }

  #addCost(name: string, cost: number, path: string): void {
    const { estimatedCostPerExpression: limit } = this.#cel.celLimits;
    if (cost > limit && !this.#state.isUnchanged) this.errors.push(forbiddenField(path, tooExpensive(name, cost, limit)));
    this.#total += cost;
    this.#expenses.push({ path, cost });
  }

  /** What is wrong with the cost of all rules together: the four most expensive ones are named. */
  totalErrors(path: string): FieldError[] {
    const { estimatedCostPerSchema: limit } = this.#cel.celLimits;
    if (this.#total <= limit) return [];
    const dear = this.#expenses.filter(({ cost }) => cost >= limit / 100).sort((left, right) => right.cost - left.cost);
    const share = "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema";
    const name = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema";
    return [
      ...dear.slice(0, 4).map((each) => forbiddenField(each.path, share)),
      forbiddenField(path, tooExpensive(name, this.#total, limit)),
    ];
  }
}

/** As upstream shows a rule: all fields of its own type. */
function shownRule(rule: ValidationRule): object {
  return {
    Rule: rule.rule,
    Message: rule.message ?? "",
    MessageExpression: rule.messageExpression ?? "",
    Reason: rule.reason ?? null,
    FieldPath: rule.fieldPath ?? "",
    OptionalOldSelf: rule.optionalOldSelf ?? null,
  };
}

/** By how much a value of the schema multiplies what is in it; undefined without a limit. */
function elementsOf(schema: Schema): number | undefined {
  const { maxItems, maxProperties } = schema.validations ?? {};
  if (schema.type === "array") return maxItems === undefined ? undefined : Math.max(0, maxItems);
  if (schema.type !== "object" || schema.additionalProperties === undefined) return 1;
  return maxProperties === undefined ? undefined : Math.max(0, maxProperties);
}

function product(left: number | undefined, right: number | undefined): number | undefined {
  return left === undefined || right === undefined ? undefined : left * right;
}

function tooExpensive(name: string, cost: number, limit: number): string {
  const factor = cost / limit;
  const shown = factor > 100 ? "more than 100x" : `${factor.toFixed(factor < 1.5 ? 6 : 1)}x`;
  const advice =
    "(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)";
  return `${name} exceeds budget by factor of ${shown} ${advice}`;
}
