import { fieldPath, keyPath, type FieldError, type Schema } from "@coracle/apimachinery";
import { checkRules } from "./check-rules.ts";
import type { Cel } from "./compile-rules.ts";
import { hasRules, ruleTreeOf } from "./rule-tree.ts";

/** Checks that every default of a schema complies with the rules for it, both as it comes and when it stays. */
export function checkDefaults(cel: Cel, schema: Schema, path: string): FieldError[] {
  if (!hasRules(schema)) return [];
  const { items, properties = {}, additionalProperties } = schema;
  const errors = schema.default === undefined || schema.default === null ? [] : checkDefault(cel, schema, fieldPath(path, "default"));
  if (items !== undefined) errors.push(...checkDefaults(cel, items, fieldPath(path, "items")));
  for (const [name, child] of Object.entries(properties))
    errors.push(...checkDefaults(cel, child, keyPath(fieldPath(path, "properties"), name)));
  if (additionalProperties !== undefined) errors.push(...checkDefaults(cel, additionalProperties, fieldPath(path, "additionalProperties")));
  return errors;
}

function checkDefault(cel: Cel, schema: Schema, path: string): FieldError[] {
  const tree = ruleTreeOf(cel, schema, { isResourceRoot: schema.isEmbeddedResource === true });
  if (tree === undefined) return [];
  const check = (old: unknown): FieldError[] => checkRules(cel, tree, { object: schema.default, old, path, warn: undefined });
  const whenItStays = check(schema.default);
  return whenItStays.length > 0 ? whenItStays : check(undefined);
}
