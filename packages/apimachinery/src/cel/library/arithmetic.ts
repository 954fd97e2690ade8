import { operators } from "../parser/operators.ts";
import { celTypes } from "../types/types.ts";
import {
  addIntegers,
  divideIntegers,
  multiplyIntegers,
  negateInteger,
  remainderOfIntegers,
  subtractIntegers,
  type CelInt,
} from "../values/integers.ts";
import { CelList } from "../values/list.ts";
import { allowText } from "../values/text.ts";
import { CelDuration, CelTimestamp, durationFromNanos, outOfRange, timestampFromNanos } from "../values/times.ts";
import { CelDouble, CelFailure, CelUint, noSuchOverload, type CelValue, type Evaluated } from "../values/value.ts";
import { signature, singleton, type FunctionDeclaration, type Overload } from "./declaration.ts";
import { bytes, double, duration, int, listOfA, string, timestamp, uint } from "./signatures.ts";

const intOverflow = new CelFailure("integer overflow");
const uintOverflow = new CelFailure("unsigned integer overflow");
const largestUint = 2n ** 64n - 1n;

/** `+`, `-`, `*`, `/`, `%` and the sign. Overflow is an error, never a wrong number. */
export const arithmetic: readonly FunctionDeclaration[] = [
  singleton(operators.add, add, [
    binary("add_bytes", bytes),
    binary("add_double", double),
    binary("add_duration_duration", duration),
    signature("add_duration_timestamp", [duration, timestamp], timestamp),
    signature("add_timestamp_duration", [timestamp, duration], timestamp),
    binary("add_int64", int),
    binary("add_list", listOfA),
    binary("add_string", string),
    binary("add_uint64", uint),
  ]),
  singleton("_-_", subtract, [
    binary("subtract_double", double),
    binary("subtract_duration_duration", duration),
    binary("subtract_int64", int),
    signature("subtract_timestamp_duration", [timestamp, duration], timestamp),
    signature("subtract_timestamp_timestamp", [timestamp, timestamp], duration),
    binary("subtract_uint64", uint),
  ]),
  singleton("_*_", multiply, [binary("multiply_double", double), binary("multiply_int64", int), binary("multiply_uint64", uint)]),
  singleton("_/_", divide, [binary("divide_double", double), binary("divide_int64", int), binary("divide_uint64", uint)]),
  singleton("_%_", remainder, [binary("modulo_int64", int), binary("modulo_uint64", uint)]),
  singleton(operators.negate, negate, [signature("negate_double", [double], double), signature("negate_int64", [int], int)]),
];

function binary(id: string, type: (typeof celTypes)["int"]): Overload {
  return signature(id, [type, type], type);
}

export function isInt(value: CelValue): value is CelInt {
  return typeof value === "number" || typeof value === "bigint";
}

function checkedUint(value: bigint): Evaluated {
  return value < 0n || value > largestUint ? uintOverflow : new CelUint(value);
}

function noOperator(name: string): CelFailure {
  return new CelFailure(`no such overload: ${name}`);
}

const noAddition = noOperator(operators.add);

function add(left: CelValue, right: CelValue): Evaluated {
  if (isInt(left)) return isInt(right) ? (addIntegers(left, right) ?? intOverflow) : noSuchOverload;
  if (typeof left === "string") return typeof right === "string" ? joinTexts(left, right) : noSuchOverload;
  if (left instanceof CelList) return right instanceof CelList ? left.concat(right) : noSuchOverload;
  if (left instanceof CelDouble) return right instanceof CelDouble ? new CelDouble(left.value + right.value) : noSuchOverload;
  if (left instanceof CelUint) return right instanceof CelUint ? checkedUint(left.value + right.value) : noSuchOverload;
  if (left instanceof Uint8Array) return right instanceof Uint8Array ? joinBytes(left, right) : noSuchOverload;
  if (left instanceof CelTimestamp) return right instanceof CelDuration ? move(left, right.nanos) : noSuchOverload;
  return left instanceof CelDuration ? addToDuration(left, right) : noAddition;
}

