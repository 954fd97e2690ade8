import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cloneJson } from "../meta/deep.ts";
import type { Schema } from "../schema/schema.ts";
import { applyJsonPatch, applyMergePatch, applyStrategicMergePatch } from "./index.ts";

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    const status = (error as { status: { code: number; message: string; details?: { causes?: { message: string }[] } } }).status;
    return `${status.code} ${status.details?.causes?.[0]?.message ?? status.message}`;
  }
  throw new Error("nothing was thrown");
}

describe("applyJsonPatch", () => {
  it("applies every operation", () => {
    const patch = [
      { op: "test", path: "/a", value: 1 },
      { op: "add", path: "/list/-", value: 3 },
      { op: "add", path: "/list/0", value: 0 },
      { op: "replace", path: "/a", value: 2 },
      { op: "copy", from: "/a", path: "/b" },
      { op: "move", from: "/b", path: "/c~1d" },
      { op: "remove", path: "/gone" },
    ];
    const original = { a: 1, list: [1, 2], gone: true };
    expect(applyJsonPatch(original, patch)).toEqual({ a: 2, list: [0, 1, 2, 3], "c/d": 2 });
    expect(original).toEqual({ a: 1, list: [1, 2], gone: true });
  });

  it.each([
    [{ op: "test", path: "/a", value: 2 }, "422 testing value /a failed: test failed"],
    [{ op: "remove", path: "/x" }, "422 error in remove for path: '/x': Unable to remove nonexistent key: x: missing value"],
    [{ op: "remove", path: "/x/y" }, '422 remove operation does not apply: doc is missing path: "/x/y": missing value'],
    [{ op: "add", path: "/x/y", value: 1 }, '422 add operation does not apply: doc is missing path: "/x/y": missing value'],
    [
      { op: "add", path: "/list/9", value: 1 },
      "422 error in add for path: '/list/9': Unable to access invalid index: 9: invalid index referenced",
    ],
    [{ op: "replace", path: "/x", value: 1 }, "422 replace operation does not apply: doc is missing key: /x: missing value"],
    [{ op: "toString", path: "/x" }, "422 Unexpected kind: toString"],
  ])("refuses %j", (operation, message) => {
    expect(messageOf(() => applyJsonPatch({ a: 1, list: [] }, [operation]))).toBe(message);
  });

  it("limits the number of operations and what they copy", () => {
    const many = Array.from({ length: 10_001 }, () => ({ op: "test", path: "/a", value: 1 }));
    expect(messageOf(() => applyJsonPatch({ a: 1 }, many))).toBe(
      "413 Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001",
    );
    const doubling = Array.from({ length: 60 }, (_, index) => ({ op: "copy", from: "", path: `/k${index}` }));
    expect(messageOf(() => applyJsonPatch({ a: "x".repeat(1000) }, doubling))).toContain("exceeds the limit 3145728");
  });
});

const json = fc.jsonValue({ maxDepth: 3 });
const object = fc.dictionary(fc.string(), json);

describe("applyMergePatch", () => {
  it("merges, replaces lists and deletes with null", () => {
    expect(applyMergePatch({ a: { b: 1, c: 2 }, l: [1] }, { a: { b: null, d: { e: null, f: 1 } }, l: [2] })).toEqual({
      a: { c: 2, d: { f: 1 } },
      l: [2],
    });
  });

  it("is idempotent and never changes its inputs", () => {
    fc.assert(
      fc.property(object, object, (original, patch) => {
        const before = cloneJson([original, patch]);
        const once = applyMergePatch(original, patch);
        expect(applyMergePatch(once, patch)).toEqual(once);
        expect([original, patch]).toEqual(before);
      }),
    );
  });
});

const container: Schema = {
  type: "object",
  properties: {
    name: { type: "string" },
    image: { type: "string" },
    args: { type: "array", items: { type: "string" } },
    ports: {
      type: "array",
      patchStrategy: ["merge"],
      patchMergeKey: "containerPort",
      items: { type: "object", properties: { containerPort: { type: "integer" } } },
    },
  },
};
const schema: Schema = {
  type: "object",
  properties: {
    finalizers: { type: "array", patchStrategy: ["merge"], items: { type: "string" } },
    containers: { type: "array", patchStrategy: ["merge"], patchMergeKey: "name", items: container },
    strategy: {
      type: "object",
      patchStrategy: ["retainKeys"],
      properties: { type: { type: "string" }, rollingUpdate: { type: "object" } },
    },
  },
};

