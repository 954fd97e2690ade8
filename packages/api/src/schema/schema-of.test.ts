import { normalise } from "@coracle/apimachinery";
import { expect, test } from "vitest";
import { declarations } from "./declarations.ts";
import { schemaOf } from "./schema-of.ts";

test("every declared type has a schema whose properties can be read", () => {
  for (const type of Object.keys(declarations().types)) expect(schemaOf(type).type, type).toBeDefined();
  for (const type of Object.keys(declarations().types)) void schemaOf(type).properties;
});

test("a pod's schema has what merging and defaulting need", () => {
  const spec = schemaOf("core/v1.Pod").properties?.["spec"];
  expect(spec?.refName).toBe("io.k8s.api.core.v1.PodSpec");
  expect(spec?.properties?.["containers"]).toMatchObject({ type: "array", listType: "map", listMapKeys: ["name"], patchMergeKey: "name" });
});

test("quantities become canonical, whether they are written as numbers or as text", () => {
  const container = { name: "c", resources: { limits: { cpu: 0.5, memory: "1024Mi" }, requests: { cpu: "1000m" } } };
  const { value } = normalise(schemaOf("core/v1.Container"), container);
  expect(value).toEqual({ name: "c", resources: { limits: { cpu: "500m", memory: "1Gi" }, requests: { cpu: "1" } } });
  expect(() => normalise(schemaOf("core/v1.Container"), { name: "c", resources: { limits: { cpu: "x" } } })).toThrow(
    "quantities must match the regular expression",
  );
});

test("the nested schemas of a CustomResourceDefinition are kept as they are", () => {
  const schema = {
    type: "object",
    properties: {
      list: { type: "array", items: { type: "object", additionalProperties: { type: "string", default: "x" } } },
      open: { type: "object", additionalProperties: true, default: { a: [] } },
    },
  };
  const before = structuredClone(schema);
  const { value, unknownFields } = normalise(schemaOf("apiextensions/v1.JSONSchemaProps"), schema);
  expect(value).toEqual(before);
  expect(unknownFields).toEqual([]);
});
