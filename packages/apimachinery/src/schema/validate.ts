import { deepEqual, isPlainObject } from "../meta/deep.ts";
import type { FieldError } from "../validation/field-error.ts";
import {
  duplicateField,
  invalidField,
  requiredField,
  tooLongField,
  tooManyField,
  typeInvalidField,
  unsupportedField,
} from "../validation/field-errors.ts";
import { fieldOf, type Check, type Findings } from "./check.ts";
import { compileCombinators } from "./combinators.ts";
import { formatCheck } from "./formats.ts";
import { compilePattern } from "./patterns.ts";
import { formatPath } from "./prune.ts";
import type { Schema } from "./schema.ts";

/** Further findings are dropped; nobody reads them. */
const findingsLimit = 1000;

const compiled = new WeakMap<Schema, Check>();

/**
 * Checks a custom resource against its structural schema. Messages are upstream's:
 * `spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string"`.
 * With `old`, what is the same as before is not checked (KEP-4008), so that a schema that has become stricter does not block every
 * write. Items of a list have a past only when it is a map by keys.
 */
export function validateStructural(schema: Schema, value: unknown, old?: unknown): FieldError[] {
  const findings: Findings = { path: [], errors: [] };
  checkOf(schema)(value, findings, old);
  return findings.errors;
}

/** The compiled check of a schema. */
function checkOf(schema: Schema): Check {
  let check = compiled.get(schema);
  if (check === undefined) {
    check = compile(schema);
    compiled.set(schema, check);
  }
  return check;
}

function compile(schema: Schema): Check {
  const checks = [
    compileCombinators(schema, checkOf),
    ...scalarChecks(schema),
    compileEnum(schema),
    compileArray(schema),
    compileObject(schema),
  ];
  const present = checks.filter((check) => check !== undefined);
  const types = allowedTypes(schema);
  return (value, findings, old) => {
    if (findings.errors.length >= findingsLimit) return;
    if (value === null && schema.isNullable === true) return;
    if (old !== undefined && deepEqual(value, old)) return;
    const type = typeOf(value);
    if (types !== undefined && !types.includes(type) && !(type === "integer" && types.includes("number"))) {
      reportType(types.join(","), type, findings);
      if (value === null) return;
    }
    if (type === "integer" && !Number.isSafeInteger(value)) {
      findings.errors.push(
        invalidField(fieldOf(findings), value, `${fieldOf(findings)} in body is beyond the integers that can be kept exactly`),
      );
    }
    for (const check of present) check(value, findings, old);
  };
}

function allowedTypes(schema: Schema): readonly string[] | undefined {
  if (schema.isIntOrString === true) return ["integer", "string"];
  return schema.type === "any" ? undefined : [schema.type];
}

function typeOf(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "array";
  return Number.isInteger(value) ? "integer" : typeof value;
}

function reportType(expected: string, actual: string, findings: Findings): void {
  const text = `${formatPath(findings.path)} in body must be of type ${expected}: "${actual}"`;
  findings.errors.push(typeInvalidField(fieldOf(findings), actual, text));
}

function invalid(value: unknown, rule: string, findings: Findings): void {
  findings.errors.push(invalidField(fieldOf(findings), value, `${formatPath(findings.path)} in body ${rule}`));
}

function scalarChecks(schema: Schema): Check[] {
  return [compileString(schema), compileNumber(schema)].filter((check) => check !== undefined);
}

