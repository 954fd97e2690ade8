import { describe, expect, it } from "vitest";
import { CelBudget } from "../budget.ts";
import { createCelEnvironment } from "../environment.ts";
import { celToJson } from "../json.ts";
import { compileCel } from "../program.ts";

const environment = createCelEnvironment({ variables: {}, extensions: ["patch"] });

/** The result as JSON, and what it cost. */
function evaluated(expression: string): readonly [result: unknown, cost: number] {
  const budget = new CelBudget(1000);
  return [celToJson(compileCel(expression, environment).evaluate({}, budget)), 1000 - budget.remaining];
}

describe("what mutating policies put together", () => {
  it.each([
    ["Object{spec: Object.spec{replicas: 3}}", { spec: { replicas: 3 } }, 80],
    ["Object{spec: Object.spec{replicas: 3}} == Object{spec: Object.spec{replicas: 3}}", true, 161],
    ["Object{spec: Object.spec{replicas: 3}}.spec.replicas", 3, 83],
    ["has(Object{spec: Object.spec{}}.spec.replicas)", false, 82],
    ["Object{?spec: optional.none()}", {}, 41],
    ["[JSONPatch{op: 'add', path: '/a', value: 1}]", [{ op: "add", path: "/a", value: 1 }], 50],
    ["JSONPatch{op: 'add', path: '/a', value: 1}.op", "add", 42],
    ["'/metadata/labels/' + jsonpatch.escapeKey('a/b~c')", "/metadata/labels/a~1b~0c", 4],
  ])("%s", (expression, result, cost) => expect(evaluated(expression)).toEqual([result, cost]));

  it("has only the fields that there are", () => {
    expect(() => compileCel("JSONPatch{op: 1}", environment)).toThrow("expected type of field 'op' is 'string' but provided type is 'int'");
    expect(() => compileCel("Objects{a: 1}", environment)).toThrow("undeclared reference to 'Objects' (in container '')");
  });

  it("is not there for others", () => {
    expect(() => compileCel("Object{}", createCelEnvironment({ variables: {} }))).toThrow("undeclared reference to 'Object'");
  });
});
