import type { CronJob } from "@coracle/api";
import type { Schedule } from "./schedule.ts";

/** The latest time at which a Job is due that has not been started. */
export interface Due {
  readonly timeMs: number | undefined;
  /** Start times since the last one, roughly. */
  readonly missed: number;
  /** From where the search began. */
  readonly sinceMs: number;
}

/** More missed times than this are worth a warning: clocks may be wrong. */
export const manyMissed = 100;
/** Clocks may differ a little; a start must not come before its time. */
const paddingMs = 100;

/** @throws {Error} when the schedule has no times that differ. */
export function dueTime(cronJob: CronJob, nowMs: number, schedule: Schedule, { usesDeadline }: { usesDeadline: boolean }): Due {
  const sinceMs = searchStart(cronJob, nowMs, usesDeadline);
  const first = schedule.next(sinceMs);
  if (first !== undefined && nowMs < first) return { timeMs: undefined, missed: 0, sinceMs };
  const second = first === undefined ? undefined : schedule.next(first);
  if (first === undefined || second === undefined || second - first < 1000)
    throw new Error("time difference between two schedules is less than 1 second");
  if (nowMs < second) return { timeMs: first, missed: 0, sinceMs };
  // A rough number, so that years of missed minutes cost nothing.
  const missed = Math.floor((nowMs - first) / (second - first)) + 1;
  let timeMs: number | undefined;
  const from = first + (missed - 2) * (second - first);
  for (let next = schedule.next(from); next !== undefined && next <= nowMs; next = schedule.next(next)) timeMs = next;
  return { timeMs, missed, sinceMs };
}

function searchStart({ metadata, spec, status }: CronJob, nowMs: number, usesDeadline: boolean): number {
  const sinceMs = Date.parse(status?.lastScheduleTime ?? metadata.creationTimestamp ?? "") || nowMs;
  const deadline = spec?.startingDeadlineSeconds;
  return usesDeadline && deadline !== undefined ? Math.max(sinceMs, nowMs - deadline * 1000) : sinceMs;
}

/** How long until the next time; undefined when there is none. */
export function untilNext(cronJob: CronJob, nowMs: number, schedule: Schedule): number | undefined {
  const next = schedule.next(searchEnd(cronJob, nowMs, schedule));
  return next === undefined ? undefined : Math.max(1, next + paddingMs - nowMs);
}

function searchEnd(cronJob: CronJob, nowMs: number, schedule: Schedule): number {
  try {
    const { timeMs, missed, sinceMs } = dueTime(cronJob, nowMs, schedule, { usesDeadline: false });
    return timeMs ?? (missed === 0 ? sinceMs : nowMs);
  } catch {
    return nowMs;
  }
}
