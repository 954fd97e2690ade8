import type { CelType } from "../types/type.ts";
import { compareNumbers } from "../values/equality.ts";
import { compareBytes, compareText } from "../values/text.ts";
import { CelDuration, CelTimestamp } from "../values/times.ts";
import { CelDouble, CelFailure, CelUint, noSuchOverload, type CelValue, type Evaluated } from "../values/value.ts";
import { signature, singleton, type FunctionDeclaration, type Overload } from "./declaration.ts";
import { bool, bytes, double, duration, int, string, timestamp, uint } from "./signatures.ts";

/** The order of two values: negative, 0, positive or NaN; or that they have none. */
export function compare(left: CelValue, right: CelValue): number | CelFailure | undefined {
  if (typeof left === "number" && typeof right === "number") return left - right;
  const numbers = compareNumbers(left, right);
  if (numbers !== undefined) return numbers;
  if (typeof left === "string") return typeof right === "string" ? compareText(left, right) : noSuchOverload;
  if (typeof left === "boolean") return typeof right === "boolean" ? Number(left) - Number(right) : noSuchOverload;
  if (left instanceof CelTimestamp) return right instanceof CelTimestamp ? order(left.totalNanos, right.totalNanos) : noSuchOverload;
  if (left instanceof CelDuration) return right instanceof CelDuration ? order(left.nanos, right.nanos) : noSuchOverload;
  if (left instanceof Uint8Array) return right instanceof Uint8Array ? compareBytes(left, right) : noSuchOverload;
  const isNumber = typeof left === "number" || typeof left === "bigint" || left instanceof CelDouble || left instanceof CelUint;
  return isNumber ? noSuchOverload : undefined;
}

function order(left: bigint, right: bigint): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

const numbers: readonly (readonly [string, CelType])[] = [
  ["int64", int],
  ["uint64", uint],
  ["double", double],
];
const others: readonly (readonly [string, CelType])[] = [
  ["string", string],
  ["bytes", bytes],
  ["timestamp", timestamp],
  ["duration", duration],
];

function signatures(prefix: string): Overload[] {
  const mixed = numbers.flatMap(([name, type]) => [
    signature(`${prefix}_${name}`, [type, type], bool),
    ...numbers
      .filter(([other]) => other !== name)
      .map(([other, otherType]) => signature(`${prefix}_${name}_${other}`, [type, otherType], bool)),
  ]);
  return [
    signature(`${prefix}_bool`, [bool, bool], bool),
    ...mixed,
    ...others.map(([name, type]) => signature(`${prefix}_${name}`, [type, type], bool)),
  ];
}

function relation(name: string, prefix: string, holds: (order: number) => boolean): FunctionDeclaration {
  const none = new CelFailure(`no such overload: ${name}`);
  const evaluate = (left: CelValue, right: CelValue): Evaluated => {
    const result = compare(left, right);
    if (typeof result === "number") return holds(result);
    return result ?? none;
  };
  return singleton(name, evaluate, signatures(prefix));
}

/** `<`, `<=`, `>`, `>=`. */
export const comparison: readonly FunctionDeclaration[] = [
  relation("_<_", "less", (result) => result < 0),
  relation("_<=_", "less_equals", (result) => result <= 0),
  relation("_>_", "greater", (result) => result > 0),
  relation("_>=_", "greater_equals", (result) => result >= 0),
];
