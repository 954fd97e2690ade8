import type { Regex } from "../cel/regex.ts";

/** A pattern of a schema: Go's RE2 syntax, time in proportion to the text. */
export interface Pattern {
  /** Whether it matches anywhere in `text`. */
  test(text: string): boolean;
}

/** In the words of Go's regexp package. */
export interface PatternError {
  readonly message: string;
}

let engine: ((pattern: string) => Regex | PatternError) | undefined;

/**
 * Makes {@link compilePattern} ready for these patterns. Few are beyond JavaScript's own expressions; only for them is an engine loaded.
 * Undefined when there is nothing to wait for.
 */
export function loadPatterns(patterns: readonly string[]): Promise<void> | undefined {
  if (engine !== undefined || patterns.every((pattern) => translate(pattern) !== undefined)) return undefined;
  return import("../cel/regex.ts").then(({ compileRegex }) => void (engine = compileRegex));
}

/** @throws when {@link loadPatterns} was not awaited for the pattern. */
export function compilePattern(pattern: string): Pattern | PatternError {
  const plain = translate(pattern);
  if (plain !== undefined) return plain;
  if (engine === undefined) throw new Error(`the engine for the pattern ${pattern} is not loaded`);
  return engine(pattern);
}

const tokens = new RegExp(
  [
    String.raw`(?<escape>\\[.*+?^$(){}|[\]\\/\-dDwW])`,
    String.raw`(?<space>\\s)`,
    String.raw`(?<klass>\[\^?(?:[^\][\\]|\\[.*+?^$(){}|[\]\\/\-dDwW])+\])`,
    String.raw`(?<open>\((?:\?:)?)`,
    String.raw`(?<close>\))`,
    String.raw`(?<unbounded>[*+]|\{\d{1,3},\})`,
    String.raw`(?<bounded>\?|\{\d{1,3}(?:,\d{1,3})?\})`,
    String.raw`(?<dot>\.)`,
    String.raw`(?<other>[$|]|[^\\[\](){}*+?^$.|])`,
  ].join("|"),
  "suy",
);

/**
 * The pattern as an expression of JavaScript, where that means the same and cannot take more than linear time: anchored at the start,
 * with one unbounded repetition at most, and that not of a group. Undefined for all others.
 */
function translate(pattern: string): RegExp | undefined {
  if (!pattern.startsWith("^")) return undefined;
  let source = "^";
  let previous: string | undefined;
  let repetitions = 0;
  tokens.lastIndex = 1;
  while (tokens.lastIndex < pattern.length) {
    const groups = tokens.exec(pattern)?.groups;
    if (groups === undefined) return undefined;
    const [kind = "", text = ""] = Object.entries(groups).find(([, found]) => found !== undefined) ?? [];
    const isRepetition = kind === "unbounded" || kind === "bounded";
    // Repetitions of repetitions are other things in the two languages, and repeated groups can take exponential time.
    if (isRepetition && (previous === undefined || previous === "unbounded" || previous === "bounded" || previous === "open"))
      return undefined;
    if (previous === "close" && isRepetition && text !== "?") return undefined;
    if (kind === "unbounded" && ++repetitions > 1) return undefined;
    source += kind === "space" ? String.raw`[\t\n\f\r ]` : kind === "dot" ? String.raw`[^\n]` : text;
    previous = kind;
  }
  try {
    return new RegExp(source, "u");
  } catch {
    return undefined;
  }
}
