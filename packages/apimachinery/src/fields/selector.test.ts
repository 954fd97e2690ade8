import * as fc from "fast-check";
import { expect, test } from "vitest";
import { escapeFieldValue, FieldSelector, parseFieldSelector } from "./selector.ts";

test("reads terms, operators and escapes", () => {
  const selector = parseFieldSelector(String.raw`metadata.name==a,,spec.x!=b\,c\=d`);
  expect(selector.requirements).toEqual([
    { field: "metadata.name", operator: "=", value: "a" },
    { field: "spec.x", operator: "!=", value: "b,c=d" },
  ]);
  expect(selector.requiredValue("metadata.name")).toBe("a");
  expect(selector.matches((field) => (field === "metadata.name" ? "a" : ""))).toBe(true);
  expect(selector.matches(() => "b,c=d")).toBe(false);
});

test.each([
  ["foo", "invalid selector: 'foo'; can't understand 'foo'"],
  [String.raw`a=\x`, String.raw`invalid field selector: invalid escape sequence: \x`],
  ["a=b=c", "invalid field selector: unescaped character in value: ="],
])("%s is refused", (text, message) => {
  expect(() => parseFieldSelector(text)).toThrow(message);
});

test("any value survives escaping", () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      expect(parseFieldSelector(`f=${escapeFieldValue(value)}`).requirements[0]?.value).toBe(value);
      const selector = new FieldSelector([{ field: "f", operator: "!=", value }]);
      expect(parseFieldSelector(String(selector)).requirements).toEqual(selector.requirements);
    }),
  );
});
