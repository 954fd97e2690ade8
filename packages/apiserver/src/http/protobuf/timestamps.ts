import { WireError } from "./wire-error.ts";

/** Go's zero time, which has no message and is null in JSON. */
const zeroTime = "0001-01-01T00:00:00";
const common = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|\.(\d{1,9})\d*Z)$/;
const earliestSeconds = -62_167_219_200;
const latestSeconds = 253_402_300_799;

export interface Timestamp {
  /** Since the beginning of 1970, UTC. */
  readonly seconds: number;
  readonly nanos: number;
}

/** Reads RFC 3339. Undefined for what is no time, and for the zero time. */
export function parseTimestamp(text: unknown): Timestamp | undefined {
  if (typeof text !== "string" || text.startsWith(zeroTime)) return undefined;
  const match = common.exec(text);
  const seconds = match === null ? Math.floor(Date.parse(text) / 1000) : secondsOf(text);
  const fraction = match?.[1];
  return Number.isNaN(seconds) ? undefined : { seconds, nanos: fraction === undefined ? 0 : Number(fraction.padEnd(9, "0")) };
}

/** Of a text in the common form; several times as fast as Date.parse. */
function secondsOf(text: string): number {
  const two = (at: number): number => text.charCodeAt(at) * 10 + text.charCodeAt(at + 1) - 528;
  const year = two(0) * 100 + two(2);
  if (year < 100) return Date.parse(`${text.slice(0, 19)}Z`) / 1000;
  return Date.UTC(year, two(5) - 1, two(8), two(11), two(14), two(17)) / 1000;
}

/** RFC 3339 with `digits` of fraction. @throws {WireError} for what is not in the years 0 to 9999. */
export function formatTimestamp({ seconds, nanos }: Timestamp, digits: 0 | 6): string {
  if (!(seconds >= earliestSeconds && seconds <= latestSeconds)) throw new WireError("Time.MarshalJSON: year outside of range [0,9999]");
  const text = new Date(seconds * 1000).toISOString().slice(0, 19);
  return digits === 0 ? `${text}Z` : `${text}.${String(nanos).padStart(9, "0").slice(0, digits)}Z`;
}
