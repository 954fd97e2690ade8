import {
  addQuantities,
  compareQuantities,
  formatQuantity,
  parseQuantity,
  quantityFromInteger,
  QuantityError,
  quantityToNumber,
  subtractQuantities,
  type Quantity,
} from "../../quantity/quantity.ts";
import { celTypes } from "../types/types.ts";
import { checkedInteger, type CelInt } from "../values/integers.ts";
import { CelOpaque } from "../values/opaque.ts";
import { CelDouble, CelFailure, type Evaluated } from "../values/value.ts";
import { declare, method, overload, type FunctionDeclaration } from "./declaration.ts";
import { bool, double, int, string } from "./signatures.ts";

/** A quantity, and what upstream's way to keep it lets one ask of it. */
interface Amount {
  readonly quantity: Quantity;
  /** The power of ten of its last digit; undefined when upstream does not keep it as a 64-bit integer, which is then none. */
  readonly scale: number | undefined;
}

type QuantityValue = CelOpaque<Amount>;
const quantityType = celTypes.quantity;
const nano = 1_000_000_000n;
const noInteger = new CelFailure("cannot convert value to integer");

function value(quantity: Quantity, scale: number | undefined): QuantityValue {
  return new CelOpaque(quantityType, { quantity, scale }, { key: String(quantity.nanos) });
}

/** The canonical text. */
export function quantityText({ value: { quantity } }: QuantityValue): string {
  return formatQuantity(quantity);
}

function read(text: string): Evaluated {
  try {
    // Elsewhere white space around an amount is forgiven.
    return value(parseQuantity(text === text.trim() ? text : "x"), scaleOf(text));
  } catch (error) {
    if (error instanceof QuantityError) return new CelFailure(error.message);
    throw error;
  }
}

const exponents: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, "": 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const binaryExponents: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };

/** Whether upstream keeps a quantity as an integer depends on how it is written: `1024Ti` is one, `1Pi` is not. */
function scaleOf(text: string): number | undefined {
  const [, whole = "", fraction = "", suffix = ""] = /^[+-]?0*([0-9]*)\.?([0-9]*)(.*)$/.exec(text) ?? [];
  const digits = Math.max(1, whole.length);
  const binary = binaryExponents[suffix];
  if (binary !== undefined) return fraction === "" && 14 - digits - Math.floor((binary * 3) / 10) >= 0 ? 0 : undefined;
  const scale = (exponents[suffix] ?? Number(suffix.slice(1))) - fraction.length;
  return digits + fraction.length <= 18 && scale >= -9 ? scale : undefined;
}

function combined(quantity: Quantity, left: Amount, right: Amount): QuantityValue {
  return value(quantity, left.scale === undefined || right.scale === undefined ? undefined : Math.min(left.scale, right.scale));
}

function wholeOf({ value: { quantity, scale } }: QuantityValue): CelInt | undefined {
  return scale === undefined || scale < 0 ? undefined : checkedInteger(quantity.nanos / nano);
}

function fromInt(amount: CelInt): Amount {
  return { quantity: quantityFromInteger(amount, "DecimalExponent"), scale: 0 };
}

function plus(left: QuantityValue, right: Amount): QuantityValue {
  return combined(addQuantities(left.value.quantity, right.quantity), left.value, right);
}

function minus(left: QuantityValue, right: Amount): QuantityValue {
  return combined(subtractQuantities(left.value.quantity, right.quantity), left.value, right);
}

const compare = (left: QuantityValue, right: QuantityValue): number =>
  Math.sign(compareQuantities(left.value.quantity, right.value.quantity));

/** Amounts of resources: `quantity('1.5Gi')`. */
export const quantities: readonly FunctionDeclaration[] = [
  declare("quantity", overload("string_to_quantity", [string], quantityType, read)),
  declare(
    "isQuantity",
    overload("is_quantity_string", [string], bool, (text: string) => !(read(text) instanceof CelFailure)),
  ),
  declare(
    "sign",
    overload("quantity_sign", [quantityType], int, ({ value: { quantity } }: QuantityValue) =>
      quantity.nanos > 0n ? 1 : quantity.nanos < 0n ? -1 : 0,
    ),
  ),
  declare(
    "isGreaterThan",
    method(
      "quantity_is_greater_than",
      [quantityType, quantityType],
      bool,
      (left: QuantityValue, right: QuantityValue) => compare(left, right) > 0,
    ),
  ),
  declare(
    "isLessThan",
    method(
      "quantity_is_less_than",
      [quantityType, quantityType],
      bool,
      (left: QuantityValue, right: QuantityValue) => compare(left, right) < 0,
    ),
  ),
  declare("compareTo", method("quantity_compare_to", [quantityType, quantityType], int, compare)),
  declare(
    "asApproximateFloat",
    method(
      "quantity_get_float",
      [quantityType],
      double,
      ({ value: { quantity } }: QuantityValue) => new CelDouble(quantityToNumber(quantity)),
    ),
  ),
  declare(
    "asInteger",
    method("quantity_get_int", [quantityType], int, (quantity: QuantityValue) => wholeOf(quantity) ?? noInteger),
  ),
  declare(
    "isInteger",
    method("quantity_is_integer", [quantityType], bool, (quantity: QuantityValue) => wholeOf(quantity) !== undefined),
  ),
  declare(
    "add",
    method("quantity_add", [quantityType, quantityType], quantityType, (left: QuantityValue, right: QuantityValue) =>
      plus(left, right.value),
    ),
    method("quantity_add_int", [quantityType, int], quantityType, (left: QuantityValue, right: CelInt) => plus(left, fromInt(right))),
  ),
  declare(
    "sub",
    method("quantity_sub", [quantityType, quantityType], quantityType, (left: QuantityValue, right: QuantityValue) =>
      minus(left, right.value),
    ),
    method("quantity_sub_int", [quantityType, int], quantityType, (left: QuantityValue, right: CelInt) => minus(left, fromInt(right))),
  ),
];
