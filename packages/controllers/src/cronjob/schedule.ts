import { parseCronSchedule, type CronSchedule } from "@coracle/api";
import { createWallClock, type WallClock, type WallTime } from "./wall-clock.ts";

/** When a CronJob is due. */
export interface Schedule {
  /** The first time after `afterMs`, in milliseconds since the epoch; undefined when there is none within five years. */
  next(afterMs: number): number | undefined;
}

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const yearLimit = 5;

/**
 * The times of a schedule of the cron program. Those that daylight saving skips do not occur, and those that it repeats occur twice.
 * @param timeZone where the schedule names none; empty is UTC.
 * @throws {Error} when it is none. {@link RangeError} when there is no such time zone.
 */
export function parseSchedule(text: string, timeZone = ""): Schedule {
  const parsed = parseCronSchedule(text);
  const clock = createWallClock(parsed.timeZone ?? timeZone);
  return "everyMs" in parsed.due ? every(parsed.due.everyMs) : new WallSchedule(clock, parsed.due);
}

type Fields = Exclude<CronSchedule["due"], { readonly everyMs: number }>;

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
