import { formatTimestamp, formatDurationSeconds, CelDuration, CelTimestamp } from "../values/times.ts";
import { CelList } from "../values/list.ts";
import { CelMap } from "../values/map.ts";
import { typeOf } from "../values/type-of.ts";
import { CelDouble, CelOptional, CelTypeValue, CelUint, type Evaluated } from "../values/value.ts";
import type { CelValue } from "../values/value.ts";

/** The type of a value, and the value as an expression would write it: `double 4.0`. */
export function shown(value: CelValue): string {
  return `${typeOf(value).name} ${literal(value)}`;
}

function literal(value: Evaluated): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (value instanceof Uint8Array) return `b"${Array.from(value, (byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("")}"`;
  if (value instanceof CelDouble) return double(value.value);
  if (value instanceof CelUint) return `${value.value}u`;
  if (value instanceof CelList) return `[${[...value].map(literal).join(", ")}]`;
  if (value instanceof CelMap)
    return `{${[...value.keys()].map((key) => `${literal(key)}: ${literal(value.find(key) ?? null)}`).join(", ")}}`;
  if (value instanceof CelOptional) return value.value === undefined ? "optional.none()" : `optional.of(${literal(value.value)})`;
  if (value instanceof CelTimestamp) return `timestamp("${formatTimestamp(value)}")`;
  if (value instanceof CelDuration) return `duration("${formatDurationSeconds(value)}")`;
  return value instanceof CelTypeValue ? value.type.name : String(value);
}

function double(value: number): string {
  if (!Number.isFinite(value)) return `double("${value}")`;
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}
