import {
  compilePattern,
  deepEqual,
  fieldPath,
  forbiddenField,
  formatFieldError,
  indexPath,
  invalidField,
  keyPath,
  requiredField,
  type FieldError,
} from "@coracle/apimachinery";
import type { JsonSchemaProps } from "./types.ts";

type Level = "root" | "item" | "field";

const emptyTypeTexts: Readonly<Record<Level, string>> = {
  root: "must not be empty at the root",
  item: "must not be empty for specified array items",
  field: "must not be empty for specified object fields",
};

/**
 * Whether a schema is structural: every field has one type, stated outside of `allOf`, `anyOf`, `oneOf` and `not`, so that objects can be
 * pruned and defaulted without looking at values. Findings in kube-apiserver's words, sorted as there.
 */
export function validateStructuralSchema(schema: JsonSchemaProps, path: string): FieldError[] {
  const errors: FieldError[] = [];
  checkInvariants(schema, "root", path, errors);
  // Every field that a combinator speaks of must be specified outside of it too. Upstream asks this of combinators at the root only.
  checkBranches(schema, schema, { schema: path, validation: path, errors });
  return errors.sort((left, right) => {
    const [a, b] = [formatFieldError(left), formatFieldError(right)];
    return a < b ? -1 : a > b ? 1 : 0;
  });
}

function checkInvariants(schema: JsonSchemaProps, level: Level, path: string, errors: FieldError[]): void {
  const { items, properties, additionalProperties } = schema;
  if (schema.type === "array" && items === undefined) errors.push(requiredField(fieldPath(path, "items"), "must be specified"));
  if (items !== undefined && !Array.isArray(items)) checkInvariants(items, "item", fieldPath(path, "items"), errors);
  for (const [name, child] of Object.entries(properties ?? {})) {
    checkInvariants(child, "field", keyPath(fieldPath(path, "properties"), name), errors);
  }
  if (additionalProperties !== undefined) {
    const inner = fieldPath(path, "additionalProperties");
    if (level === "root") errors.push(forbiddenField(inner, "must not be used at the root"));
    if (typeof additionalProperties === "object") checkInvariants(additionalProperties, "field", inner, errors);
  }
  checkExtensions(schema, path, errors);
  checkValidations(
    schema,
    { skipsAnyOf: isIntOrString(schema.anyOf), skipsFirstAllOf: isIntOrString(schema.allOf?.[0]?.anyOf) },
    path,
    errors,
  );
  checkType(schema, level, path, errors);
  checkMetadata(schema, level, path, errors);
}

function checkExtensions(schema: JsonSchemaProps, path: string, errors: FieldError[]): void {
  if (schema["x-kubernetes-int-or-string"] !== true) return;
  for (const name of ["x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"] as const) {
    if (schema[name] === true)
      errors.push(invalidField(fieldPath(path, name), true, "must be false if x-kubernetes-int-or-string is true"));
  }
}

function checkType(schema: JsonSchemaProps, level: Level, path: string, errors: FieldError[]): void {
  const type = schema.type ?? "";
  const at = fieldPath(path, "type");
  const isEmbedded = schema["x-kubernetes-embedded-resource"] === true;
  const keepsUnknown = schema["x-kubernetes-preserve-unknown-fields"] === true;
  if (isEmbedded && type !== "object") {
    const detail = "must be object if x-kubernetes-embedded-resource is true";
    errors.push(type === "" ? requiredField(at, detail) : invalidField(at, type, detail));
  } else if (type === "" && schema["x-kubernetes-int-or-string"] !== true && !keepsUnknown) {
    errors.push(requiredField(at, emptyTypeTexts[level]));
  }
  if (isEmbedded && schema.additionalProperties !== undefined) {
    errors.push(forbiddenField(fieldPath(path, "additionalProperties"), "must not be used if x-kubernetes-embedded-resource is set"));
  }
  if (level === "root" && type !== "" && type !== "object") errors.push(invalidField(at, type, "must be object at the root"));
  if (isEmbedded && !keepsUnknown && Object.keys(schema.properties ?? {}).length === 0) {
    const detail = "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields";
    errors.push(requiredField(fieldPath(path, "properties"), detail));
  }
}

function checkMetadata(schema: JsonSchemaProps, level: Level, path: string, errors: FieldError[]): void {
  if (level !== "root" && schema["x-kubernetes-embedded-resource"] !== true) return;
  const properties = fieldPath(path, "properties");
  for (const name of ["kind", "apiVersion"]) {
    const type = schema.properties?.[name]?.type ?? "";
    if (schema.properties?.[name] !== undefined && type !== "string") {
      errors.push(invalidField(`${keyPath(properties, name)}.type`, type, "must be string"));
    }
  }
  const metadata = schema.properties?.["metadata"];
  if (metadata === undefined) return;
  const at = keyPath(properties, "metadata");
  if (metadata.type !== "object") errors.push(invalidField(`${at}.type`, metadata.type ?? "", "must be object"));
  if (level === "root" && restrictsMore(metadata)) {
    const detail = "must not specify anything other than name and generateName, but metadata is implicitly specified";
    errors.push(forbiddenField(at, detail));
  }
}

