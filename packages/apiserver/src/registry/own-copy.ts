import { setField } from "@coracle/apimachinery";

/** A copy of what a direct caller passed: it may share parts with cached objects, and have fields that are `undefined`. */
export function stripUndefined<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => stripUndefined(item ?? null) as unknown) as T;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const field = (value as Record<string, unknown>)[key];
    if (field !== undefined) setField(copy, key, stripUndefined(field));
  }
  return copy as T;
}
