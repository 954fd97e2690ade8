/** What a clock on the wall of a time zone shows. */
export interface WallTime {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

export interface WallClock {
  at(milliseconds: number): WallTime;
  /** RFC 3339 with the zone's offset: `2026-01-02T03:04:05+01:00`. */
  format(milliseconds: number): string;
}

/** @throws {RangeError} when there is no such time zone. An empty name is UTC. */
export function createWallClock(zone: string): WallClock {
  if (zone === "" || zone === "UTC" || zone === "Etc/UTC") return { at: utcAt, format: (milliseconds) => format(milliseconds, utcAt) };
  const formatter = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  const at = (milliseconds: number): WallTime => {
    const parts: Record<string, number> = {};
    for (const { type, value } of formatter.formatToParts(milliseconds)) parts[type] = Number(value);
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = parts;
    return { year, month, day, weekday: new Date(Date.UTC(year, month - 1, day)).getUTCDay(), hour, minute, second };
  };
  return { at, format: (milliseconds) => format(milliseconds, at) };
}

function utcAt(milliseconds: number): WallTime {
  const date = new Date(milliseconds);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    weekday: date.getUTCDay(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
  };
}

function format(milliseconds: number, at: WallClock["at"]): string {
  const seconds = Math.floor(milliseconds / 1000) * 1000;
  const { year, month, day, hour, minute, second } = at(seconds);
  const local = Date.UTC(year, month - 1, day, hour, minute, second);
  const text = new Date(local).toISOString().slice(0, 19);
  const offset = Math.round((local - seconds) / 60_000);
  if (offset === 0) return `${text}Z`;
  const two = (number: number): string => String(number).padStart(2, "0");
  return `${text}${offset < 0 ? "-" : "+"}${two(Math.trunc(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
}