function addToDuration(left: CelDuration, right: CelValue): Evaluated {
  if (right instanceof CelTimestamp) return move(right, left.nanos);
  return right instanceof CelDuration ? (durationFromNanos(left.nanos + right.nanos) ?? intOverflow) : noSuchOverload;
}

function move(timestamp: CelTimestamp, nanos: bigint): Evaluated {
  return timestampFromNanos(timestamp.totalNanos + nanos) ?? outOfRange;
}

function joinTexts(left: string, right: string): string {
  allowText(left.length + right.length);
  return left + right;
}

function joinBytes(left: Uint8Array, right: Uint8Array): Uint8Array {
  const joined = new Uint8Array(left.length + right.length);
  joined.set(left);
  joined.set(right, left.length);
  return joined;
}

const noSubtraction = noOperator("_-_");

function subtract(left: CelValue, right: CelValue): Evaluated {
  if (isInt(left)) return isInt(right) ? (subtractIntegers(left, right) ?? intOverflow) : noSuchOverload;
  if (left instanceof CelDouble) return right instanceof CelDouble ? new CelDouble(left.value - right.value) : noSuchOverload;
  if (left instanceof CelUint) return right instanceof CelUint ? checkedUint(left.value - right.value) : noSuchOverload;
  if (left instanceof CelDuration)
    return right instanceof CelDuration ? (durationFromNanos(left.nanos - right.nanos) ?? intOverflow) : noSuchOverload;
  if (!(left instanceof CelTimestamp)) return noSubtraction;
  if (right instanceof CelDuration) return move(left, -right.nanos);
  return right instanceof CelTimestamp ? (durationFromNanos(left.totalNanos - right.totalNanos) ?? intOverflow) : noSuchOverload;
}

const noMultiplication = noOperator("_*_");

function multiply(left: CelValue, right: CelValue): Evaluated {
  if (isInt(left)) return isInt(right) ? (multiplyIntegers(left, right) ?? intOverflow) : noSuchOverload;
  if (left instanceof CelDouble) return right instanceof CelDouble ? new CelDouble(left.value * right.value) : noSuchOverload;
  if (left instanceof CelUint) return right instanceof CelUint ? checkedUint(left.value * right.value) : noSuchOverload;
  return noMultiplication;
}

const noDivision = noOperator("_/_");
const divisionByZero = new CelFailure("division by zero");

function divide(left: CelValue, right: CelValue): Evaluated {
  if (isInt(left)) {
    if (!isInt(right)) return noSuchOverload;
    return right === 0 ? divisionByZero : (divideIntegers(left, right) ?? intOverflow);
  }
  if (left instanceof CelDouble) return right instanceof CelDouble ? new CelDouble(left.value / right.value) : noSuchOverload;
  if (!(left instanceof CelUint)) return noDivision;
  if (!(right instanceof CelUint)) return noSuchOverload;
  return right.value === 0n ? divisionByZero : new CelUint(left.value / right.value);
}

const noRemainder = noOperator("_%_");
const modulusByZero = new CelFailure("modulus by zero");

function remainder(left: CelValue, right: CelValue): Evaluated {
  if (isInt(left)) {
    if (!isInt(right)) return noSuchOverload;
    return right === 0 ? modulusByZero : (remainderOfIntegers(left, right) ?? intOverflow);
  }
  if (!(left instanceof CelUint)) return noRemainder;
  if (!(right instanceof CelUint)) return noSuchOverload;
  return right.value === 0n ? modulusByZero : new CelUint(left.value % right.value);
}

function negate(value: CelValue): Evaluated {
  if (isInt(value)) return negateInteger(value) ?? intOverflow;
  return value instanceof CelDouble ? new CelDouble(-value.value) : noSuchOverload;
}
