import { quoteText } from "@coracle/apimachinery";

/** Indexes of an Indexed Job are written as `1,3-5,7`. */

type Interval = readonly [first: number, last: number];

/** What is wrong with the text, or how many indexes it names. Each is below `completions`. */
export function countIndexes(text: string, completions: number): number | { readonly problem: string } {
  if (text === "") return 0;
  let last: number | undefined;
  let total = 0;
  for (const part of text.split(",")) {
    const interval = parseInterval(part, completions);
    if ("problem" in interval) return interval;
    if (last !== undefined && last >= interval[0]) return { problem: `non-increasing order, previous: ${last}, current: ${interval[0]}` };
    total += interval[1] - interval[0] + 1;
    last = interval[1];
  }
  return total;
}

function parseInterval(text: string, completions: number): Interval | { readonly problem: string } {
  const limits = text.split("-");
  if (limits.length > 2) {
    const rule = "violates the requirement that an index interval can have at most two parts separated by '-'";
    return { problem: `the fragment ${quoteText(text)} ${rule}` };
  }
  for (const limit of limits) {
    if (!/^[+-]?\d+$/.test(limit)) return { problem: `cannot convert string to integer for index: ${quoteText(limit)}` };
    if (Number(limit) >= completions) return { problem: `too large index: ${quoteText(limit)}` };
  }
  const [first, last = first] = limits.map(Number) as [number, number?];
  if (limits.length === 2 && first >= last) return { problem: `non-increasing order, previous: ${first}, current: ${last}` };
  return [first, last];
}

/** The first index that both texts name; what cannot be read is passed over. */
export function commonIndex(left: string, right: string, completions: number): number | undefined {
  const [lefts, rights] = [intervalsOf(left, completions), intervalsOf(right, completions)];
  let position = 0;
  for (const [first, last] of lefts) {
    while (position < rights.length && (rights[position] as Interval)[1] < first) position++;
    const other = rights[position];
    if (other !== undefined && other[0] <= last) return Math.max(first, other[0]);
  }
  return undefined;
}

function intervalsOf(text: string, completions: number): readonly Interval[] {
  if (text === "") return [];
  const intervals = text.split(",").map((part) => parseInterval(part, completions));
  return intervals.filter((interval): interval is Interval => !("problem" in interval));
}
