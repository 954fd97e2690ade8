import { zonedFields, type DateFields } from "../values/time-zones.ts";
import type { CelDuration, CelTimestamp } from "../values/times.ts";
import { CelFailure, type Evaluated } from "../values/value.ts";
import { declare, method, type FunctionDeclaration, type Overload } from "./declaration.ts";
import { duration, int, string, timestamp } from "./signatures.ts";

/** What a timestamp says of itself, in UTC or in a time zone. */
function getter(name: string, id: string, read: (fields: DateFields) => number): { name: string; overloads: Overload[] } {
  const evaluate = (moment: CelTimestamp, zone = "UTC"): Evaluated => {
    const fields = zonedFields(moment, zone);
    return fields instanceof CelFailure ? fields : read(fields);
  };
  // The one irregular name is cel-go's.
  const zoned = id === "timestamp_to_seconds" ? `${id}_tz` : `${id}_with_tz`;
  return { name, overloads: [method(id, [timestamp], int, evaluate), method(zoned, [timestamp, string], int, evaluate)] };
}

function elapsed(id: string, unit: bigint): Overload {
  return method(id, [duration], int, ({ nanos }: CelDuration) => Number(nanos / unit));
}

/** `getHours()` and the like. */
export const times: readonly FunctionDeclaration[] = [
  getter("getFullYear", "timestamp_to_year", ({ year }) => year),
  getter("getMonth", "timestamp_to_month", ({ month }) => month),
  getter("getDayOfYear", "timestamp_to_day_of_year", ({ dayOfYear }) => dayOfYear),
  getter("getDayOfMonth", "timestamp_to_day_of_month", ({ day }) => day - 1),
  getter("getDate", "timestamp_to_day_of_month_1_based", ({ day }) => day),
  getter("getDayOfWeek", "timestamp_to_day_of_week", ({ weekday }) => weekday),
  getter("getHours", "timestamp_to_hours", ({ hour }) => hour),
  getter("getMinutes", "timestamp_to_minutes", ({ minute }) => minute),
  getter("getSeconds", "timestamp_to_seconds", ({ second }) => second),
  getter("getMilliseconds", "timestamp_to_milliseconds", ({ millisecond }) => millisecond),
  declare("getHours", elapsed("duration_to_hours", 3_600_000_000_000n)),
  declare("getMinutes", elapsed("duration_to_minutes", 60_000_000_000n)),
  declare("getSeconds", elapsed("duration_to_seconds", 1_000_000_000n)),
  declare("getMilliseconds", elapsed("duration_to_milliseconds", 1_000_000n)),
];
