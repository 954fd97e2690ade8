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
