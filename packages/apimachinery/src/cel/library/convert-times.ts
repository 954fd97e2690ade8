import { parseDuration } from "../../time/duration.ts";
import { durationFromNanos, outOfRange, parseTimestamp, timestampFromNanos } from "../values/times.ts";
import { CelFailure, type Evaluated } from "../values/value.ts";

/** That a text does not say what it should. */
export function conversionError(from: string, to: string): CelFailure {
  return new CelFailure(`type conversion error from '${from}' to '${to}'`);
}

const noTimestamp = conversionError("string", "google.protobuf.Timestamp");
const noDuration = conversionError("string", "google.protobuf.Duration");

/** `timestamp('2020-01-01T00:00:00Z')` or `duration('1h30m')`. */
export function timeFromText(type: "timestamp" | "duration", text: string): Evaluated {
  if (type === "timestamp") return parseTimestamp(text) ?? noTimestamp;
  try {
    return durationFromNanos(parseDuration(text)) ?? noDuration;
  } catch {
    return noDuration;
  }
}

/** Seconds since 1970. */
export function timestampFromSeconds(seconds: number | bigint): Evaluated {
  return timestampFromNanos(BigInt(seconds) * 1_000_000_000n) ?? outOfRange;
}