function restrictsMore(metadata: JsonSchemaProps): boolean {
  const { type: _t, default: _d, properties = {}, ...rest } = metadata;
  return Object.keys(properties).some((name) => name !== "name" && name !== "generateName") || Object.keys(rest).length > 0;
}

interface Skips {
  readonly skipsAnyOf: boolean;
  readonly skipsFirstAllOf: boolean;
}

const noSkips: Skips = { skipsAnyOf: false, skipsFirstAllOf: false };
const intOrString = [{ type: "integer" }, { type: "string" }];

/** The two patterns in which a type may stand inside a combinator. */
function isIntOrString(branches: JsonSchemaProps[] | undefined): boolean {
  return branches !== undefined && deepEqual(branches, intOrString);
}

function checkValidations(schema: JsonSchemaProps, skips: Skips, path: string, errors: FieldError[]): void {
  const at = (name: string, index: number): string => indexPath(fieldPath(path, name), index);
  if (!skips.skipsAnyOf)
    for (const [index, branch] of (schema.anyOf ?? []).entries()) checkNested(branch, noSkips, at("anyOf", index), errors);
  for (const [index, branch] of (schema.allOf ?? []).entries()) {
    checkNested(branch, { skipsAnyOf: skips.skipsFirstAllOf && index === 0, skipsFirstAllOf: false }, at("allOf", index), errors);
  }
  for (const [index, branch] of (schema.oneOf ?? []).entries()) checkNested(branch, noSkips, at("oneOf", index), errors);
  if (schema.not !== undefined) checkNested(schema.not, noSkips, fieldPath(path, "not"), errors);
  const { pattern } = schema;
  const flaw = pattern === undefined || pattern === "" ? undefined : compilePattern(pattern);
  if (flaw !== undefined && "message" in flaw) {
    errors.push(invalidField(fieldPath(path, "pattern"), pattern, `must be a valid regular expression, but isn't: ${flaw.message}`));
  }
}

const forbiddenInside: readonly (readonly [keyof JsonSchemaProps, string])[] = [
  ["type", "must be empty to be structural"],
  ["additionalProperties", "must be undefined to be structural"],
  ["default", "must be undefined to be structural"],
  ["title", "must be empty to be structural"],
  ["description", "must be empty to be structural"],
  ["nullable", "must be false to be structural"],
  ["x-kubernetes-preserve-unknown-fields", "must be false to be structural"],
  ["x-kubernetes-embedded-resource", "must be false to be structural"],
  ["x-kubernetes-int-or-string", "must be false to be structural"],
  ["x-kubernetes-list-map-keys", "must be empty to be structural"],
  ["x-kubernetes-list-type", "must be undefined to be structural"],
  ["x-kubernetes-map-type", "must be undefined to be structural"],
  ["x-kubernetes-validations", "must be empty to be structural"],
];

function checkNested(schema: JsonSchemaProps, skips: Skips, path: string, errors: FieldError[]): void {
  checkValidations(schema, skips, path, errors);
  const { items, properties = {} } = schema;
  if (items !== undefined && !Array.isArray(items)) checkNested(items, noSkips, fieldPath(path, "items"), errors);
  for (const [name, child] of Object.entries(properties)) checkNested(child, noSkips, keyPath(fieldPath(path, "properties"), name), errors);
  for (const [name, detail] of forbiddenInside) {
    const value = schema[name];
    const isUnset = value === undefined || value === "" || value === false || (Array.isArray(value) && value.length === 0);
    if (!isUnset) errors.push(forbiddenField(fieldPath(path, name), detail));
  }
  if (Object.hasOwn(properties, "metadata")) {
    errors.push(forbiddenField(keyPath(fieldPath(path, "properties"), "metadata"), "must not be specified in a nested context"));
  }
}

interface Places {
  /** Where the field should be specified. */
  readonly schema: string;
  /** Where it is used. */
  readonly validation: string;
  readonly errors: FieldError[];
}

function checkBranches(validation: JsonSchemaProps, schema: JsonSchemaProps, places: Places): void {
  for (const name of ["allOf", "anyOf", "oneOf"] as const) {
    for (const [index, branch] of (validation[name] ?? []).entries()) {
      checkSpecified(branch, schema, { ...places, validation: indexPath(fieldPath(places.validation, name), index) });
    }
  }
  if (validation.not !== undefined) checkSpecified(validation.not, schema, { ...places, validation: fieldPath(places.validation, "not") });
}

function checkSpecified(validation: JsonSchemaProps, schema: JsonSchemaProps | undefined, places: Places): void {
  if (schema === undefined) {
    places.errors.push(requiredField(places.schema, `because it is defined in ${places.validation}`));
    return;
  }
  checkBranches(validation, schema, places);
  if (validation.items !== undefined && !Array.isArray(validation.items)) {
    const items = Array.isArray(schema.items) ? undefined : schema.items;
    const inner = { ...places, schema: fieldPath(places.schema, "items"), validation: fieldPath(places.validation, "items") };
    checkSpecified(validation.items, items, inner);
  }
  for (const [name, child] of Object.entries(validation.properties ?? {})) {
    checkSpecified(child, schema.properties?.[name], {
      ...places,
      schema: keyPath(fieldPath(places.schema, "properties"), name),
      validation: keyPath(fieldPath(places.validation, "properties"), name),
    });
  }
}
