import { fieldBounds, parseField, type Field } from "./fields.ts";
import { createWallClock, type WallClock, type WallTime } from "./wall-clock.ts";

/** When a CronJob is due. */
export interface Schedule {
  /** The first time after `afterMs`, in milliseconds since the epoch; undefined when there is none within five years. */
  next(afterMs: number): number | undefined;
}

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const yearLimit = 5;

const descriptors: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

/**
 * Reads a schedule of the cron program as upstream's library does: five fields, a descriptor, or `@every 1h30m`; `TZ=` and `CRON_TZ=` before it
 * name a time zone. Times that daylight saving skips do not occur, and those that it repeats occur twice.
 * @throws {Error} when it is none. {@link RangeError} when there is no such time zone.
 */
export function parseSchedule(text: string, timeZone = ""): Schedule {
  const prefix = /^(?:CRON_)?TZ=(\S*)\s+/.exec(text);
  const clock = createWallClock(prefix?.[1] ?? timeZone);
  const spec = text.slice(prefix?.[0].length ?? 0).trim();
  if (spec === "") throw new Error("empty spec string");
  if (spec.startsWith("@every ")) return every(parseGoDuration(spec.slice("@every ".length), spec));
  const written = spec.startsWith("@") ? descriptors[spec] : spec;
  if (written === undefined) throw new Error(`unrecognized descriptor: ${spec}`);
  const fields = written.split(/\s+/);
  if (fields.length !== 5) throw new Error(`expected exactly 5 fields, found ${fields.length}: [${fields.join(" ")}]`);
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = fields;
  return new WallSchedule(clock, {
    minute: parseField(minute, fieldBounds.minute),
    hour: parseField(hour, fieldBounds.hour),
    day: parseField(day, fieldBounds.day),
    month: parseField(month, fieldBounds.month),
    weekday: parseField(weekday, fieldBounds.weekday),
  });
}

type Fields = Readonly<Record<keyof typeof fieldBounds, Field>>;

class WallSchedule implements Schedule {
  readonly #clock: WallClock;
  readonly #fields: Fields;

  constructor(clock: WallClock, fields: Fields) {
    this.#clock = clock;
    this.#fields = fields;
  }

  next(afterMs: number): number | undefined {
    const lastYear = this.#clock.at(afterMs).year + yearLimit;
    let time = Math.floor(afterMs / minuteMs) * minuteMs + minuteMs;
    for (;;) {
      const wall = this.#clock.at(time);
      if (wall.year > lastYear) return undefined;
      if (!this.#isDay(wall)) time = this.#nextDay(time, wall);
      else if (!this.#fields.hour.values.has(wall.hour)) time += (60 - wall.minute) * minuteMs;
      else if (!this.#fields.minute.values.has(wall.minute)) time += minuteMs;
      else return time;
    }
  }

  /** Where both kinds of days are restricted, either is enough. */
  #isDay(wall: WallTime): boolean {
    const { day, month, weekday } = this.#fields;
    if (!month.values.has(wall.month)) return false;
    const [isDay, isWeekday] = [day.values.has(wall.day), weekday.values.has(wall.weekday)];
    return day.isAny || weekday.isAny ? isDay && isWeekday : isDay || isWeekday;
  }

  /** The first minute of the next day, or, where that day is shorter or longer than others, a little before. */
  #nextDay(time: number, wall: WallTime): number {
    const midnight = time + dayMs - (wall.hour * 60 + wall.minute) * minuteMs;
    const landed = this.#clock.at(midnight);
    const earlier = midnight - (landed.hour * 60 + landed.minute) * minuteMs;
    return landed.hour < 12 && this.#clock.at(earlier).day === landed.day ? earlier : midnight;
  }
}

function every(delayMs: number): Schedule {
  const wholeMs = Math.max(1000, Math.floor(delayMs / 1000) * 1000);
  return { next: (afterMs) => Math.floor(afterMs / 1000) * 1000 + wholeMs };
}

const unitMs: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: minuteMs, h: 60 * minuteMs };

/** `1h30m`, as Go writes durations. */
function parseGoDuration(text: string, spec: string): number {
  if (!/^\+?(\d+(\.\d*)?(ns|us|µs|ms|s|m|h))+$/.test(text))
    throw new Error(`failed to parse duration ${spec}: time: invalid duration ${JSON.stringify(text)}`);
  return [...text.matchAll(/(\d+(?:\.\d*)?)(ns|us|µs|ms|s|m|h)/g)].reduce(
    (sum, [, number, unit]) => sum + Number(number) * (unitMs[unit ?? ""] ?? 0),
    0,
  );
}
