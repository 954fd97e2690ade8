import type { Schema } from "@coracle/apimachinery";

/** Of the JSON of a string, by format: quotes included. */
const stringSizes: Readonly<Record<string, number>> = { duration: 4, date: 12, "date-time": 22 };

/** The fewest bytes that the JSON of a value can have, from which upstream guesses how many of them fit into a request. */
export function minimalSize(schema: Schema): number {
  if (schema.isIntOrString === true) return 1;
  switch (schema.type) {
    case "object":
      return schema.additionalProperties === undefined ? minimalObjectSize(schema) : 2;
    case "array":
      return 2;
    case "string":
      return stringSizes[schema.format ?? ""] ?? 2;
    case "boolean":
      return 4;
    default:
      return 1;
  }
}

/** Defaults need not be sent. */
function minimalObjectSize({ properties = {}, required = [] }: Schema): number {
  let size = 2;
  for (const name of required) {
    const property = properties[name];
    if (property !== undefined && property.default === undefined) size += name.length + minimalSize(property) + 4;
  }
  return size;
}
