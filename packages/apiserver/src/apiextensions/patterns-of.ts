const depthLimit = 200;

/** Every pattern in a schema, and perhaps strings of that name in its examples. */
export function patternsOf(schema: unknown, depth = 0): string[] {
  if (typeof schema !== "object" || schema === null || depth > depthLimit) return [];
  return Object.entries(schema).flatMap(([key, value]) =>
    key === "pattern" && typeof value === "string" ? [value] : patternsOf(value, depth + 1),
  );
}
