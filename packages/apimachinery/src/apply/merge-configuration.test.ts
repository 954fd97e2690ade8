import { expect, test } from "vitest";
import type { Schema } from "../schema/schema.ts";
import { mergeConfiguration } from "./merge-configuration.ts";

const text: Schema = { type: "string" };
const container: Schema = { type: "object", properties: { name: text, image: text, args: { type: "array", items: text } } };
const schema: Schema = {
  type: "object",
  properties: {
    metadata: { type: "object", properties: { labels: { type: "object", additionalProperties: text } } },
    spec: {
      type: "object",
      properties: {
        replicas: { type: "integer" },
        containers: { type: "array", items: container, listType: "map", listMapKeys: ["name"] },
        finalizers: { type: "array", items: text, listType: "set" },
        selector: { type: "object", properties: { a: text }, mapType: "atomic" },
      },
    },
  },
};

const object = {
  metadata: { labels: { a: "1" } },
  spec: { replicas: 1, containers: [{ name: "c", image: "i" }], finalizers: ["x"], selector: { a: "1" } },
};

test("says everything that the configuration says, and keeps the rest", () => {
  const merged = mergeConfiguration(schema, object, {
    metadata: { labels: { b: "2" } },
    spec: {
      replicas: 3,
      containers: [
        { name: "side", image: "j" },
        { name: "c", image: "k" },
      ],
      finalizers: ["y"],
    },
  });
  expect(merged).toEqual({
    metadata: { labels: { a: "1", b: "2" } },
    spec: {
      replicas: 3,
      containers: [
        { name: "side", image: "j" },
        { name: "c", image: "k" },
      ],
      finalizers: ["x", "y"],
      selector: { a: "1" },
    },
  });
  expect(object.spec.replicas).toBe(1);
});

test("refuses what the schema does not know and what is atomic", () => {
  expect(() => mergeConfiguration(schema, object, { spec: { nonsense: 1 } })).toThrow(
    "failed to convert patch object to typed object: .spec.nonsense: field not declared in schema",
  );
  const atomic = { spec: { selector: { a: "2" }, containers: [{ name: "c", args: ["a"] }] } };
  expect(() => mergeConfiguration(schema, object, atomic)).toThrow(
    "invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: .spec.selector, .spec.containers[0].args",
  );
});
