import { expect, test } from "vitest";
import { formatFieldError } from "./field-errors.ts";
import { Findings, supportedValues } from "./findings.ts";
import { validateConditions } from "./validate-conditions.ts";

const texts = (fill: (out: Findings) => void): string[] => {
  const out = new Findings();
  fill(out);
  return out.errors.map(formatFieldError);
};

test("absent and unknown values of a set", () => {
  const colours = supportedValues("Blue", "Red");
  expect(
    texts((out) => {
      out.oneOf(undefined, colours, "a");
      out.requiredOneOf("", colours, "b");
      out.optionalOneOf(undefined, colours, "c");
      out.optionalOneOf("Green", colours, "d");
    }),
  ).toEqual([
    'a: Unsupported value: "": supported values: "Blue", "Red"',
    "b: Required value",
    'd: Unsupported value: "Green": supported values: "Blue", "Red"',
  ]);
});

test("values are shown as Go writes JSON", () => {
  expect(texts((out) => out.immutable({ a: "<b>" }, {}, "x"))).toEqual(['x: Invalid value: {"a":"\\u003cb\\u003e"}: field is immutable']);
  expect(texts((out) => out.immutable([], undefined, "x"))).toEqual([]);
});

test("conditions of the common type", () => {
  const condition = { type: "Ready", status: "True" as const, reason: "Fine", message: "", lastTransitionTime: "2026-01-01T00:00:00Z" };
  expect(texts((out) => validateConditions([condition], "status.conditions", out))).toEqual([]);
  expect(
    texts((out) =>
      validateConditions([condition, { ...condition, reason: "", status: "Yes" as never, lastTransitionTime: "" }], "conditions", out),
    ),
  ).toEqual([
    'conditions[1].type: Duplicate value: "Ready"',
    'conditions[1].status: Unsupported value: "Yes": supported values: "False", "True", "Unknown"',
    "conditions[1].lastTransitionTime: Required value",
    "conditions[1].reason: Required value",
  ]);
});
