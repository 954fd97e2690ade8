import type { LabelSelector } from "../meta/types.ts";
import type { FieldError } from "../validation/field-error.ts";
import { formatFieldError, invalidField } from "../validation/field-errors.ts";
import { indexPath, keyPath } from "../validation/field-path.ts";
import { labelValueErrors, qualifiedNameErrors } from "../validation/names.ts";

export type LabelOperator = "in" | "notin" | "=" | "==" | "!=" | "exists" | "!" | "gt" | "lt";

/** One term of a label selector. */
export interface LabelRequirement {
  readonly key: string;
  readonly operator: LabelOperator;
  readonly values: readonly string[];
}

export type Labels = Readonly<Record<string, string>>;

/** The selector cannot be read or breaks a rule; the message is for the client. */
export class SelectorError extends Error {
  override readonly name = "SelectorError";
}

/** A parsed label selector: all requirements have to hold. */
export class Selector {
  readonly requirements: readonly LabelRequirement[];
  private readonly matchesNothing: boolean;

  constructor(requirements: readonly LabelRequirement[], matchesNothing = false) {
    this.requirements = requirements;
    this.matchesNothing = matchesNothing;
  }

  /** Whether every object matches. */
  get isEverything(): boolean {
    return this.requirements.length === 0 && !this.matchesNothing;
  }

  /** Whether no object can match. */
  get isNothing(): boolean {
    return this.matchesNothing;
  }

  matches(labels: Labels | undefined): boolean {
    if (this.matchesNothing) return false;
    for (const requirement of this.requirements) if (!requirementMatches(requirement, labels)) return false;
    return true;
  }

  /** The text form, terms ordered by key; it parses to an equal selector. */
  toString(): string {
    return this.requirements.map((requirement) => formatRequirement(requirement)).join(",");
  }

  /** The value that `key` must have for a match, if the selector asks for exactly one. */
  requiredValue(key: string): string | undefined {
    const exact = this.requirements.find((item) => item.key === key && item.values.length === 1 && isPositive(item.operator));
    return exact?.values[0];
  }
}

export const everythingSelector = new Selector([]);
export const nothingSelector = new Selector([], true);

function isPositive(operator: LabelOperator): boolean {
  return operator === "=" || operator === "==" || operator === "in";
}

function requirementMatches({ key, operator, values }: LabelRequirement, labels: Labels | undefined): boolean {
  const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case "=":
    case "==":
    case "in":
      return value !== undefined && values.includes(value);
    case "!=":
    case "notin":
      return value === undefined || !values.includes(value);
    case "exists":
      return value !== undefined;
    case "!":
      return value === undefined;
    default:
      return compareIntegers(value, values[0] ?? "", operator);
  }
}

function compareIntegers(value: string | undefined, bound: string, operator: "gt" | "lt"): boolean {
  if (value === undefined || !isInteger(value)) return false;
  const difference = BigInt(value) - BigInt(bound);
  return operator === "gt" ? difference > 0n : difference < 0n;
}

function isInteger(text: string): boolean {
  return /^[-+]?[0-9]{1,19}$/.test(text);
}

function formatRequirement({ key, operator, values }: LabelRequirement): string {
  switch (operator) {
    case "exists":
      return key;
    case "!":
      return `!${key}`;
    case "in":
    case "notin":
      return `${key} ${operator} (${[...values].sort().join(",")})`;
    case "gt":
      return `${key}>${values[0]}`;
    case "lt":
      return `${key}<${values[0]}`;
    default:
      return `${key}${operator}${values[0]}`;
  }
}

/** What is wrong with a requirement, as upstream's `labels.NewRequirement` says it. */
export function validateRequirement(requirement: LabelRequirement, path = ""): FieldError[] {
  const { key, operator, values } = requirement;
  const child = (name: string): string => (path === "" ? name : `${path}.${name}`);
  const errors: FieldError[] = [];
  const keyErrors = qualifiedNameErrors(key);
  if (keyErrors.length > 0) errors.push(invalidField(child("key"), key, keyErrors.join("; ")));
  const countError = valueCountError(operator, values);
  if (countError !== undefined) errors.push(invalidField(child("values"), values, countError));
  values.forEach((value, index) => {
    const at = indexPath(child("values"), index);
    if ((operator === "gt" || operator === "lt") && !isInteger(value)) {
      errors.push(invalidField(at, value, "for 'Gt', 'Lt' operators, the value must be an integer"));
    }
    const valueErrors = labelValueErrors(value);
    if (valueErrors.length > 0) errors.push(invalidField(keyPath(at, key), value, valueErrors.join("; ")));
  });
  return errors;
}

