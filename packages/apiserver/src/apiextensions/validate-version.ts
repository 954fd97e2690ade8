import {
  duplicateField,
  fieldPath,
  forbiddenField,
  indexPath,
  invalidField,
  JsonPath,
  requiredField,
  tooManyField,
  type FieldError,
} from "@coracle/apimachinery";
import type { CustomResourceColumn, CustomResourceSubresources, CustomResourceVersion, JsonSchemaProps } from "./types.ts";
import { fieldAt } from "./rules/field-path.ts";
import { validateDefaults } from "./validate-defaults.ts";
import { validateOpenApi } from "./validate-openapi.ts";
import { validateStructuralSchema } from "./validate-structural.ts";

const maxSelectableFields = 8;

/** What the root of a schema may say when `status` is validated on its own. Upstream shows the names of its Go fields. */
const rootFields: readonly (readonly [keyof JsonSchemaProps, string])[] = [
  ["description", "Description"],
  ["type", "Type"],
  ["format", "Format"],
  ["title", "Title"],
  ["maximum", "Maximum"],
  ["exclusiveMaximum", "ExclusiveMaximum"],
  ["minimum", "Minimum"],
  ["exclusiveMinimum", "ExclusiveMinimum"],
  ["maxLength", "MaxLength"],
  ["minLength", "MinLength"],
  ["pattern", "Pattern"],
  ["maxItems", "MaxItems"],
  ["minItems", "MinItems"],
  ["uniqueItems", "UniqueItems"],
  ["multipleOf", "MultipleOf"],
  ["required", "Required"],
  ["items", "Items"],
  ["properties", "Properties"],
  ["externalDocs", "ExternalDocs"],
  ["example", "Example"],
  ["x-kubernetes-preserve-unknown-fields", "XPreserveUnknownFields"],
  ["x-kubernetes-validations", "XValidations"],
];

/** Checks the schema of a version; `path` is that of `openAPIV3Schema`. Schemas that prune nothing need not be structural. */
export function validateVersionSchema(
  schema: JsonSchemaProps,
  { hasStatus, isStructural }: { readonly hasStatus: boolean; readonly isStructural: boolean },
  path: string,
): FieldError[] {
  const errors: FieldError[] = hasStatus ? validateRootForStatus(schema, path) : [];
  if (schema.nullable === true) errors.push(forbiddenField(`${path}.nullable`, "nullable cannot be true at the root"));
  if (isStructural) {
    const structural = validateStructuralSchema(schema, path);
    errors.push(...(structural.length > 0 ? structural : validateDefaults(schema, path)));
  }
  errors.push(...validateOpenApi(schema, path));
  return errors;
}

function validateRootForStatus(schema: JsonSchemaProps, path: string): FieldError[] {
  if ((schema.type ?? "") !== "" && schema.type !== "object") {
    const detail = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled';
    return [invalidField(`${path}.type`, schema.type, detail)];
  }
  const isForbidden = Object.keys(schema).some((name) => name !== "nullable" && !rootFields.some(([allowed]) => allowed === name));
  if (!isForbidden) return [];
  const allowed = rootFields.map(([, name]) => name).join(" ");
  return [
    invalidField(path, schema, `only [${allowed}] fields are allowed at the root of the schema if the status subresource is enabled`),
  ];
}

/** Checks `status` and `scale`. */
export function validateSubresources(subresources: CustomResourceSubresources | undefined, path: string): FieldError[] {
  const scale = subresources?.scale;
  if (scale === undefined || scale === null) return [];
  const errors: FieldError[] = [];
  const check = (name: string, value: string | undefined, roots: readonly string[]): void => {
    const at = `${path}.scale.${name}`;
    if (value === undefined || value === "") {
      if (name !== "labelSelectorPath") errors.push(requiredField(at));
      return;
    }
    const simple = plainPathErrors(value, at);
    if (simple.length > 0) errors.push(...simple);
    else if (!roots.some((root) => value.startsWith(`${root}.`))) {
      const under = roots.length === 1 ? `under ${roots[0] as string}` : `under either ${roots.join(" or ")}`;
      errors.push(invalidField(at, value, `should be a json path ${under}`));
    }
  };
  check("specReplicasPath", scale.specReplicasPath, [".spec"]);
  check("statusReplicasPath", scale.statusReplicasPath, [".status"]);
  check("labelSelectorPath", scale.labelSelectorPath, [".spec", ".status"]);
  return errors;
}

