import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cloneJson, deepEqual, isPlainObject } from "../meta/deep.ts";
import type { Schema } from "../schema/schema.ts";
import { applyJsonPatch, applyMergePatch, applyStrategicMergePatch } from "./index.ts";

type Fields = Record<string, unknown>;

const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean());
/** Objects without null, which patches cannot set. */
const { object } = fc.letrec<{ value: unknown; object: Fields }>((tie) => ({
  value: fc.oneof({ depthSize: "small" }, leaf, fc.array(leaf, { maxLength: 3 }), tie("object")),
  object: fc.dictionary(
    fc.oneof(fc.constantFrom("a", "b", "c", "~1/", "$x", "prototype", "constructor", "__proto__"), fc.string()),
    tie("value"),
    { maxKeys: 4 },
  ),
}));

function mergeDiff(from: Fields, to: Fields): Fields {
  const patch: Fields = Object.create(null) as Fields;
  for (const key of Object.keys(from)) if (!Object.hasOwn(to, key)) patch[key] = null;
  for (const [key, value] of Object.entries(to)) {
    const before = Object.hasOwn(from, key) ? from[key] : undefined;
    if (deepEqual(before, value)) continue;
    patch[key] = isPlainObject(before) && isPlainObject(value) ? mergeDiff(before, value) : value;
  }
  return patch;
}

it("a merge patch of a difference gives the target", () => {
  fc.assert(
    fc.property(object, object, (from, to) => {
      expect(applyMergePatch(from, mergeDiff(from, to))).toEqual(to);
    }),
  );
});

