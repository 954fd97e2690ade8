/** A number of elements or of cost units, at least and at most. Both are 64-bit numbers without sign, as upstream's. */
export interface Range {
  readonly min: bigint;
  readonly max: bigint;
}

export const largest = 2n ** 64n - 1n;
/** What is said of a size of which nothing is known. */
export const unknownRange: Range = { min: 0n, max: largest };
export const nothing: Range = { min: 0n, max: 0n };

export function exactly(count: bigint | number): Range {
  return { min: BigInt(count), max: BigInt(count) };
}

/** The largest number stands for every greater one. */
function capped(value: bigint): bigint {
  return value > largest ? largest : value;
}

/** What a calculation without a check for overflow gives upstream. */
export function wrapped(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

export function sum(...ranges: readonly Range[]): Range {
  let { min, max } = nothing;
  for (const range of ranges) {
    min = capped(min + range.min);
    max = capped(max + range.max);
  }
  return { min, max };
}

export function product(left: Range, right: Range): Range {
  return { min: capped(left.min * right.min), max: capped(left.max * right.max) };
}

/** Times a number, rounded up. */
export function scaled({ min, max }: Range, factor: number): Range {
  return { min: scale(min, factor), max: scale(max, factor) };
}

function scale(value: bigint, factor: number): bigint {
  const result = Math.ceil(Number(value) * factor);
  return result >= 2 ** 64 ? largest : BigInt(result);
}

/** The smallest range that holds both. */
export function union(left: Range, right: Range): Range {
  return { min: left.min < right.min ? left.min : right.min, max: left.max > right.max ? left.max : right.max };
}
