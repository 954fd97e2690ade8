import { RE2JS, RE2JSException } from "@bufbuild/re2";
import { findMatches } from "./regex-search.ts";
import { CelFailure } from "./values/value.ts";

/** A pattern of RE2, which takes time in proportion to the text whatever the pattern. */
export interface Regex {
  /** Whether it matches anywhere. */
  test(text: string): boolean;
  /** The matches from the left, at most so many. */
  find(text: string, limit: number): string[];
}

const cacheLimit = 256;
const cache = new Map<string, Regex | CelFailure>();

/** The pattern, or what is wrong with it in the words of Go's regexp package. */
export function compileRegex(pattern: string): Regex | CelFailure {
  const known = cache.get(pattern);
  if (known !== undefined) return known;
  const compiled = compile(pattern);
  if (cache.size >= cacheLimit) cache.clear();
  cache.set(pattern, compiled);
  return compiled;
}

function compile(pattern: string): Regex | CelFailure {
  try {
    const regex = RE2JS.compile(pattern);
    return { test: (text) => regex.test(text), find: (text, limit) => findMatches(regex.re2().prog, text, limit) };
  } catch (error) {
    if (error instanceof RE2JSException) return new CelFailure(error.message);
    throw error;
  }
}
