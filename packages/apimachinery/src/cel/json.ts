import type { CelValue } from "./values/value.ts";

/**
 * A result as JSON: timestamps and durations as text, bytes as base64, an absent optional as null.
 * @throws {CelEvaluationError} for what JSON cannot say: types, keys of maps that are no scalars
 */
export function celToJson(value: CelValue): unknown {
  throw new Error(`not yet: ${String(value)}`);
}
