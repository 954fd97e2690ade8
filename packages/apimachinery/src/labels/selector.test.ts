import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseLabelSelector } from "./parse.ts";
import { selectorFrom, type Labels, type LabelRequirement, Selector } from "./selector.ts";

describe("matching", () => {
  test.each<[string, Labels | undefined, boolean]>([
    ["", undefined, true],
    ["a=b", { a: "b" }, true],
    ["a==b", { a: "c" }, false],
    ["a!=b", {}, true],
    ["a!=b", { a: "b" }, false],
    ["a in (b, c)", { a: "c" }, true],
    ["a in (in,notin)", { a: "notin" }, true],
    ["a notin (b)", undefined, true],
    ["a", { a: "" }, true],
    ["!a", { a: "" }, false],
    ["a=", { a: "" }, true],
    ["a>3", { a: "10" }, true],
    ["a<3", { a: "10" }, false],
    ["a>3", { a: "x" }, false],
    ["a=b,c notin (d),!e", { a: "b", c: "x" }, true],
    ["toString", {}, false],
  ])("%s on %j is %s", (text, labels, expected) => {
    expect(parseLabelSelector(text).matches(labels)).toBe(expected);
  });
});

test.each([
  ["a=b=c", "unable to parse requirement: found '=', expected: ',' or 'end of string'"],
  ["a in b", "unable to parse requirement: found 'b' expected: '('"],
  ["a,,b", "unable to parse requirement: found ',', expected: identifier after ','"],
  ["a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
  ["a>x", "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer"],
])("%s is refused in upstream's words", (text, message) => {
  expect(() => parseLabelSelector(text)).toThrow(message);
});

test("an absent LabelSelector selects nothing, an empty one everything", () => {
  expect(selectorFrom(undefined).matches({})).toBe(false);
  expect(selectorFrom({}).matches(undefined)).toBe(true);
  const selector = selectorFrom({ matchLabels: { b: "1" }, matchExpressions: [{ key: "a", operator: "In", values: ["y", "x"] }] });
  expect(String(selector)).toBe("a in (x,y),b=1");
  expect(() => selectorFrom({ matchExpressions: [{ key: "a", operator: "In" }] })).toThrow("values set can't be empty");
});

const word = fc.stringMatching(/^[a-z]([-a-z0-9_.]{0,8}[a-z0-9])?$/);
const requirement: fc.Arbitrary<LabelRequirement> = fc.oneof(
  fc.record({ key: word, operator: fc.constantFrom("=" as const, "!=" as const), values: fc.tuple(word) }),
  fc.record({
    key: word,
    operator: fc.constantFrom("in" as const, "notin" as const),
    values: fc.uniqueArray(word, { minLength: 1, maxLength: 4 }),
  }),
  fc.record({ key: word, operator: fc.constantFrom("exists" as const, "!" as const), values: fc.constant([]) }),
);

test("a selector's text selects what the selector selects", () => {
  const usable = requirement.filter(({ key }) => key !== "in" && key !== "notin");
  fc.assert(
    fc.property(fc.array(usable, { maxLength: 4 }), fc.dictionary(word, word), (requirements, labels) => {
      const selector = new Selector(requirements);
      expect(parseLabelSelector(String(selector)).matches(labels)).toBe(selector.matches(labels));
    }),
  );
});
