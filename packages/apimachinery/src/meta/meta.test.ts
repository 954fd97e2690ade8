import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findCondition, setCondition } from "./conditions.ts";
import { cloneJson, deepEqual, semanticEqual } from "./deep.ts";
import { compareVersions } from "./gvk.ts";
import { jsonPath } from "./json-path.ts";
import type { Condition } from "./types.ts";

describe("deep", () => {
  test("a clone is equal and shares nothing", () => {
    fc.assert(
      fc.property(fc.object(), (value) => {
        const copy = cloneJson(value);
        expect(deepEqual(copy, value)).toBe(true);
        expect(copy).not.toBe(value);
      }),
    );
    expect(cloneJson(JSON.parse('{"__proto__":{"x":1}}'))).toEqual(JSON.parse('{"__proto__":{"x":1}}'));
  });

  test("undefined is absent; semantically, so is everything empty", () => {
    expect(deepEqual({ a: 1, b: undefined }, { a: 1 })).toBe(true);
    expect(deepEqual({ a: [] }, {})).toBe(false);
    expect(deepEqual([1], { 0: 1 })).toBe(false);
    expect(semanticEqual({ a: [], b: null, c: { d: {} } }, { c: {} })).toBe(true);
    expect(semanticEqual({ a: 0 }, {})).toBe(false);
  });
});

describe("conditions", () => {
  const ready: Condition = { type: "Ready", status: "True", lastTransitionTime: "t1", reason: "R", message: "" };
  const { lastTransitionTime: _, ...update } = ready;

  test("the transition time moves with the status only, and no change is no new array", () => {
    const conditions: readonly Condition[] = [ready];
    expect(setCondition(conditions, update, "t2")).toBe(conditions);
    expect(findCondition(setCondition(conditions, { ...update, reason: "S" }, "t2"), "Ready")).toEqual({ ...ready, reason: "S" });
    const off = setCondition(conditions, { ...update, status: "False" }, "t2");
    expect(findCondition(off, "Ready")?.lastTransitionTime).toBe("t2");
    expect(setCondition(off, { ...update, type: "Other" }, "t3")).toHaveLength(2);
  });
});

describe("JSON paths", () => {
  const object = {
    spec: { replicas: 2, list: [{ x: 1 }, { x: 2 }], "a.b": "c" },
    status: {
      conditions: [
        { type: "Synced", status: "False" },
        { type: "Ready", status: "True", n: 3 },
      ],
    },
  };
  test.each<[string, unknown]>([
    [".spec.replicas", 2],
    ["{.spec.replicas}", 2],
    ["spec.replicas", 2],
    [".spec.list[0].x", 1],
    [".spec.list[-1].x", 2],
    [".spec.list[5].x", undefined],
    [String.raw`.spec.a\.b`, "c"],
    [".spec['a.b']", "c"],
    ['.status.conditions[?(@.type=="Ready")].status', "True"],
    ["{.status.conditions[?(@.type=='Ready')].status}", "True"],
    [".status.conditions[?(@.n>2)].type", "Ready"],
    [".status.conditions[?(@.n)].type", "Ready"],
    [".toString", undefined],
  ])("%s", (path, expected) => {
    expect(jsonPath(path).get(object)).toEqual(expected);
  });

  test("all values, setting, and what is not supported", () => {
    expect(jsonPath(".spec.list[*].x").all(object)).toEqual([1, 2]);
    const target: Record<string, unknown> = {};
    jsonPath(".spec.replicas").set(target, 3);
    expect(target).toEqual({ spec: { replicas: 3 } });
    expect(() => jsonPath(".a[")).toThrow("unsupported JSON path");
    expect(() => jsonPath(".a[0]").set({}, 1)).toThrow("cannot set");
  });
});

test("versions are ordered as discovery orders them", () => {
  const sorted = ["v1", "v10beta3", "v2", "foo", "v1alpha1", "v10", "v1beta1", "v11alpha2", "bar"].sort(compareVersions);
  expect(sorted).toEqual(["v10", "v2", "v1", "v10beta3", "v1beta1", "v11alpha2", "v1alpha1", "bar", "foo"]);
});
