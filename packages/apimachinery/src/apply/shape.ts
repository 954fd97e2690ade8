import { isPlainObject } from "../meta/deep.ts";
import type { Schema } from "../schema/schema.ts";

/** How server-side apply looks at a value: as one leaf, or as parts that may have owners of their own. */
export type Shape = "leaf" | "map" | "list-map" | "set";

/** Data that no schema describes: objects are granular, lists atomic. */
export const deducedSchema: Schema = { type: "any", preserveUnknownFields: true };

/** The shape that the schema gives. */
export function shapeOf(schema: Schema): Shape {
  if (schema.type === "array") {
    if (schema.listType === "map" && (schema.listMapKeys?.length ?? 0) > 0) return "list-map";
    return schema.listType === "set" ? "set" : "leaf";
  }
  if (schema.mapType === "atomic" || schema.isIntOrString === true || schema.format !== undefined) return "leaf";
  if (schema.type === "any") return schema.preserveUnknownFields === true ? "map" : "leaf";
  if (schema.type !== "object") return "leaf";
  const isKnown = schema.properties !== undefined || schema.additionalProperties !== undefined;
  return isKnown || schema.preserveUnknownFields === true || schema.isEmbeddedResource === true ? "map" : "leaf";
}

/** Whether the value has the form that its shape expects; null stands for an empty one. */
export function fitsShape(shape: Shape, value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return shape === "map" ? isPlainObject(value) : Array.isArray(value);
}

/** The schema of a field; fields that the schema does not know are deduced. */
export function fieldSchema(schema: Schema, name: string): Schema {
  const { properties } = schema;
  if (properties !== undefined && Object.hasOwn(properties, name)) return properties[name] as Schema;
  return schema.additionalProperties ?? deducedSchema;
}

/** Whether the field is declared by name, rather than the key of a map. */
export function isNamedField(schema: Schema, name: string): boolean {
  return schema.properties !== undefined && Object.hasOwn(schema.properties, name);
}

/** Absent, null, `{}` and `[]`. */
export function isVoid(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value !== "object") return false;
  if (Array.isArray(value)) return value.length === 0;
  return Object.keys(value).length === 0;
}
