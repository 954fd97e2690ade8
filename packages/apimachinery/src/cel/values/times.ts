import type { CelType } from "../types/type.ts";
import { celTypes } from "../types/types.ts";
import { CelFailure, CelObjectValue, type CelValue } from "./value.ts";

const nano = 1_000_000_000n;
/** The first and last second that a timestamp can say: the years 1 to 9999. */
const firstSecond = -62_135_596_800;
const lastSecond = 253_402_300_799;
const largestDuration = 2n ** 63n - 1n;
export const outOfRange = new CelFailure("timestamp overflow");

/** A moment, to the nanosecond. */
export class CelTimestamp extends CelObjectValue {
  /** Since 1970, rounded down. */
  readonly seconds: number;
  /** 0 to 999,999,999, after `seconds`. */
  readonly nanos: number;

  constructor(seconds: number, nanos: number) {
    super();
    this.seconds = seconds;
    this.nanos = nanos;
  }

  get celType(): CelType {
    return celTypes.timestamp;
  }

  /** Since 1970. */
  get totalNanos(): bigint {
    return BigInt(this.seconds) * nano + BigInt(this.nanos);
  }

  override equals(other: CelValue): boolean {
    return other instanceof CelTimestamp && other.seconds === this.seconds && other.nanos === this.nanos;
  }
}

/** A timestamp so many nanoseconds after 1970. Undefined outside of the years 1 to 9999. */
export function timestampFromNanos(total: bigint): CelTimestamp | undefined {
  const rest = ((total % nano) + nano) % nano;
  const seconds = (total - rest) / nano;
  if (seconds < BigInt(firstSecond) || seconds > BigInt(lastSecond)) return undefined;
  return new CelTimestamp(Number(seconds), Number(rest));
}

/** A length of time, in nanoseconds within 64 bits. */
export class CelDuration extends CelObjectValue {
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    super();
    this.nanos = nanos;
  }

  get celType(): CelType {
    return celTypes.duration;
  }

  override equals(other: CelValue): boolean {
    return other instanceof CelDuration && other.nanos === this.nanos;
  }
}

/** A duration; undefined when it does not fit. */
export function durationFromNanos(nanos: bigint): CelDuration | undefined {
  return nanos > largestDuration || nanos < -largestDuration - 1n ? undefined : new CelDuration(nanos);
}

const rfc3339 = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:[.,](\d+))?(Z|[+-]\d{2}:\d{2})$/;

/** Reads an RFC 3339 time; undefined when it is none, or outside of what timestamps can say. */
export function parseTimestamp(text: string): CelTimestamp | undefined {
  const match = rfc3339.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [number, number, number, number, number, number];
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59 || day < 1 || day > daysOfMonth(year, month)) return undefined;
  const offset = zoneSeconds(match[8] as string);
  if (offset === undefined) return undefined;
  const seconds = utcMilliseconds(year, month, day) / 1000 + hour * 3600 + minute * 60 + second - offset;
  if (seconds < firstSecond || seconds > lastSecond) return undefined;
  return new CelTimestamp(seconds, Number((match[7] ?? "").padEnd(9, "0").slice(0, 9)));
}

/** Seconds east of Greenwich. */
function zoneSeconds(zone: string): number | undefined {
  if (zone === "Z") return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(4, 6))];
  if (hours > 24 || minutes > 60) return undefined;
  return (zone.startsWith("-") ? -1 : 1) * (hours * 3600 + minutes * 60);
}

function utcMilliseconds(year: number, month: number, day: number): number {
  // Date.UTC reads the years 0 to 99 as 1900 to 1999.
  const date = new Date(Date.UTC(2000, month - 1, day));
  date.setUTCFullYear(year, month - 1, day);
  return date.getTime();
}

function daysOfMonth(year: number, month: number): number {
  return new Date(utcMilliseconds(year, month + 1, 1) - 1).getUTCDate();
}

/** As Go's RFC3339Nano: `2023-02-03T04:05:06.5Z`. */
export function formatTimestamp(timestamp: CelTimestamp): string {
  const whole = new Date(timestamp.seconds * 1000).toISOString().slice(0, 19);
  return `${whole}${fractionOf(timestamp.nanos)}Z`;
}

function fractionOf(nanos: number): string {
  return nanos === 0 ? "" : `.${String(nanos).padStart(9, "0").replace(/0+$/, "")}`;
}

/** In seconds with a fraction: `90s`, `0.5s`. */
export function formatDurationSeconds({ nanos }: CelDuration): string {
  const absolute = nanos < 0n ? -nanos : nanos;
  return `${nanos < 0n ? "-" : ""}${absolute / nano}${fractionOf(Number(absolute % nano))}s`;
}