describe("applyStrategicMergePatch", () => {
  const live = {
    containers: [
      { name: "a", image: "1", args: ["x"], ports: [{ containerPort: 80 }] },
      { name: "b", image: "2" },
    ],
  };

  it("merges lists of maps by key, at every depth, and replaces atomic lists", () => {
    const patch = {
      containers: [{ name: "a", image: null, args: ["y"], ports: [{ containerPort: 443, name: "tls" }] }, { name: "c" }],
    };
    expect(applyStrategicMergePatch(schema, live, patch)).toEqual({
      containers: [
        { name: "a", args: ["y"], ports: [{ containerPort: 443, name: "tls" }, { containerPort: 80 }] },
        { name: "c" },
        { name: "b", image: "2" },
      ],
    });
  });

  it("obeys $patch in lists and maps", () => {
    expect(applyStrategicMergePatch(schema, live, { containers: [{ name: "a", $patch: "delete" }] })).toEqual({
      containers: [live.containers[1]],
    });
    expect(applyStrategicMergePatch(schema, live, { containers: [{ $patch: "replace" }, { name: "z" }] })).toEqual({
      containers: [{ name: "z" }],
    });
    expect(applyStrategicMergePatch(schema, { strategy: { type: "A" } }, { strategy: { $patch: "replace", x: 1 } })).toEqual({
      strategy: { x: 1 },
    });
    expect(messageOf(() => applyStrategicMergePatch(schema, live, { $patch: "no" }))).toBe(
      "400 unknown patch type: no in map: map[$patch:no]",
    );
  });

  it("merges primitive lists as sets and deletes from them", () => {
    const original = { finalizers: ["a", "b"] };
    expect(applyStrategicMergePatch(schema, original, { finalizers: ["b", "c"] })).toEqual({ finalizers: ["a", "b", "c"] });
    const patch = { "$deleteFromPrimitiveList/finalizers": ["a"], "$setElementOrder/finalizers": ["c", "b"], finalizers: ["c"] };
    expect(applyStrategicMergePatch(schema, original, patch)).toEqual({ finalizers: ["c", "b"] });
  });

  it("retains keys", () => {
    const original = { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1 } } };
    const patch = { strategy: { $retainKeys: ["type"], type: "Recreate" } };
    expect(applyStrategicMergePatch(schema, original, patch)).toEqual({ strategy: { type: "Recreate" } });
    const wrong = { strategy: { $retainKeys: ["type"], rollingUpdate: {} } };
    expect(messageOf(() => applyStrategicMergePatch(schema, original, wrong))).toBe("422 patch content doesn't match retainKeys list");
  });

  it("orders as $setElementOrder says and keeps the server's items in place", () => {
    const original = { containers: [{ name: "server" }, { name: "a" }, { name: "b" }, { name: "tail" }] };
    const patch = { "$setElementOrder/containers": [{ name: "b" }, { name: "new" }, { name: "a" }], containers: [{ name: "new" }] };
    const result = applyStrategicMergePatch(schema, original, patch) as typeof original;
    expect(result.containers.map(({ name }) => name)).toEqual(["server", "b", "new", "a", "tail"]);
  });

  it("says which item lacks its key", () => {
    expect(messageOf(() => applyStrategicMergePatch(schema, live, { containers: [{ image: "nginx" }] }))).toBe(
      "400 map: map[image:nginx] does not contain declared merge key: name",
    );
  });

  it("is a merge patch where the schema says nothing, for objects without nulls", () => {
    const name = fc.string().filter((text) => !text.startsWith("$"));
    const plain = fc.dictionary(name, fc.oneof(fc.string(), fc.integer(), fc.array(fc.integer()), fc.dictionary(name, fc.integer())));
    fc.assert(
      fc.property(plain, plain, (original, patch) => {
        expect(applyStrategicMergePatch({ type: "any" }, original, patch)).toEqual(applyMergePatch(original, patch));
      }),
    );
  });
});