function compileString(schema: Schema): Check | undefined {
  const { minLength, maxLength, pattern } = schema.validations ?? {};
  const hasFormat = formatCheck(schema.format);
  const expression = pattern === undefined ? undefined : compilePattern(pattern);
  if (minLength === undefined && maxLength === undefined && pattern === undefined && hasFormat === undefined) return undefined;
  return (value, findings) => {
    if (typeof value !== "string") return;
    // The number of UTF-16 units is an upper bound of the number of characters and at most twice as many.
    if (maxLength !== undefined && value.length > maxLength && lengthOf(value) > maxLength) {
      findings.errors.push(tooLongField(fieldOf(findings), maxLength));
    }
    if (minLength !== undefined && value.length < 2 * minLength && lengthOf(value) < minLength) {
      invalid(value, `should be at least ${minLength} chars long`, findings);
    }
    if (expression !== undefined && !("test" in expression && expression.test(value))) {
      const problem = "test" in expression ? pattern : `${pattern}, but pattern is invalid`;
      invalid(value, `should match '${problem}'`, findings);
    }
    if (hasFormat !== undefined && !hasFormat(value)) {
      const text = `${formatPath(findings.path)} in body must be of type ${schema.format}: ${JSON.stringify(value)}`;
      findings.errors.push(typeInvalidField(fieldOf(findings), value, text));
    }
  };
}

/** Unicode characters. */
function lengthOf(value: string): number {
  let count = 0;
  for (const _ of value) count++;
  return count;
}

function compileNumber(schema: Schema): Check | undefined {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema.validations ?? {};
  const isInteger = schema.type === "integer";
  if (minimum === undefined && maximum === undefined && multipleOf === undefined && !isInteger) return undefined;
  return (value, findings) => {
    if (typeof value !== "number") return;
    if (isInteger) checkRange(schema, value, findings);
    if (multipleOf !== undefined && !isMultiple(value, multipleOf)) invalid(value, `should be a multiple of ${multipleOf}`, findings);
    if (maximum !== undefined && (exclusiveMaximum === true ? value >= maximum : value > maximum)) {
      invalid(value, `should be less than ${exclusiveMaximum === true ? "" : "or equal to "}${maximum}`, findings);
    }
    if (minimum !== undefined && (exclusiveMinimum === true ? value <= minimum : value < minimum)) {
      invalid(value, `should be greater than ${exclusiveMinimum === true ? "" : "or equal to "}${minimum}`, findings);
    }
  };
}

/** Upstream does not say which field it is but in the text. */
function checkRange({ format }: Schema, value: number, findings: Findings): void {
  const isInRange = format === "int32" ? value >= -(2 ** 31) && value < 2 ** 31 : true;
  if (Number.isInteger(value) && isInRange) return;
  const kind = format === undefined || format === "" ? "integer (default format)" : `integer with format ${format}`;
  findings.errors.push(invalidField("<nil>", "", `Checked value must be of type ${kind} in ${formatPath(findings.path)}`));
}

function isMultiple(value: number, factor: number): boolean {
  const quotient = value / factor;
  return Math.abs(quotient - Math.round(quotient)) <= Number.EPSILON * Math.abs(quotient);
}

function compileEnum(schema: Schema): Check | undefined {
  const allowed = schema.enum;
  if (allowed === undefined) return undefined;
  const shown = allowed.map((value) => (typeof value === "string" ? value : JSON.stringify(value)));
  return (value, findings) => {
    if (allowed.some((each) => deepEqual(each, value))) return;
    findings.errors.push(unsupportedField(fieldOf(findings), value, shown));
  };
}

function compileArray(schema: Schema): Check | undefined {
  const { items, listType } = schema;
  const { minItems, maxItems, uniqueItems } = schema.validations ?? {};
  if (items === undefined && minItems === undefined && maxItems === undefined) return undefined;
  let check: Check | undefined;
  return (value, findings, old) => {
    if (!Array.isArray(value)) return;
    const depth = findings.path.length;
    if (items !== undefined) {
      check ??= checkOf(items);
      const pastOf = pastItems(schema, old);
      for (let index = 0; index < value.length; index++) {
        findings.path[depth] = index;
        check(value[index], findings, pastOf?.(value[index]));
      }
      findings.path.length = depth;
    }
    if (minItems !== undefined && value.length < minItems) invalid(value.length, `should have at least ${minItems} items`, findings);
    if (maxItems !== undefined && value.length > maxItems) findings.errors.push(tooManyField(fieldOf(findings), value.length, maxItems));
    if (uniqueItems === true && duplicatesOf(value).length > 0) invalid(value, "shouldn't contain duplicates", findings);
    if (listType === "set" || listType === "map") reportDuplicates(schema, value, findings);
  };
}

