import { CelDouble, CelFailure, CelObjectValue, CelOptional, CelTypeValue, CelUint, type Evaluated } from "./value.ts";
import { CelList } from "./list.ts";
import { CelMap } from "./map.ts";
import { formatDouble } from "./doubles.ts";
import { CelDuration, CelTimestamp, formatDurationSeconds, formatTimestamp } from "./times.ts";

/** A value as messages show it: `no such key: a`. */
export function valueText(value: Evaluated): string {
  if (value === null) return "null";
  if (value instanceof CelFailure) return value.message;
  if (value instanceof Uint8Array) return [...value].map((byte) => String.fromCharCode(byte)).join("");
  return value instanceof CelObjectValue ? objectText(value) : String(value);
}

function objectText(value: CelObjectValue): string {
  if (value instanceof CelDouble) return formatDouble(value.value);
  if (value instanceof CelUint) return String(value.value);
  if (value instanceof CelTypeValue) return value.type.name;
  if (value instanceof CelTimestamp) return formatTimestamp(value);
  if (value instanceof CelDuration) return formatDurationSeconds(value);
  if (value instanceof CelOptional) return value.value === undefined ? "optional.none()" : `optional.of(${valueText(value.value)})`;
  if (value instanceof CelList) return `[${[...value].map(valueText).join(", ")}]`;
  if (value instanceof CelMap)
    return `{${[...value.keys()].map((key) => `${valueText(key)}: ${valueText(value.find(key) ?? null)}`).join(", ")}}`;
  return value.celType.name;
}
