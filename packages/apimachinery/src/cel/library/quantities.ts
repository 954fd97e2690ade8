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

type QuantityValue = CelOpaque<Quantity>;
const quantityType = celTypes.quantity;
const nano = 1_000_000_000n;
const noInteger = new CelFailure("cannot convert value to integer");

function value(quantity: Quantity): QuantityValue {
  return new CelOpaque(quantityType, quantity, { key: String(quantity.nanos) });
}

/** The canonical text. */
export function quantityText({ value: quantity }: QuantityValue): string {
  return formatQuantity(quantity);
}

function read(text: string): Evaluated {
  try {
    // Elsewhere white space around an amount is forgiven.
    return value(parseQuantity(text === text.trim() ? text : "x"));
  } catch (error) {
    if (error instanceof QuantityError) return new CelFailure(error.message);
    throw error;
  }
}

function wholeOf({ value: { nanos } }: QuantityValue): CelInt | undefined {
  return nanos % nano === 0n ? checkedInteger(nanos / nano) : undefined;
}

function fromInt(amount: CelInt): Quantity {
  return quantityFromInteger(amount, "DecimalExponent");
}

const compare = (left: QuantityValue, right: QuantityValue): number => Math.sign(compareQuantities(left.value, right.value));

/** Amounts of resources: `quantity('1.5Gi')`. */
export const quantities: readonly FunctionDeclaration[] = [
  declare("quantity", overload("string_to_quantity", [string], quantityType, read)),
  declare(
    "isQuantity",
    overload("is_quantity_string", [string], bool, (text: string) => !(read(text) instanceof CelFailure)),
  ),
  declare(
    "sign",
    overload("quantity_sign", [quantityType], int, ({ value: { nanos } }: QuantityValue) => (nanos > 0n ? 1 : nanos < 0n ? -1 : 0)),
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
    method("quantity_get_float", [quantityType], double, (quantity: QuantityValue) => new CelDouble(quantityToNumber(quantity.value))),
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
      value(addQuantities(left.value, right.value)),
    ),
    method("quantity_add_int", [quantityType, int], quantityType, (left: QuantityValue, right: CelInt) =>
      value(addQuantities(left.value, fromInt(right))),
    ),
  ),
  declare(
    "sub",
    method("quantity_sub", [quantityType, quantityType], quantityType, (left: QuantityValue, right: QuantityValue) =>
      value(subtractQuantities(left.value, right.value)),
    ),
    method("quantity_sub_int", [quantityType, int], quantityType, (left: QuantityValue, right: CelInt) =>
      value(subtractQuantities(left.value, fromInt(right))),
    ),
  ),
];
