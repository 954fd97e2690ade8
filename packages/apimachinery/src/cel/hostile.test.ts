import { describe, expect, it } from "vitest";
import { CelBudget } from "./budget.ts";
import { createCelEnvironment } from "./environment.ts";
import { CelCompileError, CelCostError, CelEvaluationError } from "./errors.ts";
import { compileCel } from "./program.ts";
import { celTypes } from "./types/types.ts";

const environment = createCelEnvironment({ variables: { x: celTypes.dyn } });

/** What becomes of an expression: the text of its value, or the name and message of its error. */
function fate(expression: string, x: unknown = 1): string {
  try {
    return String(compileCel(expression, environment).evaluate({ x }, new CelBudget()));
  } catch (error) {
    const isExpected = [CelCompileError, CelCostError, CelEvaluationError].some((type) => error instanceof type);
    if (!isExpected) throw error;
    return `${(error as Error).name}: ${(error as Error).message.split("\n")[0]}`;
  }
}

const tooDear = "CelCostError: operation cancelled: actual cost limit exceeded";
const tooDeep = "CelCompileError: ERROR: <input>:-1:0: expression recursion limit exceeded: 250";
const tooHigh = "CelCompileError: ERROR: <input>:-1:0: max recursion depth exceeded";

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = [value];
  return value;
}

describe("an expression that is nested deeply", () => {
  it.each([
    ["(".repeat(40_000) + "1" + ")".repeat(40_000), tooDeep],
    ["[".repeat(40_000) + "]".repeat(40_000), tooDeep],
    ["{1:".repeat(20_000) + "1" + "}".repeat(20_000), tooDeep],
    ["true?1:".repeat(14_000) + "1", tooDeep],
    ["1" + "+1".repeat(49_000), tooHigh],
    ["x" + ".a".repeat(49_000), tooHigh],
    ["x" + "[0]".repeat(33_000), tooHigh],
    ["'a'" + ".trim()".repeat(14_000), tooHigh],
    ["!".repeat(90_000) + "true", "true"],
    ["true" + "&&true".repeat(16_000), "true"],
  ])("%.20s… has an answer", (expression, expected) => expect(fate(expression)).toBe(expected));
});

describe("an expression that is no expression", () => {
  it.each([["@"], [","], ["'"], ["("], ["}"], ["x."], ["a?"], ["\\"], ["😀"]])("%s, many times, is refused", (text) => {
    expect(fate(text.repeat(90_000 / text.length))).toMatch(/^CelCompileError: ERROR: <input>:/);
  });

  it("of too many characters is not read", () => {
    expect(fate(`'${"a".repeat(100_001)}'`)).toBe(
      "CelCompileError: ERROR: <input>:-1:0: expression code point size exceeds limit: size: 100003, limit 100000",
    );
  });
});

describe("an expression that stands for much more than it says", () => {
  it("is not expanded", () => {
    expect(fate(`optional.of(1)${".optMap(q, q)".repeat(40)}`)).toBe("CelCompileError: ERROR: <input>:-1:0: expression is too complex");
  });

  it("is stopped when it costs too much", () => {
    const ten = "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]";
    const loops = ["a", "b", "c", "d", "e", "f", "g"].reduce((inner, name) => `${ten}.map(${name}, ${inner})`, "1");
    expect(fate(loops)).toBe(tooDear);
    expect(fate("lists.range(1000000000).size()")).toBe(tooDear);
    expect(fate("[x].flatten(1000000000)")).toBe(tooDear);
    expect(fate("lists.range(3000).distinct().size()")).toBe(tooDear);
  });

  it("is stopped when it makes long texts cheaply", () => {
    const million = `'a'${".replace('a', 'aaaaaaaaaa')".repeat(6)}`;
    const long = "a".repeat(60_000);
    expect(fate(`${million}.replace('a', '${long}').size()`)).toBe(tooDear);
    expect(fate(`${million}.replace('', '${long}').size()`)).toBe(tooDear);
    expect(fate(`lists.range(20000).map(q, 'a').join('${long}').size()`)).toBe(tooDear);
    expect(fate(`${million}.size()`)).toBe("1000000");
  });
});

describe("data that is nested more deeply than the stack", () => {
  it("costs too much to compare", () => {
    expect(fate("x == [y][0]".replace("y", "x"), nested(50_000))).toBe("true");
    expect(fate("x.map(z, z) == x.map(z, z)", nested(50_000))).toBe(tooDear);
  });
});

describe("a pattern", () => {
  it("takes time in proportion to the text", () => {
    expect(fate(`'${"a".repeat(50_000)}!'.matches('(a+)+$')`)).toBe("false");
    expect(fate(`'${"a".repeat(50_000)}'.find('(a*)*b')`)).toBe("");
  });

  it("that stands for a huge one is refused", () => {
    expect(fate("'a'.matches('((a{100}){100}){100}')")).toBe("CelCompileError: ERROR: <input>:1:13: invalid matches argument");
    expect(fate("'a'.matches(x)", "((a{100}){100}){100}")).toMatch(/^CelEvaluationError: error parsing regexp: /);
  });
});
