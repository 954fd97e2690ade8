import type { Schema } from "@coracle/apimachinery";

const text: Schema = { type: "string" };
const metadata: Schema = { type: "object", properties: { name: text, generateName: text } };

/** What rules see of a value: of the metadata of a resource (or an embedded one) they see only the names. */
export function visibleSchema(schema: Schema, isResourceRoot: boolean): Schema {
  if (!isResourceRoot) return schema;
  return { ...schema, type: "object", properties: { ...schema.properties, apiVersion: text, kind: text, metadata } };
}
