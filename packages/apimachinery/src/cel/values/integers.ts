/** 64-bit integers: a number when that is exact, otherwise a bigint, so that equal integers are the same value. */
export type CelInt = number | bigint;

const largest = 2n ** 63n - 1n;
const smallest = -(2n ** 63n);
const largestSafe = BigInt(Number.MAX_SAFE_INTEGER);

export function isInt64(value: bigint): boolean {
  return value >= smallest && value <= largest;
}

/** The one representation of an integer within 64 bits. */
export function integer(value: bigint): CelInt {
  return value <= largestSafe && value >= -largestSafe ? Number(value) : value;
}

/** Undefined when it does not fit in 64 bits. */
export function checkedInteger(value: bigint): CelInt | undefined {
  return isInt64(value) ? integer(value) : undefined;
}

/** The sum; undefined when it overflows, as for the other operations. */
export function addIntegers(left: CelInt, right: CelInt): CelInt | undefined {
  if (typeof left === "number" && typeof right === "number") {
    const sum = left + right;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return checkedInteger(BigInt(left) + BigInt(right));
}

export function subtractIntegers(left: CelInt, right: CelInt): CelInt | undefined {
  if (typeof left === "number" && typeof right === "number") {
    const difference = left - right;
    if (Number.isSafeInteger(difference)) return difference;
  }
  return checkedInteger(BigInt(left) - BigInt(right));
}

export function multiplyIntegers(left: CelInt, right: CelInt): CelInt | undefined {
  if (typeof left === "number" && typeof right === "number") {
    const product = left * right;
    // `+ 0` for there is no negative zero among integers.
    if (Number.isSafeInteger(product)) return product + 0;
  }
  return checkedInteger(BigInt(left) * BigInt(right));
}

/** Towards zero; `right` is not 0. */
export function divideIntegers(left: CelInt, right: CelInt): CelInt | undefined {
  if (typeof left === "number" && typeof right === "number") return Math.trunc(left / right) + 0;
  return checkedInteger(BigInt(left) / BigInt(right));
}

/** With the sign of `left`; `right` is not 0. */
export function remainderOfIntegers(left: CelInt, right: CelInt): CelInt | undefined {
  if (typeof left === "number" && typeof right === "number") return (left % right) + 0;
  // Go refuses the one division that overflows here too.
  if (BigInt(left) === smallest && BigInt(right) === -1n) return undefined;
  return integer(BigInt(left) % BigInt(right));
}

export function negateInteger(value: CelInt): CelInt | undefined {
  return typeof value === "number" ? 0 - value : checkedInteger(-value);
}
