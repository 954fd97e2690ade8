import { cloneJson, deepEqual, fieldPath, invalidField, keyPath, prune, validateStructural, type FieldError } from "@coracle/apimachinery";
import { schemaOfVersion } from "./schema-of.ts";
import type { JsonSchemaProps } from "./types.ts";

/** Checks that every default of a structural schema has no fields that pruning would take, and is valid itself. */
export function validateDefaults(schema: JsonSchemaProps, path: string): FieldError[] {
  const errors: FieldError[] = [];
  visit(schema, path, errors);
  return errors;
}

function visit(schema: JsonSchemaProps, path: string, errors: FieldError[]): void {
  if (schema.default !== undefined && schema.default !== null) errors.push(...validateDefault(schema, fieldPath(path, "default")));
  const { items, properties, additionalProperties } = schema;
  if (items !== undefined && !Array.isArray(items)) visit(items, fieldPath(path, "items"), errors);
  for (const [name, child] of Object.entries(properties ?? {})) visit(child, keyPath(fieldPath(path, "properties"), name), errors);
  if (typeof additionalProperties === "object") visit(additionalProperties, fieldPath(path, "additionalProperties"), errors);
}

function validateDefault(schema: JsonSchemaProps, path: string): FieldError[] {
  const value: unknown = schema.default;
  const box = schemaOfVersion({ type: "object", properties: { value: schema } }).properties?.["value"];
  if (box === undefined) return [];
  const pruned = cloneJson(value);
  prune(box, pruned, { isResourceRoot: schema["x-kubernetes-embedded-resource"] === true });
  const errors: FieldError[] = deepEqual(pruned, value) ? [] : [invalidField(path, value, "must not have unknown fields")];
  const findings = validateStructural(box, value).map((error) => ({
    ...error,
    field: isRoot(error.field) ? path : fieldPath(path, error.field),
  }));
  return [...errors, ...findings];
}

/** Where upstream's validator has no path to show, it says so in Go. */
function isRoot(field: string): boolean {
  return field === "" || field === "<nil>";
}