function simplePathErrors(value: string, path: string): FieldError[] {
  return value.startsWith(".") ? [] : [invalidField(path, value, "must be a simple json path starting with .")];
}

/** What cannot be followed is refused here, before it is asked of an object. */
function plainPathErrors(value: string, path: string): FieldError[] {
  const errors = simplePathErrors(value, path);
  if (errors.length > 0) return errors;
  try {
    JsonPath.parse(value);
    return [];
  } catch (error) {
    return [invalidField(path, value, (error as Error).message)];
  }
}

const columnTypes = ["boolean", "date", "integer", "number", "string"];
const columnFormats = ["byte", "date", "date-time", "double", "float", "int32", "int64", "password"];

/** Checks one of `additionalPrinterColumns`. */
export function validateColumn(column: Readonly<CustomResourceColumn>, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const mustBe = (values: readonly string[]): string => `must be one of ${values.join(",")}`;
  if (!column.name) errors.push(requiredField(fieldPath(path, "name")));
  if (!column.type) errors.push(requiredField(fieldPath(path, "type"), mustBe(columnTypes)));
  else if (!columnTypes.includes(column.type)) errors.push(invalidField(fieldPath(path, "type"), column.type, mustBe(columnTypes)));
  if (column.format && !columnFormats.includes(column.format)) {
    errors.push(invalidField(fieldPath(path, "format"), column.format, mustBe(columnFormats)));
  }
  if (!column.jsonPath) errors.push(requiredField(fieldPath(path, "JSONPath")));
  else errors.push(...simplePathErrors(column.jsonPath, fieldPath(path, "JSONPath")));
  return errors;
}

/** Checks `selectableFields`. */
export function validateSelectableFields(version: Readonly<CustomResourceVersion>, path: string): FieldError[] {
  const fields = version.selectableFields ?? [];
  const schema = version.schema?.openAPIV3Schema;
  if (fields.length === 0) return [];
  if (schema === undefined) return [invalidField(path, "", withoutSchema(path))];
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [index, { jsonPath }] of fields.entries()) {
    const at = fieldPath(indexPath(path, index), "jsonPath");
    if (!jsonPath) {
      errors.push(requiredField(at));
      continue;
    }
    const found = selectableField(schema, jsonPath);
    if (typeof found === "string") {
      errors.push(invalidField(at, jsonPath, `is an invalid path: ${found}`));
      continue;
    }
    if (/^metadata(?:\.|$)/.test(found.path)) errors.push(invalidField(at, jsonPath, "must not point to fields in metadata"));
    if (!["string", "boolean", "integer"].includes(found.schema.type ?? "")) {
      const detail = "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.";
      errors.push(invalidField(at, jsonPath, detail));
    }
    if (seen.has(found.path)) errors.push(duplicateField(at, jsonPath));
    seen.add(found.path);
  }
  if (seen.size > maxSelectableFields) errors.push(tooManyField(path, seen.size, maxSelectableFields));
  return errors;
}

function withoutSchema(path: string): string {
  return path === "spec.selectableFields"
    ? "may only be set when validations.schema is included"
    : "may only be set when `version.schema.openAPIV3Schema` is not included";
}

/** The field, or why there is none. */
function selectableField(schema: JsonSchemaProps, path: string): ReturnType<typeof fieldAt<JsonSchemaProps>> | string {
  try {
    return fieldAt(path, schema, { allowsBrackets: false });
  } catch (error) {
    return (error as Error).message;
  }
}