function valueCountError(operator: LabelOperator, values: readonly string[]): string | undefined {
  switch (operator) {
    case "in":
    case "notin":
      return values.length === 0 ? "for 'in', 'notin' operators, values set can't be empty" : undefined;
    case "exists":
    case "!":
      return values.length > 0 ? "values set must be empty for exists and does not exist" : undefined;
    case "gt":
    case "lt":
      return values.length === 1 ? undefined : "for 'Gt', 'Lt' operators, exactly one value is required";
    default:
      return values.length === 1 ? undefined : "exact-match compatibility requires one single value";
  }
}

const operators: Readonly<Record<string, LabelOperator>> = { In: "in", NotIn: "notin", Exists: "exists", DoesNotExist: "!" };

/**
 * The selector of an API object's `LabelSelector`. An absent one selects nothing, an empty one everything (upstream's
 * `LabelSelectorAsSelector`). Throws {@link SelectorError}.
 */
export function selectorFrom(source: LabelSelector | null | undefined): Selector {
  if (source === undefined || source === null) return nothingSelector;
  const requirements: LabelRequirement[] = [];
  for (const [key, value] of Object.entries(source.matchLabels ?? {})) requirements.push({ key, operator: "=", values: [value] });
  for (const expression of source.matchExpressions ?? []) {
    const operator = operators[expression.operator];
    if (operator === undefined) throw new SelectorError(`"${expression.operator}" is not a valid label selector operator`);
    requirements.push({ key: expression.key, operator, values: expression.values ?? [] });
  }
  return checkedSelector(requirements);
}

/** The selector of a plain map, as Services and ReplicationControllers have it: an empty map selects everything. */
export function selectorFromMap(labels: Labels | undefined): Selector {
  return new Selector(byKey(Object.entries(labels ?? {}).map(([key, value]) => ({ key, operator: "=", values: [value] }))));
}

/** Sorts and checks the requirements. */
export function checkedSelector(requirements: LabelRequirement[]): Selector {
  const errors = requirements.flatMap((requirement) => validateRequirement(requirement));
  const texts = errors.map((error) => formatFieldError(error));
  if (texts.length > 0) throw new SelectorError(texts.length === 1 ? (texts[0] as string) : `[${texts.join(", ")}]`);
  return requirements.length === 0 ? everythingSelector : new Selector(byKey(requirements));
}

function byKey(requirements: LabelRequirement[]): LabelRequirement[] {
  return requirements.sort((left, right) => (left.key < right.key ? -1 : left.key > right.key ? 1 : 0));
}

/** Findings in a `LabelSelector` field. */
export function validateLabelSelector(selector: LabelSelector, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    const labels = `${path}.matchLabels`;
    for (const detail of qualifiedNameErrors(key)) errors.push(invalidField(labels, key, detail));
    for (const detail of labelValueErrors(value)) errors.push(invalidField(labels, value, detail));
  }
  (selector.matchExpressions ?? []).forEach((expression, index) => {
    errors.push(...validateExpression(expression, indexPath(`${path}.matchExpressions`, index)));
  });
  return errors;
}

function validateExpression(expression: NonNullable<LabelSelector["matchExpressions"]>[number], path: string): FieldError[] {
  const { key, operator, values = [] } = expression;
  const errors: FieldError[] = [];
  if (operator === "In" || operator === "NotIn") {
    if (values.length === 0) errors.push(required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
  } else if (operator === "Exists" || operator === "DoesNotExist") {
    if (values.length > 0) {
      const detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
      errors.push({ type: "FieldValueForbidden", field: `${path}.values`, badValue: "", detail });
    }
  } else {
    errors.push(invalidField(`${path}.operator`, operator, "not a valid selector operator"));
  }
  for (const detail of qualifiedNameErrors(key)) errors.push(invalidField(`${path}.key`, key, detail));
  values.forEach((value, index) => {
    for (const detail of labelValueErrors(value)) errors.push(invalidField(indexPath(`${path}.values`, index), value, detail));
  });
  return errors;
}

function required(field: string, detail: string): FieldError {
  return { type: "FieldValueRequired", field, badValue: "", detail };
}
