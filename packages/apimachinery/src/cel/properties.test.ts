import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CelBudget } from "./budget.ts";
import { createCelEnvironment } from "./environment.ts";
import { CelCompileError, CelCostError, CelEvaluationError } from "./errors.ts";
import { celToJson } from "./json.ts";
import { compileCel, type CelProgram } from "./program.ts";
import { celTypes } from "./types/types.ts";
import { integer, isInt64 } from "./values/integers.ts";

const environment = createCelEnvironment({ variables: { a: celTypes.dyn, b: celTypes.dyn, c: celTypes.dyn } });
const programs = new Map<string, CelProgram>();

function evaluate(expression: string, bindings: Readonly<Record<string, unknown>>): unknown {
  const program = programs.get(expression) ?? compileCel(expression, environment);
  programs.set(expression, program);
  return program.evaluate(bindings, new CelBudget());
}

const int64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -100n, max: 100n }),
  fc.constantFrom(2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n, -(2n ** 53n) - 1n),
);
/** Text with characters beyond the first plane, but no halves of them. */
const text = fc.string({ unit: "grapheme", maxLength: 12 });
const scalar = fc.oneof(
  text,
  fc.boolean(),
  fc.constant(null),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }),
);
/** Integers that JSON cannot say exactly become text, and a zero has no sign. */
const json = fc
  .letrec((tie) => ({
    value: fc.oneof({ maxDepth: 4 }, scalar, fc.array(tie("value"), { maxLength: 4 }), fc.dictionary(text, tie("value"), { maxKeys: 4 })),
  }))
  .value.map((value): unknown => JSON.parse(JSON.stringify(value)));

describe("integers", () => {
  const operations: readonly [string, (a: bigint, b: bigint) => bigint][] = [
    ["a + b", (a, b) => a + b],
    ["a - b", (a, b) => a - b],
    ["a * b", (a, b) => a * b],
    ["a / b", (a, b) => a / b],
  ];

  it.each(operations)("%s is exact or fails", (expression, expected) => {
    fc.assert(
      fc.property(int64, int64, (a, b) => {
        fc.pre(b !== 0n || !expression.includes("/"));
        const result = expected(a, b);
        const run = (): unknown => evaluate(expression, { a: integer(a), b: integer(b) });
        if (isInt64(result)) expect(run()).toBe(integer(result));
        else expect(run).toThrow("integer overflow");
      }),
    );
  });

  it("are whole after division and remainder", () => {
    fc.assert(
      fc.property(int64, int64, (a, b) => {
        fc.pre(b !== 0n && !(a === -(2n ** 63n) && b === -1n));
        expect(evaluate("a / b * b + a % b == a", { a: integer(a), b: integer(b) })).toBe(true);
      }),
    );
  });

  it("survive being text", () => {
    fc.assert(
      fc.property(int64, (a) => {
        expect(evaluate("int(string(a)) == a", { a: integer(a) })).toBe(true);
      }),
    );
  });

  it("have one order", () => {
    fc.assert(
      fc.property(int64, int64, (a, b) => {
        const bindings = { a: integer(a), b: integer(b) };
        expect(evaluate("[a < b, a == b, a > b].filter(q, q).size()", bindings)).toBe(1);
        expect(evaluate("a < b", bindings)).toBe(a < b);
      }),
    );
  });
});

describe("texts", () => {
  it("are sequences of code points", () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(evaluate("a.size()", { a })).toBe(Array.from(a).length);
        expect(evaluate("a.size() + b.size() == (a + b).size()", { a, b })).toBe(true);
        expect(evaluate("a.split('').size() == a.size() && a.split('').join('') == a", { a })).toBe(true);
        expect(evaluate("string(bytes(a)) == a", { a })).toBe(true);
      }),
    );
  });

  it("fall apart where they are cut", () => {
    fc.assert(
      fc.property(text, fc.nat(12), (a, cut) => {
        const at = Math.min(cut, Array.from(a).length);
        expect(evaluate("a.substring(0, c) + a.substring(c) == a", { a, c: at })).toBe(true);
      }),
    );
  });

  it("are found where they are", () => {
    fc.assert(
      fc.property(text, text, text, (a, b, c) => {
        const whole = a + b + c;
        expect(evaluate("a.contains(b) && a.indexOf(b) <= a.lastIndexOf(b)", { a: whole, b })).toBe(true);
        expect(evaluate("a.substring(a.indexOf(b)).startsWith(b)", { a: whole, b })).toBe(true);
      }),
    );
  });

  it("are replaced as in JavaScript", () => {
    fc.assert(
      fc.property(text, fc.string({ unit: "grapheme", minLength: 1, maxLength: 2 }), text, (a, b, c) => {
        expect(evaluate("a.replace(b, c)", { a, b, c })).toBe(a.replaceAll(b, () => c));
        expect(evaluate("a.split(b).join(c)", { a, b, c })).toBe(a.split(b).join(c));
      }),
    );
  });

  it("match what is quoted in a pattern", () => {
    fc.assert(
      fc.property(text, (a) => {
        const pattern = `^${a.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)}$`;
        expect(evaluate("a.matches(b)", { a, b: pattern })).toBe(true);
        expect(evaluate("a.find(b)", { a, b: pattern })).toBe(a);
      }),
    );
  });
});

describe("data", () => {
  it("is what it is, and comes back as it was", () => {
    fc.assert(
      fc.property(json, (a) => {
        expect(evaluate("a == a && !(a != a) && a in [a]", { a })).toBe(true);
        expect(celToJson(evaluate("a", { a }) as never)).toEqual(JSON.parse(JSON.stringify(a)));
        expect(evaluate("a == b", { a, b: structuredClone(a) })).toBe(true);
      }),
    );
  });

  it("is equal in both directions", () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        expect(evaluate("(a == b) == (b == a)", { a, b })).toBe(true);
      }),
    );
  });

  it("is sorted by sort, and as large as before", () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), (a) => {
        expect(evaluate("a.sort().isSorted() && a.sort().size() == a.size()", { a })).toBe(true);
        expect(evaluate("sets.equivalent(a, a.reverse()) && sets.equivalent(a, a.distinct())", { a })).toBe(true);
        expect(evaluate("a.map(q, q * 2).filter(q, q > 0) == a.filter(q, q > 0).map(q, q * 2)", { a })).toBe(true);
        expect(evaluate("a.all(q, q > 3) == !a.exists(q, q <= 3)", { a })).toBe(true);
      }),
    );
  });
});

describe("any text", () => {
  const symbols = Array.from("()[]{}.,?:!-+*/%<>&|=\"'`\\ \n");
  const words = ["a", "b", "x.y", "1", "1u", "1.5", "0x1f", "'s'", "r'", "b'", "true", "null", "in", "==", "&&", "||", "[?", ".?", "//"];
  const calls = ["has(", "size(", "optional.of(", ".all(q, ", ".map(q, ", ".exists(q, "];
  const parts = [...symbols, ...words, ...calls];

  it("is an expression or is refused, and never anything else", () => {
    const budgetOf = (): CelBudget => new CelBudget(10_000, 10_000);
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...parts), { maxLength: 14 }), (chosen) => {
        const budget = budgetOf();
        try {
          const program = compileCel(chosen.join(""), environment);
          expect(program.estimateCost().min).toBeLessThanOrEqual(program.estimateCost().max);
          program.evaluate({ a: 1, b: [1, 2], c: { x: 1 } }, budget);
        } catch (error) {
          if (![CelCompileError, CelEvaluationError, CelCostError].some((type) => error instanceof type)) throw error;
        }
        expect(budget.remaining).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 2000 },
    );
  });
});
