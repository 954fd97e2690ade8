import { parseDuration, quoteText } from "@coracle/apimachinery";

interface Field {
  readonly low: number;
  readonly high: number;
  readonly names?: readonly string[];
}

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
/** Minute, hour, day of the month, month, day of the week. */
const fields: readonly Field[] = [
  { low: 0, high: 59 },
  { low: 0, high: 23 },
  { low: 1, high: 31 },
  { low: 1, high: 12, names: ["", ...months] },
  { low: 0, high: 6, names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
];
const descriptors = new Set(["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"]);

/** Why the text is no schedule of the cron program, in the words of the parser that upstream uses; undefined when it is one. */
export function scheduleProblem(schedule: string): string | undefined {
  const zone = /^(?:CRON_)?TZ=(\S*)( |$)/.exec(schedule);
  if (zone !== null && zone[2] === "") return "invalid schedule format: runtime error: slice bounds out of range [:-1]";
  if (zone !== null && !isTimeZone(zone[1] as string)) return `provided bad location ${zone[1]}: unknown time zone ${zone[1]}`;
  const text = zone === null ? schedule : schedule.slice(zone[0].length).trim();
  if (text.startsWith("@")) return descriptorProblem(text);
  const parts = text.split(/\s+/).filter((part) => part !== "");
  if (parts.length !== fields.length) return `expected exactly 5 fields, found ${parts.length}: [${parts.join(" ")}]`;
  for (const [index, part] of parts.entries()) {
    for (const range of part.split(",").filter((each) => each !== "")) {
      const problem = rangeProblem(range, fields[index] as Field);
      if (problem !== undefined) return problem;
    }
  }
  return undefined;
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

function descriptorProblem(text: string): string | undefined {
  if (descriptors.has(text)) return undefined;
  if (!text.startsWith("@every ")) return `unrecognized descriptor: ${text}`;
  const duration = text.slice("@every ".length);
  try {
    parseDuration(duration);
    return undefined;
  } catch {
    const problem = /^[+-]?[\d.]*\d[\d.]*$/.test(duration) ? "missing unit in" : "invalid";
    return `failed to parse duration ${duration}: time: ${problem} duration ${quoteText(duration)}`;
  }
}

function rangeProblem(text: string, field: Field): string | undefined {
  const [range = "", step, ...moreSteps] = text.split("/");
  const limits = range.split("-");
  const [first = "", last = first] = limits;
  let [start, end] = [field.low, field.high];
  if (first !== "*" && first !== "?") {
    const low = readNumber(first, field.names);
    if (typeof low === "string") return low;
    const high = limits.length > 2 ? `too many hyphens: ${text}` : readNumber(last, field.names);
    if (typeof high === "string") return high;
    [start, end] = [low, high];
  }
  if (moreSteps.length > 0) return `too many slashes: ${text}`;
  const size = step === undefined ? 1 : readNumber(step);
  if (typeof size === "string") return size;
  if (step !== undefined && limits.length === 1) end = field.high;
  if (start < field.low) return `beginning of range (${start}) below minimum (${field.low}): ${text}`;
  if (end > field.high) return `end of range (${end}) above maximum (${field.high}): ${text}`;
  if (start > end) return `beginning of range (${start}) beyond end of range (${end}): ${text}`;
  return size === 0 ? `step of range should be a positive number: ${text}` : undefined;
}

function readNumber(text: string, names: readonly string[] = []): number | string {
  const index = text === "" ? -1 : names.indexOf(text.toLowerCase());
  if (index >= 0) return index;
  if (!/^[+-]?\d+$/.test(text)) return `failed to parse int from ${text}: strconv.Atoi: parsing ${quoteText(text)}: invalid syntax`;
  const value = Number(text);
  return value < 0 ? `negative number (${value}) not allowed: ${text}` : value;
}
