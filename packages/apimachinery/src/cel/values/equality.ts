import { CelList } from "./list.ts";
import { CelMap } from "./map.ts";
import { CelDouble, CelFailure, CelObjectValue, CelOptional, CelUint, type CelValue, type Evaluated } from "./value.ts";

/** `==`: values of different types are not equal, except that numbers compare by their amount. */
export function equal(left: CelValue, right: CelValue): boolean | CelFailure {
  if (left === right) return true;
  if (left === null || right === null) return false;
  if (typeof left !== "object" && typeof right !== "object") return false;
  const comparison = compareNumbers(left, right);
  if (comparison !== undefined) return comparison === 0;
  if (left instanceof Uint8Array) return right instanceof Uint8Array && equalBytes(left, right);
  if (!(left instanceof CelObjectValue)) return false;
  if (left instanceof CelOptional) return equalOptionals(left, right);
  const own = left.equals(right);
  if (own !== undefined) return own;
  if (left instanceof CelList) return right instanceof CelList && equalLists(left, right);
  return left instanceof CelMap && right instanceof CelMap && equalMaps(left, right);
}

/** {@link equal} of what may have failed. */
export function equalEvaluated(left: Evaluated, right: Evaluated): boolean | CelFailure {
  if (left instanceof CelFailure) return left;
  return right instanceof CelFailure ? right : equal(left, right);
}

/** Item by item, in order. */
export function equalLists(left: CelList, right: CelList): boolean | CelFailure {
  if (left.size !== right.size) return false;
  for (let index = 0; index < left.size; index++) {
    const result = equalEvaluated(left.at(index), right.at(index));
    if (result !== true) return result;
  }
  return true;
}

function equalMaps(left: CelMap, right: CelMap): boolean | CelFailure {
  if (left.size !== right.size) return false;
  for (const key of left.keys()) {
    const other = right.find(key);
    if (other === undefined) return false;
    const result = equalEvaluated(left.find(key) as Evaluated, other);
    if (result !== true) return result;
  }
  return true;
}

function equalOptionals(left: CelOptional, right: CelValue): boolean | CelFailure {
  if (!(right instanceof CelOptional)) return false;
  if (left.value === undefined || right.value === undefined) return left.value === right.value;
  return equal(left.value, right.value);
}

function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

/** The amount of a number; undefined for other values. */
function amountOf(value: CelValue): number | bigint | undefined {
  if (typeof value === "number" || typeof value === "bigint") return value;
  return value instanceof CelDouble || value instanceof CelUint ? value.value : undefined;
}

/**
 * Negative, 0, positive, or NaN when one of them is no number at all (then neither order nor equality holds). Undefined for other types.
 * An integer is rounded to a double before it is compared with one, as cel-go does.
 */
export function compareNumbers(left: CelValue, right: CelValue): number | undefined {
  const [a, b] = [amountOf(left), amountOf(right)];
  if (a === undefined || b === undefined) return undefined;
  if (left instanceof CelDouble || right instanceof CelDouble) return order(Number(a), Number(b));
  return order(a, b);
}

function order(left: number | bigint, right: number | bigint): number {
  if (left < right) return -1;
  if (left > right) return 1;
  return Number.isNaN(left) || Number.isNaN(right) ? Number.NaN : 0;
}
