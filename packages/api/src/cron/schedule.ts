import { parseDuration, quoteText } from "@coracle/apimachinery";
import { fieldBounds, parseField, type Field } from "./fields.ts";

/** What a schedule of the cron program says. */
export interface CronSchedule {
  /** The one named before it with `TZ=` or `CRON_TZ=`. */
  readonly timeZone?: string;
  /** Which minutes are due, or how many milliseconds lie between two times. */
  readonly due: Readonly<Record<keyof typeof fieldBounds, Field>> | { readonly everyMs: number };
}

const descriptors: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};
const every = "@every ";

/**
 * Reads a schedule as the library does that upstream uses: five fields, a descriptor, or `@every 1h30m`.
 * @throws {Error} in that library's words when it is none.
 */
export function parseCronSchedule(text: string): CronSchedule {
  if (text === "") throw new Error("empty spec string");
  const zone = /^(?:CRON_)?TZ=(\S*)( |$)/.exec(text);
  if (zone === null) return { due: parseDue(text) };
  const [whole, timeZone = "", end] = zone;
  // Upstream's library panics here, and tells what its runtime said.
  if (end === "") throw new Error("invalid schedule format: runtime error: slice bounds out of range [:-1]");
  if (!isTimeZone(timeZone)) throw new Error(`provided bad location ${timeZone}: unknown time zone ${timeZone}`);
  return { timeZone, due: parseDue(text.slice(whole.length).trim()) };
}

/** Whether it is a name of the time zone database; the empty name is UTC. */
export function isTimeZone(name: string): boolean {
  if (name === "" || name === "Local") return true;
  // Offsets are none of its names.
  if (/^[+-]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

function parseDue(text: string): CronSchedule["due"] {
  if (text.startsWith(every)) return { everyMs: parseEvery(text) };
  const written = text.startsWith("@") ? descriptors[text] : text;
  if (written === undefined) throw new Error(`unrecognized descriptor: ${text}`);
  const parts = written.split(/\s+/).filter((part) => part !== "");
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = parts;
  if (parts.length !== 5) throw new Error(`expected exactly 5 fields, found ${parts.length}: [${parts.join(" ")}]`);
  return {
    minute: parseField(minute, fieldBounds.minute),
    hour: parseField(hour, fieldBounds.hour),
    day: parseField(day, fieldBounds.day),
    month: parseField(month, fieldBounds.month),
    weekday: parseField(weekday, fieldBounds.weekday),
  };
}

function parseEvery(descriptor: string): number {
  const duration = descriptor.slice(every.length);
  try {
    return Number(parseDuration(duration) / 1_000_000n);
  } catch {
    const problem = /^[+-]?[\d.]*\d[\d.]*$/.test(duration) ? "missing unit in" : "invalid";
    throw new Error(`failed to parse duration ${descriptor}: time: ${problem} duration ${quoteText(duration)}`);
  }
}
