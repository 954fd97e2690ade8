import type { ResourceDefinition } from "@coracle/apimachinery";
import { expect, test } from "vitest";
import { builtInDefinitions } from "../builtin/definitions.ts";
import { openApiV2, openApiV3 } from "./documents.ts";

/** What a document has at the end of a path of keys. */
function at(value: unknown, ...keys: string[]): object {
  return keys.reduce((inner, key) => (inner as Record<string, object>)[key] as object, value as object);
}

const definitions = builtInDefinitions();
const group = (name: string) => definitions.filter((definition) => definition.group === name);
const core = openApiV3(group(""), "", "v1");

function danglingRefs(document: object, prefix: string, components: object): string[] {
  const found = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map((match) => (match[1] as string).slice(prefix.length));
  return [...new Set(found)].filter((name) => !Object.hasOwn(components, name));
}

test("a document of version 3 has every component that it refers to", () => {
  for (const name of new Set(definitions.map((definition) => definition.group))) {
    const version = group(name)[0]?.versions[0]?.version ?? "";
    const document = openApiV3(group(name), name, version);
    expect(danglingRefs(document, "#/components/schemas/", at(document, "components", "schemas")), name).toEqual([]);
  }
});

test("a pod's component says how lists are merged", () => {
  const schemas = at(core, "components", "schemas");
  expect(at(schemas, "io.k8s.api.core.v1.Pod")).toMatchObject({
    type: "object",
    "x-kubernetes-group-version-kind": [{ group: "", kind: "Pod", version: "v1" }],
    properties: { spec: { allOf: [{ $ref: "#/components/schemas/io.k8s.api.core.v1.PodSpec" }] } },
  });
  expect(at(schemas, "io.k8s.api.core.v1.PodSpec", "properties", "containers")).toEqual({
    description: expect.any(String) as string,
    type: "array",
    items: { $ref: "#/components/schemas/io.k8s.api.core.v1.Container" },
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["name"],
    "x-kubernetes-patch-strategy": "merge",
    "x-kubernetes-patch-merge-key": "name",
  });
  expect(at(schemas, "io.k8s.apimachinery.pkg.util.intstr.IntOrString")).toEqual({
    description: expect.any(String) as string,
    format: "int-or-string",
    oneOf: [{ type: "string" }, { type: "integer" }],
  });
});

test("operations have what kubectl looks for", () => {
  const pod = at(core, "paths", "/api/v1/namespaces/{namespace}/pods/{name}");
  expect(Object.keys(pod)).toEqual(["get", "put", "patch", "delete", "parameters"]);
  expect(at(pod, "patch")).toMatchObject({
    operationId: "patchCoreV1NamespacedPod",
    "x-kubernetes-action": "patch",
    "x-kubernetes-group-version-kind": { group: "", version: "v1", kind: "Pod" },
  });
  const parameters = at(pod, "patch", "parameters") as { name: string }[];
  expect(parameters.map(({ name }) => name)).toEqual(["dryRun", "fieldManager", "fieldValidation", "force"]);
  expect(Object.keys(at(pod, "patch", "requestBody", "content"))).toContain("application/strategic-merge-patch+json");
  expect(at(core, "paths", "/api/v1/namespaces/{namespace}/pods", "delete", "operationId")).toBe("deleteCoreV1CollectionNamespacedPod");
  const eviction = at(core, "paths", "/api/v1/namespaces/{namespace}/pods/{name}/eviction", "post");
  expect(at(eviction, "x-kubernetes-group-version-kind")).toEqual({ group: "policy", version: "v1", kind: "Eviction" });
});

const custom: ResourceDefinition = {
  ...(definitions.find(({ resource }) => resource === "configmaps") as ResourceDefinition),
  group: "example.com",
  resource: "widgets",
  kind: "Widget",
  listKind: "WidgetList",
  isCustom: true,
  versions: [
    {
      version: "v1",
      isServed: true,
      isStorage: true,
      columns: [],
      subresources: [],
      selectableFields: {},
      schema: {
        type: "object",
        properties: {
          spec: {
            type: "object",
            properties: {
              size: { type: "integer", validations: { minimum: 1 } },
              since: { type: "string", format: "date-time", isNullable: true },
            },
          },
        },
      },
    },
  ],
};

test("custom resources keep their schema, without references but to the metadata", () => {
  const document = openApiV3([custom], "example.com", "v1");
  expect(at(document, "components", "schemas", "com.example.v1.Widget", "properties")).toMatchObject({
    spec: { properties: { size: { type: "integer", minimum: 1 }, since: { type: "string", format: "date-time", nullable: true } } },
    metadata: { allOf: [{ $ref: "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta" }] },
  });
  const older = at(openApiV2([custom]), "definitions");
  expect(at(older, "com.example.v1.Widget", "properties", "spec", "properties", "since")).toEqual({ format: "date-time" });
  expect(at(older, "com.example.v1.WidgetList", "x-kubernetes-group-version-kind")).toEqual([
    { group: "example.com", kind: "WidgetList", version: "v1" },
  ]);
});

test("version 2 has everything in one document", () => {
  const document = openApiV2(definitions);
  expect(danglingRefs(document, "#/definitions/", at(document, "definitions"))).toEqual([]);
  expect(at(document, "definitions", "io.k8s.apimachinery.pkg.api.resource.Quantity")).toMatchObject({ type: "string" });
});
