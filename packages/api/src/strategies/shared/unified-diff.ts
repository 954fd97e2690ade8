import { goJson } from "@coracle/apimachinery";
import { goForm } from "./go-form.ts";

/**
 * Updates of what may not change answer with the difference, as upstream prints it: a unified diff of the two values as indented JSON,
 * matched as Python's `difflib` does. Nothing for values too long to compare.
 *
 * @param type of the values, for {@link goForm}.
 */
export function describeDifference(type: string, old: unknown, value: unknown): string {
  const lines = (each: unknown): string[] => goJson(goForm(type, each), " ").split("\n");
  return unifiedDiff(lines(old), lines(value));
}

const linesLimit = 20_000;
const contextLines = 3;
/** Lines that occur more often than this part of the text are no anchors, in texts of at least 200 lines. */
const popularPart = 100;
const popularFrom = 200;

/** How one text becomes the other: `old` from `a1` to `a2` is `new` from `b1` to `b2`. */
interface Step {
  readonly isEqual: boolean;
  readonly a1: number;
  readonly a2: number;
  readonly b1: number;
  readonly b2: number;
}

/** A unified diff without file names, with three lines of context; each line ends with a line feed. */
export function unifiedDiff(a: readonly string[], b: readonly string[]): string {
  if (a.length + b.length > linesLimit) return "";
  return groupsOf(stepsOf(a, b))
    .map((group) => hunkText(group, a, b))
    .join("");
}

function hunkText(group: readonly Step[], a: readonly string[], b: readonly string[]): string {
  const first = group[0] as Step;
  const last = group[group.length - 1] as Step;
  let text = `@@ -${rangeText(first.a1, last.a2)} +${rangeText(first.b1, last.b2)} @@\n`;
  const write = (sign: string, lines: readonly string[]): void => {
    for (const line of lines) text += `${sign}${line}\n`;
  };
  for (const { isEqual, a1, a2, b1, b2 } of group) {
    if (isEqual) write(" ", a.slice(a1, a2));
    else {
      write("-", a.slice(a1, a2));
      write("+", b.slice(b1, b2));
    }
  }
  return text;
}

function rangeText(start: number, stop: number): string {
  const length = stop - start;
  if (length === 1) return `${start + 1}`;
  return length === 0 ? `${start},0` : `${start + 1},${length}`;
}

/** The steps in groups that are more than twice the context apart, with the context around each. */
function groupsOf(steps: readonly Step[]): Step[][] {
  const groups: Step[][] = [];
  let group: Step[] = [];
  for (const [index, step] of steps.entries()) {
    if (!step.isEqual) {
      group.push(step);
      continue;
    }
    const { isEqual, a1, a2, b1, b2 } = step;
    const isFirst = index === 0;
    const isLast = index === steps.length - 1;
    const head = { isEqual, a1, a2: Math.min(a2, a1 + contextLines), b1, b2: Math.min(b2, b1 + contextLines) };
    const tail = { isEqual, a1: Math.max(a1, a2 - contextLines), a2, b1: Math.max(b1, b2 - contextLines), b2 };
    if (isFirst) group.push(tail);
    else if (isLast) group.push(head);
    else if (a2 - a1 > 2 * contextLines) {
      groups.push([...group, head]);
      group = [tail];
    } else group.push(step);
  }
  if (group.some(({ isEqual }) => !isEqual)) groups.push(group);
  return groups;
}

interface Match {
  readonly a: number;
  readonly b: number;
  readonly size: number;
}

function stepsOf(a: readonly string[], b: readonly string[]): Step[] {
  const steps: Step[] = [];
  let [i, j] = [0, 0];
  for (const match of [...matchesOf(a, b), { a: a.length, b: b.length, size: 0 }]) {
    if (i < match.a || j < match.b) steps.push({ isEqual: false, a1: i, a2: match.a, b1: j, b2: match.b });
    [i, j] = [match.a + match.size, match.b + match.size];
    if (match.size > 0) steps.push({ isEqual: true, a1: match.a, a2: i, b1: match.b, b2: j });
  }
  return steps;
}

/** The longest common run, then the same to the left and to the right of it; runs that touch are one. */
function matchesOf(a: readonly string[], b: readonly string[]): Match[] {
  const places = placesOf(b);
  const matches: Match[] = [];
  const open: [alo: number, ahi: number, blo: number, bhi: number][] = [[0, a.length, 0, b.length]];
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    const [alo, ahi, blo, bhi] = part;
    const match = longestMatch(a, b, places, part);
    if (match.size === 0) continue;
    matches.push(match);
    open.push([alo, match.a, blo, match.b], [match.a + match.size, ahi, match.b + match.size, bhi]);
  }
  matches.sort((left, right) => left.a - right.a);
  return matches.reduce<Match[]>((joined, match) => {
    const last = joined[joined.length - 1];
    if (last !== undefined && last.a + last.size === match.a && last.b + last.size === match.b)
      joined[joined.length - 1] = { ...last, size: last.size + match.size };
    else joined.push(match);
    return joined;
  }, []);
}

function placesOf(lines: readonly string[]): Map<string, number[]> {
  const places = new Map<string, number[]>();
  for (const [index, line] of lines.entries()) {
    const known = places.get(line);
    if (known === undefined) places.set(line, [index]);
    else known.push(index);
  }
  if (lines.length < popularFrom) return places;
  const most = Math.floor(lines.length / popularPart) + 1;
  for (const [line, indices] of places) if (indices.length > most) places.delete(line);
  return places;
}

function longestMatch(
  a: readonly string[],
  b: readonly string[],
  places: ReadonlyMap<string, readonly number[]>,
  [alo, ahi, blo, bhi]: readonly [alo: number, ahi: number, blo: number, bhi: number],
): Match {
  let best = { a: alo, b: blo, size: 0 };
  let lengths = new Map<number, number>();
  for (let i = alo; i < ahi; i++) {
    const next = new Map<number, number>();
    for (const j of places.get(a[i] as string) ?? []) {
      if (j < blo) continue;
      if (j >= bhi) break;
      const size = (lengths.get(j - 1) ?? 0) + 1;
      next.set(j, size);
      if (size > best.size) best = { a: i - size + 1, b: j - size + 1, size };
    }
    lengths = next;
  }
  while (best.a > alo && best.b > blo && a[best.a - 1] === b[best.b - 1]) best = { a: best.a - 1, b: best.b - 1, size: best.size + 1 };
  while (best.a + best.size < ahi && best.b + best.size < bhi && a[best.a + best.size] === b[best.b + best.size]) best.size++;
  return best;
}
