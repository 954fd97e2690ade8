import { perTextCharacter } from "./factors.ts";
import { searchCost, type CallEstimate } from "./call-estimates.ts";
import { sizeOfPart, type Part } from "./part.ts";
import { exactly, product, scaled, sum, wrapped, type Range } from "./range.ts";

/** A call of a standard function; all of its arguments, the target first. */
type Estimate = (first: Range, second: Range) => CallEstimate;

const one = exactly(1);

function traversal(size: Range): Range {
  return scaled(size, perTextCharacter);
}

/** Texts are compared up to the end of the shorter one. */
const comparing: Estimate = (left, right) => {
  const max = left.max < right.max ? left.max : right.max;
  return { cost: traversal({ min: max > 0n ? 1n : 0n, max }) };
};

/** How long the other text is does not matter. */
const comparingEnds: Estimate = (_, part) => ({ cost: traversal(part) });

const joining: Estimate = (left, right) => {
  const size = sum(left, right);
  return { cost: traversal(size), size };
};

const byOverload: Readonly<Record<string, Estimate>> = {
  string_format: (text) => ({ cost: traversal(text) }),
  // A character takes four bytes at most.
  string_to_bytes: (text) => ({ cost: traversal(text), size: { min: text.min, max: wrapped(text.max * 4n) } }),
  bytes_to_string: (bytes) => ({ cost: traversal(bytes), size: { min: bytes.min / 4n, max: bytes.max } }),
  strings_quote: (text) => ({ cost: traversal(text), size: { min: wrapped(text.min + 2n), max: wrapped(text.max * 2n + 2n) } }),
  starts_with_string: comparingEnds,
  ends_with_string: comparingEnds,
  in_list: (_, list) => ({ cost: list }),
  matches_string: (text, pattern) => ({ cost: searchCost(text, pattern) }),
  contains_string: (text, part) => ({ cost: product(traversal(text), traversal(part)) }),
  add_string: joining,
  add_bytes: joining,
  add_list: (left, right) => ({ cost: one, size: sum(left, right) }),
  equals: comparing,
  not_equals: comparing,
  ...Object.fromEntries(
    ["less", "less_equals", "greater", "greater_equals"].flatMap((name) => [
      [`${name}_string`, comparing],
      [`${name}_bytes`, comparing],
    ]),
  ),
};

/** cel-go's estimate for a function of the language itself. Most cost as much as the simplest. */
export function estimateStandardCall(overload: string, parts: readonly Part[]): CallEstimate {
  const estimate = Object.hasOwn(byOverload, overload) ? byOverload[overload] : undefined;
  const [first = exactly(1), second = exactly(1)] = parts.map(sizeOfPart);
  return estimate?.(first, second) ?? { cost: one };
}
