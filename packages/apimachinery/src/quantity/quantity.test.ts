import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addQuantities,
  canonicalQuantity,
  compareQuantities,
  formatQuantity,
  parseQuantity,
  quantityMilliValue,
  quantityToNumber,
  quantityValue,
  subtractQuantities,
  zeroQuantity,
  type Quantity,
} from "./quantity.ts";

describe("canonical form", () => {
  test.each([
    ["0", "0"],
    ["0.5", "500m"],
    ["1500m", "1500m"],
    ["1000m", "1"],
    ["1000000", "1M"],
    ["1024Mi", "1Gi"],
    ["1.5Gi", "1536Mi"],
    ["1023Ki", "1023Ki"],
    ["0.1Ki", "102400m"],
    ["0.5Ki", "512"],
    ["1e3", "1e3"],
    ["12e6", "12e6"],
    ["1200e-3", "1200e-3"],
    ["1E", "1E"],
    ["1Ei", "1Ei"],
    ["-0.5", "-500m"],
    ["+.5", "500m"],
    ["1.", "1"],
    ["1.1n", "2n"],
    ["-1.1n", "-2n"],
    ["9223372036854775808", "9223372036854775807"],
  ])("%s is written as %s", (text, canonical) => {
    expect(canonicalQuantity(text)).toBe(canonical);
  });

  test("a JSON number is read as its text", () => {
    expect(canonicalQuantity(0.25)).toBe("250m");
  });
});

describe("what is no quantity", () => {
  const format = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
  test.each([
    ["", format],
    ["abc", format],
    [".", format],
    ["1 Gi", format],
    ["1KiB", format],
    ["1kk", "unable to parse quantity's suffix"],
    ["1Gi5", "unable to parse quantity's suffix"],
    ["1e999999999", "unable to parse quantity's suffix"],
  ])("%j", (text, message) => {
    expect(() => parseQuantity(text)).toThrow(message);
  });
});

test("value and milliValue round away from zero", () => {
  expect(quantityValue(parseQuantity("1500m"))).toBe(2);
  expect(quantityValue(parseQuantity("-1500m"))).toBe(-2);
  expect(quantityMilliValue(parseQuantity("1u"))).toBe(1);
  expect(quantityToNumber(parseQuantity("1500m"))).toBe(1.5);
});

const quantities: fc.Arbitrary<Quantity> = fc.record({
  nanos: fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }),
  format: fc.constantFrom("BinarySI" as const, "DecimalSI" as const, "DecimalExponent" as const),
});

describe("laws", () => {
  test("what is written reads back as the same amount, and is written the same again", () => {
    fc.assert(
      fc.property(quantities, (quantity) => {
        const text = formatQuantity(quantity);
        const again = parseQuantity(text);
        expect(again.nanos).toBe(quantity.nanos);
        expect(formatQuantity(again)).toBe(text);
      }),
    );
  });

  test("subtraction undoes addition, and comparison agrees with subtraction", () => {
    fc.assert(
      fc.property(quantities, quantities, (left, right) => {
        expect(subtractQuantities(addQuantities(left, right), right).nanos).toBe(left.nanos);
        const difference = subtractQuantities(left, right).nanos;
        expect(Math.sign(compareQuantities(left, right))).toBe(difference < 0n ? -1 : difference > 0n ? 1 : 0);
      }),
    );
  });

  test("addition may come in any order, and zero changes no amount", () => {
    fc.assert(
      fc.property(quantities, quantities, quantities, (a, b, c) => {
        expect(addQuantities(a, b).nanos).toBe(addQuantities(b, a).nanos);
        expect(addQuantities(addQuantities(a, b), c).nanos).toBe(addQuantities(a, addQuantities(b, c)).nanos);
        expect(addQuantities(a, zeroQuantity).nanos).toBe(a.nanos);
      }),
    );
  });

  test("comparison is an order, and the canonical form is the same for every way to write an amount", () => {
    fc.assert(
      fc.property(quantities, quantities, quantities, (a, b, c) => {
        expect(compareQuantities(a, b)).toBe(-compareQuantities(b, a) || 0);
        if (compareQuantities(a, b) <= 0 && compareQuantities(b, c) <= 0) expect(compareQuantities(a, c)).toBeLessThanOrEqual(0);
      }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (amount) => {
        for (const [left, right] of [
          [`${amount}`, `${amount * 1000}m`],
          [`${amount}k`, `${amount}000`],
          [`${amount}Mi`, `${amount * 1024}Ki`],
        ])
          expect(canonicalQuantity(left as string)).toBe(canonicalQuantity(right as string));
      }),
    );
  });
});
