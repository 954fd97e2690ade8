import { quoteText } from "@coracle/apimachinery";

/** Which values a field of a schedule allows. */
export interface Field {
  readonly values: ReadonlySet<number>;
  /** Written as `*` or `?`: for days it means that the other field of days decides. */
  readonly isAny: boolean;
}

export interface Bounds {
  readonly least: number;
  readonly most: number;
  readonly names?: readonly string[];
}

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/** In the order in which they are written. */
export const fieldBounds = {
  minute: { least: 0, most: 59 },
  hour: { least: 0, most: 23 },
  day: { least: 1, most: 31 },
  month: { least: 1, most: 12, names: months },
  weekday: { least: 0, most: 6, names: weekdays },
} as const satisfies Record<string, Bounds>;

/** Parts are separated by commas; each is a value or a range with an optional step. @throws {Error} */
export function parseField(text: string, bounds: Bounds): Field {
  const values = new Set<number>();
  let isAny = false;
  for (const part of text.split(",").filter((entry) => entry !== "")) isAny = addPart(part, bounds, values) || isAny;
  return { values, isAny };
}

/** Whether the part allows everything. What is wrong is told in the order in which upstream's library looks. */
function addPart(part: string, bounds: Bounds, values: Set<number>): boolean {
  const [range = "", stepText, ...more] = part.split("/");
  const { first, last, isAny } = parseRange(range, part, bounds, stepText !== undefined);
  if (more.length > 0) throw new Error(`too many slashes: ${part}`);
  const step = stepText === undefined ? 1 : parseNumber(stepText);
  if (first < bounds.least) throw new Error(`beginning of range (${first}) below minimum (${bounds.least}): ${part}`);
  if (last > bounds.most) throw new Error(`end of range (${last}) above maximum (${bounds.most}): ${part}`);
  if (first > last) throw new Error(`beginning of range (${first}) beyond end of range (${last}): ${part}`);
  if (step === 0) throw new Error(`step of range should be a positive number: ${part}`);
  for (let value = first; value <= last; value += step) values.add(value);
  return isAny && step === 1;
}

function parseRange(range: string, part: string, bounds: Bounds, hasStep: boolean): { first: number; last: number; isAny: boolean } {
  const [low = "", high, ...more] = range.split("-");
  if (low === "*" || low === "?") return { first: bounds.least, last: bounds.most, isAny: true };
  const first = parseValue(low, bounds);
  if (more.length > 0) throw new Error(`too many hyphens: ${part}`);
  if (high !== undefined) return { first, last: parseValue(high, bounds), isAny: false };
  // `5/10` goes on to the end.
  return { first, last: hasStep ? bounds.most : first, isAny: false };
}

function parseValue(text: string, { names, least }: Bounds): number {
  const index = names?.indexOf(text.toLowerCase()) ?? -1;
  return index === -1 ? parseNumber(text) : index + least;
}

function parseNumber(text: string): number {
  if (!/^[+-]?\d+$/.test(text))
    throw new Error(`failed to parse int from ${text}: strconv.Atoi: parsing ${quoteText(text)}: invalid syntax`);
  const number = Number(text);
  if (number < 0) throw new Error(`negative number (${number}) not allowed: ${text}`);
  return number;
}
