import { CelEvaluationError } from "./errors.ts";
import { base64OfBytes } from "./values/json-format.ts";
import { CelList } from "./values/list.ts";
import { CelMap } from "./values/map.ts";
import { CelMessage } from "./values/message.ts";
import { CelOpaque } from "./values/opaque.ts";
import { quantityText } from "./library/quantities.ts";
import { CelDuration, CelTimestamp, formatDurationSeconds, formatTimestamp } from "./values/times.ts";
import { CelDouble, CelFailure, CelObjectValue, CelOptional, CelUint, type CelValue, type Evaluated } from "./values/value.ts";
import { celTypes } from "./types/types.ts";

const deepest = 100;

/**
 * A result as JSON: timestamps and durations as text, bytes as base64, an absent optional as null. Integers beyond 2⁵³ become text, as
 * protobuf's JSON has them.
 * @throws {CelEvaluationError} for what JSON cannot say: types, keys of maps that are no scalars
 */
export function celToJson(value: CelValue): unknown {
  return toJson(value, 0);
}

function toJson(value: Evaluated, depth: number): unknown {
  if (depth > deepest) throw new CelEvaluationError("value is nested too deeply");
  if (value instanceof CelFailure) throw new CelEvaluationError(value.message);
  if (typeof value === "bigint") return String(value);
  if (value instanceof Uint8Array) return base64OfBytes(value);
  return value instanceof CelObjectValue ? objectToJson(value, depth) : value;
}

function objectToJson(value: CelObjectValue, depth: number): unknown {
  if (value instanceof CelList) return [...value].map((item) => toJson(item, depth + 1));
  if (value instanceof CelMap) return mapToJson(value, depth);
  if (value instanceof CelMessage) return record([...value.fields].map(([name, field]) => [name, toJson(field, depth + 1)]));
  if (value instanceof CelDouble) return numberToJson(value.value);
  if (value instanceof CelUint) return value.value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value.value) : String(value.value);
  if (value instanceof CelOptional) return value.value === undefined ? null : toJson(value.value, depth + 1);
  if (value instanceof CelTimestamp) return formatTimestamp(value);
  if (value instanceof CelDuration) return formatDurationSeconds(value);
  if (value instanceof CelOpaque && value.celType === celTypes.quantity) return quantityText(value);
  throw new CelEvaluationError(`type conversion error from '${value.celType.name}' to JSON`);
}

function numberToJson(value: number): unknown {
  if (Number.isFinite(value)) return value;
  return Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
}

function mapToJson(map: CelMap, depth: number): Record<string, unknown> {
  return record([...map.keys()].map((key) => [keyToJson(key), toJson(map.find(key) ?? null, depth + 1)]));
}

function keyToJson(key: CelValue): string {
  if (key instanceof CelUint) return String(key.value);
  if (key !== null && typeof key !== "object") return String(key);
  throw new CelEvaluationError("map key is not a string");
}

/** Also a key such as `__proto__` becomes a property of its own. */
function record(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [key, value] of entries) Object.defineProperty(result, key, { value, enumerable: true, writable: true, configurable: true });
  return result;
}
