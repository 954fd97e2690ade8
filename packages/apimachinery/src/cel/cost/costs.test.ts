import { describe, expect, it } from "vitest";
import type { Schema } from "../../schema/schema.ts";
import { CelBudget } from "../budget.ts";
import { celAuthorizer } from "../authorizer.ts";
import { createCelEnvironment } from "../environment.ts";
import { CelCostError, CelEvaluationError } from "../errors.ts";
import { compileCel } from "../program.ts";
import { celTypeOfSchema } from "../schema-type.ts";
import { celTypes } from "../types/types.ts";
import { costs } from "./costs.golden.ts";

function text(maxLength?: number, more: Partial<Schema> = {}): Schema {
  return { type: "string", ...(maxLength === undefined ? {} : { validations: { maxLength } }), ...more };
}

function list(items: Schema, maxItems?: number, more: Partial<Schema> = {}): Schema {
  return { type: "array", items, ...(maxItems === undefined ? {} : { validations: { maxItems } }), ...more };
}

const integer: Schema = { type: "integer" };
const schema: Schema = {
  type: "object",
  properties: {
    s: text(50),
    u: text(),
    i: integer,
    d: { type: "number" },
    b: { type: "boolean" },
    l: list(text(20), 10),
    ul: list(text()),
    il: list(integer, 5),
    ol: list({ type: "object", required: ["n"], properties: { n: text(9), p: integer, q: list(text(7), 3) } }, 4),
    m: { type: "object", validations: { maxProperties: 6 }, additionalProperties: text(12) },
    um: { type: "object", additionalProperties: { type: "object", properties: { x: text() } } },
    o: {
      type: "object",
      properties: { a: text(30), e: text(undefined, { enum: ["one", "three"] }), io: { type: "any", isIntOrString: true } },
    },
    t: text(undefined, { format: "date-time" }),
    du: text(undefined, { format: "duration" }),
    by: text(40, { format: "byte" }),
    da: text(undefined, { format: "date" }),
    set: list(text(5), 8, { listType: "set" }),
  },
};
const self = {
  s: "hello",
  u: "world",
  i: 3,
  d: 1.5,
  b: true,
  l: ["a", "b", "cc"],
  ul: ["x", "y"],
  il: [1, 2, 3],
  ol: [
    { n: "a", p: 1, q: ["u", "v"] },
    { n: "b", q: [] },
  ],
  m: { a: "v", k: "w" },
  um: { z: { x: "xx" } },
  o: { a: "aa", e: "one", io: 5 },
  t: "2021-01-01T00:00:00Z",
  du: "5m",
  by: "YWJj",
  da: "2020-02-02",
  set: ["a", "b"],
};
const type = celTypeOfSchema(schema) ?? celTypes.dyn;
const environment = createCelEnvironment({ variables: { self: type, oldSelf: type, authorizer: celTypes.authorizer } });
const authorizer = celAuthorizer({ authorize: () => ({ isAllowed: true, reason: "" }) });
const bindings = { self, oldSelf: { ...self, s: "old", l: ["a"] }, authorizer };

function evaluated(expression: string): { result: unknown; cost: number } {
  const budget = new CelBudget(10_000_000);
  const program = compileCel(expression, environment);
  let result: unknown;
  try {
    result = program.evaluate(bindings, budget);
  } catch (error) {
    if (!(error instanceof CelEvaluationError)) throw error;
    result = error.message;
  }
  return { result, cost: 10_000_000 - budget.remaining };
}

describe("an expression costs what it costs in Kubernetes", () => {
  it.each(costs)("%s", (...[expression, result, cost, min, max]) => {
    expect(evaluated(expression)).toEqual({ result, cost });
    // The truth need not lie between the two: upstream's estimate overlooks some sizes, and so must this.
    expect(compileCel(expression, environment).estimateCost()).toEqual({ min, max });
  });
});

describe("without a schema", () => {
  const open = createCelEnvironment({ variables: { object: celTypes.dyn } });

  it("nothing is known of sizes", () => {
    expect(compileCel("object.l.all(x, x == 'a')", open).estimateCost()).toEqual({ min: 2, max: 2 ** 64 });
    expect(compileCel("'abc' == 'abd'", open).estimateCost()).toEqual({ min: 1, max: 1 });
  });
});

describe("an evaluation that costs too much", () => {
  it("is stopped at the limit for one call", () => {
    const budget = new CelBudget(10_000_000, 1000);
    const program = compileCel("lists.range(100).all(x, lists.range(100).all(y, x + y >= 0))", createCelEnvironment({ variables: {} }));
    let error: unknown;
    try {
      program.evaluate({}, budget);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(CelCostError);
    expect(error).toMatchObject({ scope: "call", message: "operation cancelled: actual cost limit exceeded" });
    expect(10_000_000 - budget.remaining).toBeLessThan(1200);
  });

  it("uses up what several share", () => {
    const budget = new CelBudget(40);
    const program = compileCel("[1, 2, 3].all(x, x > 0)", createCelEnvironment({ variables: {} }));
    expect(program.evaluate({}, budget)).toBe(true);
    const cost = 40 - budget.remaining;
    expect(cost).toBeGreaterThan(10);
    while (budget.remaining >= cost) program.evaluate({}, budget);
    expect(() => program.evaluate({}, budget)).toThrow(
      expect.objectContaining({
        scope: "budget",
        message: "validation failed due to running out of cost budget, no further validation rules will be run",
      }),
    );
    expect(budget.remaining).toBe(0);
  });
});
