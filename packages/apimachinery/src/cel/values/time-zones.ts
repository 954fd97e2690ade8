import type { CelTimestamp } from "./times.ts";
import { CelFailure } from "./value.ts";

/** A moment as a calendar and a clock show it. */
export interface DateFields {
  readonly year: number;
  /** From 0. */
  readonly month: number;
  /** From 1. */
  readonly day: number;
  /** From 0. */
  readonly dayOfYear: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly millisecond: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();
const formatLimit = 64;

/** In a zone such as `America/New_York`, `+05:30`, `-08:00` or `UTC`. */
export function zonedFields(timestamp: CelTimestamp, zone: string): DateFields | CelFailure {
  const milliseconds = timestamp.seconds * 1000 + Math.floor(timestamp.nanos / 1_000_000);
  if (zone === "" || zone === "UTC") return fieldsAt(milliseconds);
  const offset = zone.includes(":") ? fixedOffset(zone) : namedOffset(zone, milliseconds);
  return offset instanceof CelFailure ? offset : fieldsAt(milliseconds + offset);
}

function fieldsAt(milliseconds: number): DateFields {
  const date = new Date(milliseconds);
  const year = date.getUTCFullYear();
  const newYear = new Date(milliseconds);
  newYear.setUTCMonth(0, 1);
  newYear.setUTCHours(0, 0, 0, 0);
  return {
    year,
    month: date.getUTCMonth(),
    day: date.getUTCDate(),
    dayOfYear: Math.floor((milliseconds - newYear.getTime()) / 86_400_000),
    weekday: date.getUTCDay(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    millisecond: date.getUTCMilliseconds(),
  };
}

/** Milliseconds east of Greenwich. */
function fixedOffset(zone: string): number | CelFailure {
  const [hours = "", minutes = ""] = [zone.slice(0, zone.indexOf(":")), zone.slice(zone.indexOf(":") + 1)];
  for (const part of [hours, minutes])
    if (!/^[+-]?\d+$/.test(part)) return new CelFailure(`strconv.Atoi: parsing ${JSON.stringify(part)}: invalid syntax`);
  const sign = hours.startsWith("-") ? -1 : 1;
  return (Number(hours) * 60 + sign * Number(minutes)) * 60_000;
}

function namedOffset(zone: string, milliseconds: number): number | CelFailure {
  const format = formatFor(zone);
  if (format instanceof CelFailure) return format;
  const parts = new Map(format.formatToParts(milliseconds).map(({ type, value }) => [type, value]));
  const part = (name: Intl.DateTimeFormatPartTypes): number => Number(parts.get(name));
  const year = parts.get("era") === "B" ? 1 - part("year") : part("year");
  const local = new Date(Date.UTC(2000, part("month") - 1, part("day"), part("hour"), part("minute"), part("second")));
  local.setUTCFullYear(year, part("month") - 1, part("day"));
  return local.getTime() - Math.floor(milliseconds / 1000) * 1000;
}

function formatFor(zone: string): Intl.DateTimeFormat | CelFailure {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  try {
    const format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      era: "narrow",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    if (formats.size >= formatLimit) formats.clear();
    formats.set(zone, format);
    return format;
  } catch {
    return new CelFailure(`unknown time zone ${zone}`);
  }
}
