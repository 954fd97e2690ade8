import type { Schema, ValueValidations } from "@coracle/apimachinery";
import type { Json, OpenApiVersion } from "./schema-writer.ts";

const plain: readonly (keyof ValueValidations)[] = [
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
  "minLength",
  "maxLength",
  "pattern",
  "minItems",
  "maxItems",
  "uniqueItems",
  "minProperties",
  "maxProperties",
];

/** The value validations of a custom schema; version 2 is written without combinators, as upstream does. */
export function writeValidations(schema: Schema, version: OpenApiVersion, write: (schema: Schema) => Json): Json {
  const { validations } = schema;
  if (validations === undefined) return {};
  const written: Json = {};
  for (const key of plain) if (validations[key] !== undefined) written[key] = validations[key];
  if (version === 2) return written;
  const { allOf, anyOf, oneOf, not } = validations;
  return {
    ...written,
    ...(allOf !== undefined && { allOf: allOf.map(write) }),
    ...(anyOf !== undefined && { anyOf: anyOf.map(write) }),
    ...(oneOf !== undefined && { oneOf: oneOf.map(write) }),
    ...(not !== undefined && { not: write(not) }),
  };
}