describe("JSON patches", () => {
  const pointer = (key: string): string => `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;

  it("of a difference give the target, and leave the original alone", () => {
    fc.assert(
      fc.property(object, object, (from, to) => {
        const before = cloneJson([from, to]);
        const removed = Object.keys(from).filter((key) => !Object.hasOwn(to, key));
        const patch = [
          ...Object.entries(from).map(([key, value]) => ({ op: "test", path: pointer(key), value })),
          ...removed.map((key) => ({ op: "remove", path: pointer(key) })),
          ...Object.entries(to).map(([key, value]) => ({ op: "add", path: pointer(key), value })),
        ];
        expect(applyJsonPatch(from, patch)).toEqual(to);
        const more = Object.entries(to).flatMap(([key, value]) =>
          isPlainObject(value) ? [{ op: "add", path: `${pointer(key)}/more`, value: 1 }] : [],
        );
        applyJsonPatch(from, [...patch, ...more]);
        expect([from, to]).toEqual(before);
      }),
    );
  });

  it("move there and back change nothing", () => {
    fc.assert(
      fc.property(object, fc.oneof(fc.string(), fc.constantFrom("prototype", "constructor", "toString")), (from, name) => {
        fc.pre(!Object.hasOwn(from, name));
        for (const key of Object.keys(from)) {
          const [here, there] = [pointer(key), pointer(name)];
          const moves = [
            { op: "move", from: here, path: there },
            { op: "move", from: there, path: here },
          ];
          expect(applyJsonPatch(from, moves)).toEqual(from);
          expect(applyJsonPatch(from, [{ op: "copy", from: here, path: there }])).toEqual({ ...from, [name]: from[key] });
        }
      }),
    );
  });
});

const port: Schema = { type: "object", properties: { containerPort: { type: "integer" }, name: { type: "string" } } };
const container: Schema = {
  type: "object",
  properties: {
    name: { type: "string" },
    image: { type: "string" },
    args: { type: "array", items: { type: "string" } },
    ports: { type: "array", patchStrategy: ["merge"], patchMergeKey: "containerPort", items: port },
  },
};
const schema: Schema = {
  type: "object",
  properties: {
    finalizers: { type: "array", patchStrategy: ["merge"], items: { type: "string" } },
    containers: { type: "array", patchStrategy: ["merge"], patchMergeKey: "name", items: container },
    labels: { type: "object", additionalProperties: { type: "string" } },
    strategy: {
      type: "object",
      patchStrategy: ["retainKeys"],
      properties: { type: { type: "string" }, rollingUpdate: { type: "object" } },
    },
  },
};

const optional = { requiredKeys: ["name"] as "name"[] };
const word = fc.constantFrom("a", "b", "c", "d");
const ports = fc.uniqueArray(
  fc.record({ containerPort: fc.integer({ min: 1, max: 4 }), name: word }, { requiredKeys: ["containerPort"] }),
  {
    maxLength: 3,
    selector: ({ containerPort }) => containerPort,
  },
);
const containers = fc.uniqueArray(fc.record({ name: word, image: word, args: fc.array(word, { maxLength: 2 }), ports }, optional), {
  maxLength: 4,
  selector: ({ name }) => name,
});
const strategy = fc.oneof(
  fc.constant({ type: "Recreate" }),
  fc.record({ type: fc.constant("RollingUpdate"), rollingUpdate: fc.record({ maxSurge: word }) }),
);
const whole = fc.record(
  { finalizers: fc.uniqueArray(word, { maxLength: 3 }), containers, labels: fc.dictionary(word, word), strategy },
  { requiredKeys: [] },
);

/** The strategic merge patch that kubectl would make of a difference. */
function strategicDiff(of: Schema, from: Fields, to: Fields): Fields {
  const patch: Fields = {};
  for (const key of Object.keys(from)) if (!Object.hasOwn(to, key)) patch[key] = null;
  for (const [key, value] of Object.entries(to)) {
    const before = from[key];
    const inner: Schema = of.properties?.[key] ?? { type: "any" };
    if (deepEqual(before, value)) continue;
    const isMerged = inner.patchStrategy?.includes("merge") === true;
    if (Array.isArray(before) && Array.isArray(value) && isMerged) addListDiff(patch, { key, inner, before, value });
    else if (isPlainObject(before) && isPlainObject(value)) {
      const retained = inner.patchStrategy?.includes("retainKeys") === true ? { $retainKeys: Object.keys(value) } : {};
      patch[key] = { ...strategicDiff(inner, before, value), ...retained };
    } else patch[key] = value;
  }
  return patch;
}

function addListDiff(patch: Fields, list: { key: string; inner: Schema; before: unknown[]; value: unknown[] }): void {
  const { key, inner, before, value } = list;
  const mergeKey = inner.patchMergeKey;
  const idOf = (item: unknown): unknown => (mergeKey === undefined ? item : (item as Fields)[mergeKey]);
  const gone = before.filter((item) => !value.some((other) => idOf(other) === idOf(item)));
  patch[`$setElementOrder/${key}`] = mergeKey === undefined ? value : value.map((item) => ({ [mergeKey]: idOf(item) }));
  if (mergeKey === undefined) {
    patch[`$deleteFromPrimitiveList/${key}`] = gone;
    patch[key] = value.filter((item) => !before.includes(item));
    return;
  }
  const changed = value.flatMap((item) => {
    const known = before.find((other) => idOf(other) === idOf(item));
    if (known === undefined) return [item];
    const difference = strategicDiff(inner.items as Schema, known as Fields, item as Fields);
    return Object.keys(difference).length === 0 ? [] : [{ ...difference, [mergeKey]: idOf(item) }];
  });
  patch[key] = [...changed, ...gone.map((item) => ({ $patch: "delete", [mergeKey]: idOf(item) }))];
}

describe("strategic merge patches", () => {
  it("of a difference give the target, order included", () => {
    fc.assert(
      fc.property(whole, whole, (from, to) => {
        expect(applyStrategicMergePatch(schema, from, strategicDiff(schema, from, to))).toEqual(to);
      }),
      { numRuns: 500 },
    );
  });

  it("do the same once and twice, and leave their inputs alone", () => {
    fc.assert(
      fc.property(whole, whole, whole, (live, from, to) => {
        const patch = strategicDiff(schema, from, to);
        const before = cloneJson([live, patch]);
        const once = applyStrategicMergePatch(schema, live, patch);
        expect(applyStrategicMergePatch(schema, once, patch)).toEqual(once);
        expect([live, patch]).toEqual(before);
      }),
      { numRuns: 500 },
    );
  });

  it("replace what they are told to replace", () => {
    fc.assert(
      fc.property(whole, whole, (from, to) => {
        expect(applyStrategicMergePatch(schema, from, { $patch: "replace", ...to })).toEqual(to);
        const patched = applyStrategicMergePatch(schema, from, { containers: [{ $patch: "replace" }, ...(to.containers ?? [])] });
        expect((patched as Fields)["containers"]).toEqual(to.containers ?? []);
      }),
    );
  });
});
