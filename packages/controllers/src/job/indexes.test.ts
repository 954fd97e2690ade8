import fc from "fast-check";
import { expect, it } from "vitest";
import { formatIndexes, parseIndexes } from "./indexes.ts";

it("writes completion indexes as the API does", () => {
  expect(formatIndexes([7, 1, 3, 4, 5])).toBe("1,3-5,7");
  expect(formatIndexes([0, 1])).toBe("0,1");
  expect(formatIndexes([])).toBe("");
  expect([...parseIndexes("1,3-5,nonsense,9-20", 10)]).toEqual([1, 3, 4, 5, 9]);
});

it("reads what it wrote", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(60)), (indexes) => {
      expect([...parseIndexes(formatIndexes(indexes), 61)]).toEqual(indexes.toSorted((a, b) => a - b));
    }),
  );
});