/** Finds what an item of a list that is a map by keys was before; undefined when items have no past. */
export function pastItems(schema: Schema, old: unknown): ((item: unknown) => unknown) | undefined {
  if (schema.listType !== "map" || !Array.isArray(old)) return undefined;
  const byKeys = new Map(old.map((item) => [canonicalText(keysOf(schema, item)), item as unknown]));
  return (item) => byKeys.get(canonicalText(keysOf(schema, item)));
}

function reportDuplicates(schema: Schema, value: readonly unknown[], findings: Findings): void {
  const field = formatPath(findings.path);
  if (schema.listType === "map") {
    value.forEach((item, index) => {
      if (isPlainObject(item)) return;
      findings.errors.push(invalidField(`${field}[${index}]`, item, "must be an object for an array of list-type map"));
    });
  }
  const identities = schema.listType === "set" ? value : value.map((item) => (isPlainObject(item) ? keysOf(schema, item) : item));
  for (const index of duplicatesOf(identities)) findings.errors.push(duplicateField(`${field}[${index}]`, identities[index]));
}

function keysOf(schema: Schema, item: unknown): Record<string, unknown> {
  const keys: Record<string, unknown> = {};
  if (!isPlainObject(item)) return keys;
  for (const name of schema.listMapKeys ?? []) {
    const value = item[name] ?? schema.items?.properties?.[name]?.default;
    if (value !== undefined) keys[name] = value;
  }
  return keys;
}

/** The indices of items that occurred before. */
function duplicatesOf(items: readonly unknown[]): number[] {
  const seen = new Set<string>();
  const indices: number[] = [];
  items.forEach((item, index) => {
    const identity = canonicalText(item);
    if (seen.has(identity)) indices.push(index);
    seen.add(identity);
  });
  return indices;
}

function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (!isPlainObject(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([left], [right]) => (left < right ? -1 : 1)));
  });
}

function compileObject(schema: Schema): Check | undefined {
  const { properties = {}, additionalProperties, required = [], isEmbeddedResource } = schema;
  const { minProperties, maxProperties } = schema.validations ?? {};
  const checks = new Map<string, Check>();
  return (value, findings, old) => {
    if (!isPlainObject(value)) return;
    const past = isPlainObject(old) ? old : undefined;
    const depth = findings.path.length;
    const keys = Object.keys(value);
    if (minProperties !== undefined && keys.length < minProperties)
      invalid(keys.length, `should have at least ${minProperties} properties`, findings);
    if (maxProperties !== undefined && keys.length > maxProperties) {
      findings.errors.push(tooManyField(fieldOf(findings), keys.length, maxProperties));
    }
    for (const key of keys) {
      if (value[key] === undefined) continue;
      const isProperty = Object.hasOwn(properties, key);
      const child = isProperty ? properties[key] : additionalProperties;
      if (child === undefined) continue;
      findings.path[depth] = key;
      let check = isProperty ? checks.get(key) : checkOf(child);
      if (check === undefined) {
        check = checkOf(child);
        checks.set(key, check);
      }
      check(value[key], findings, past !== undefined && Object.hasOwn(past, key) ? past[key] : undefined);
    }
    findings.path.length = depth;
    for (const name of required) {
      if (!Object.hasOwn(value, name)) findings.errors.push(requiredField(formatPath([...findings.path, name])));
    }
    if (isEmbeddedResource === true) requireTypeMeta(value, findings);
  };
}

function requireTypeMeta(value: Record<string, unknown>, findings: Findings): void {
  for (const name of ["apiVersion", "kind"]) {
    if (value[name] === undefined || value[name] === "") {
      findings.errors.push(requiredField(formatPath([...findings.path, name])));
    }
  }
}
