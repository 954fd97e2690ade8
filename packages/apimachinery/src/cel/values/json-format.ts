import { parseDuration } from "../../time/duration.ts";
import { CelDuration, CelTimestamp, durationFromNanos, parseTimestamp } from "./times.ts";
import { CelFailure, type Evaluated } from "./value.ts";

type Format = "byte" | "date" | "date-time" | "duration";

/** A string of a schema with a format, as the value it means. */
export function readFormat(text: string, format: Format): Evaluated {
  switch (format) {
    case "byte":
      return bytesOfBase64(text) ?? new CelFailure(`Invalid byte formatted string ${text}: illegal base64 data`);
    case "date":
      return readTimestamp(`${text}T00:00:00Z`) ?? new CelFailure(`Invalid date formatted string ${text}: cannot parse`);
    case "date-time":
      return readTimestamp(text) ?? new CelFailure(`Invalid date-time formatted string ${text}: cannot parse`);
    default:
      return readDuration(text) ?? new CelFailure(`Invalid duration ${text}: cannot parse`);
  }
}

function readTimestamp(text: string): CelTimestamp | undefined {
  return parseTimestamp(/(?:Z|[+-]\d{2}:?\d{2})$/.test(text) ? text : `${text}Z`);
}

const words: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
  d: 86_400_000_000_000n,
  w: 604_800_000_000_000n,
};

function readDuration(text: string): CelDuration | undefined {
  try {
    return durationFromNanos(parseDuration(text));
  } catch {
    const match = /^(\d+)\s*(ns|us|µs|ms|s|m|h|d|w|sec|second|seconds|min|minute|minutes|hr|hour|hours|day|days|week|weeks)$/i.exec(text);
    if (match === null) return undefined;
    const unit = (match[2] as string).toLowerCase().replace("µs", "us");
    const scale = words[unit] ?? words[unit[0] as string];
    return scale === undefined ? undefined : durationFromNanos(BigInt(match[1] as string) * scale);
  }
}

/** Undefined when the text is no base64. */
export function bytesOfBase64(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

export function base64OfBytes(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
