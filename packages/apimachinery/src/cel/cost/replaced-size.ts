import { largest, product, sum, type Range } from "./range.ts";

/** The size of a text in which every `old` became `by`. */
export function replacedSize(text: Range, old: Range, by: Range): Range {
  const longest = longestCase(text, old, by);
  const shortest = shortestCase(text, old, by);
  const count = { min: shortest.count, max: longest.count };
  return sum(product(count, by), { min: shortest.kept, max: longest.kept });
}

interface Case {
  readonly count: bigint;
  /** How much of the text counts as left where it was. */
  readonly kept: bigint;
}

function longestCase({ max }: Range, old: Range, by: Range): Case {
  // To replace nothing is to put text around every character.
  if (old.min === 0n) return { count: between(max), kept: max };
  if (by.max <= old.min) return { count: 0n, kept: max };
  return { count: quotient(max, old.min), kept: 0n };
}

function shortestCase({ min }: Range, old: Range, by: Range): Case {
  if (old.max === 0n) return { count: between(min), kept: min };
  if (old.max <= by.min) return { count: 0n, kept: min };
  return { count: quotient(min, old.max), kept: 0n };
}

function between(size: bigint): bigint {
  return size < largest ? size + 1n : size;
}

/** Rounded up. */
function quotient(size: bigint, by: bigint): bigint {
  const result = Math.ceil(Number(size) / Number(by));
  return result >= 2 ** 64 ? largest : BigInt(result);
}
