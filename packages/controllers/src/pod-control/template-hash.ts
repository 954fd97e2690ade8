import { safeEncodeName } from "@coracle/base";

/** A short name for a piece of configuration, the same for equal data whatever the order of its fields; `collisions` makes another one. */
export function hashOf(data: unknown, collisions = 0): string {
  const text = JSON.stringify(data, sortKeys) + (collisions > 0 ? String(collisions) : "");
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  return safeEncodeName(String(hash));
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
