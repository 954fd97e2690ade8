import type { LabelSelector } from "../meta/types.ts";
import { validateLabelSelector } from "../labels/selector.ts";
import { semanticEqual } from "../meta/deep.ts";
import type { FieldError } from "./field-error.ts";
import {
  duplicateField,
  forbiddenField,
  internalField,
  invalidField,
  notFoundField,
  requiredField,
  tooLongField,
  tooManyField,
  unsupportedField,
} from "./field-errors.ts";
import { dnsLabelErrors, dnsSubdomainErrors, portNameErrors, portNumberErrors, qualifiedNameErrors, rangeMessage } from "./names.ts";
import { immutableMessage, validateLabels } from "./object-meta.ts";

/** The values that a field may have, in the order in which messages name them. */
export interface Supported {
  readonly values: readonly string[];
  has(value: string): boolean;
}

/** @see Supported */
export function supportedValues(...values: readonly string[]): Supported {
  const known = new Set(values);
  return { values, has: (value) => known.has(value) };
}

/** The largest id of a user or a group. */
const largestId = 2 ** 31 - 1;

/**
 * What validation has found, in order. A validator is a function `(value, at, out)` that adds to it; a valid object costs no
 * allocation here. `at` is always the path of `value`.
 */
export class Findings {
  readonly errors: FieldError[] = [];

  required(at: string, detail = ""): void {
    this.errors.push(requiredField(at, detail));
  }

  invalid(at: string, value: unknown, detail: string): void {
    this.errors.push(invalidField(at, value, detail));
  }

  unsupported(at: string, value: unknown, supported: readonly string[]): void {
    this.errors.push(unsupportedField(at, value, supported));
  }

  forbidden(at: string, detail: string): void {
    this.errors.push(forbiddenField(at, detail));
  }

  duplicate(at: string, value: unknown): void {
    this.errors.push(duplicateField(at, value));
  }

  notFound(at: string, value: unknown, detail = ""): void {
    this.errors.push({ ...notFoundField(at, value), detail });
  }

  tooLong(at: string, maxBytes: number): void {
    this.errors.push(tooLongField(at, maxBytes));
  }

  tooMany(at: string, actual: number, maxItems: number): void {
    this.errors.push(tooManyField(at, actual, maxItems));
  }

  internal(at: string, detail: string): void {
    this.errors.push(internalField(at, detail));
  }

  addAll(errors: readonly FieldError[]): void {
    for (const error of errors) this.errors.push(error);
  }

  /** Each message makes the value invalid: `out.messages(at, name, dnsLabelErrors(name))`. */
  messages(at: string, value: unknown, messages: readonly string[]): void {
    for (const message of messages) this.errors.push(invalidField(at, value, message));
  }

  /** A value that must be there. Whether it is. */
  present(value: unknown, at: string, detail = ""): boolean {
    const isPresent = value !== undefined && value !== null && value !== "";
    if (!isPresent) this.required(at, detail);
    return isPresent;
  }

  /** One of a set; absent is as wrong as unknown. */
  oneOf(value: string | undefined, supported: Supported, at: string): void {
    if (value === undefined || !supported.has(value)) this.unsupported(at, value ?? "", supported.values);
  }

  /** One of a set; nothing is a missing value. */
  requiredOneOf(value: string | undefined, supported: Supported, at: string): void {
    if (value === undefined || value === "") this.required(at);
    else if (!supported.has(value)) this.unsupported(at, value, supported.values);
  }

  /** One of a set, or absent. */
  optionalOneOf(value: string | undefined, supported: Supported, at: string): void {
    if (value !== undefined && !supported.has(value)) this.unsupported(at, value, supported.values);
  }

  nonNegative(value: number | undefined, at: string): void {
    if (value !== undefined && value < 0) this.invalid(at, value, "must be greater than or equal to 0");
  }

  positive(value: number | undefined, at: string): void {
    if (value === undefined || value <= 0) this.invalid(at, value ?? 0, "must be greater than zero");
  }

  inRange(value: number, range: readonly [low: number, high: number], at: string): void {
    if (value < range[0] || value > range[1]) this.invalid(at, value, rangeMessage(range[0], range[1]));
  }

  /** A uid or a gid. */
  id(value: number | undefined, at: string): void {
    if (value !== undefined) this.inRange(value, [0, largestId], at);
  }

  subdomain(value: string, at: string): void {
    this.messages(at, value, dnsSubdomainErrors(value));
  }

  label(value: string, at: string): void {
    this.messages(at, value, dnsLabelErrors(value));
  }

  qualifiedName(value: string, at: string): void {
    this.messages(at, value, qualifiedNameErrors(value));
  }

  labels(labels: Readonly<Record<string, string>> | undefined, at: string): void {
    if (labels !== undefined) this.addAll(validateLabels(labels, at));
  }

  labelSelector(selector: LabelSelector | undefined, at: string): void {
    if (selector !== undefined) this.addAll(validateLabelSelector(selector, at));
  }

  portNumber(value: number, at: string): void {
    this.messages(at, value, portNumberErrors(value));
  }

  portNumberOrName(value: number | string | undefined, at: string): void {
    if (typeof value === "string") this.messages(at, value, portNameErrors(value));
    else this.portNumber(value ?? 0, at);
  }

  immutable(value: unknown, old: unknown, at: string, shown: unknown = value): void {
    if (!semanticEqual(value, old)) this.invalid(at, shown, immutableMessage);
  }
}
