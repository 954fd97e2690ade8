import type { ResourceDefinition, ResourceVersionDefinition, Schema } from "@coracle/apimachinery";
import { expect, test } from "vitest";
import { builtInDefinitions } from "../builtin/definitions.ts";
import { openApiV2, openApiV3, openApiV3Discovery } from "./documents.ts";

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
    oneOf: [{ type: "integer" }, { type: "string" }],
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

test("what kubectl would take amiss in version 2 is left out there", () => {
  const [version] = custom.versions as [ResourceVersionDefinition];
  const widget = (schema: Schema): object => {
    const definition = { ...custom, versions: [{ ...version, schema }] };
    return at(openApiV2([definition]), "definitions", "com.example.v1.Widget") as object;
  };
  expect(widget({ type: "object", preserveUnknownFields: true, properties: { spec: { type: "object" } } })).toEqual({
    type: "object",
    "x-kubernetes-group-version-kind": [{ group: "example.com", kind: "Widget", version: "v1" }],
  });
  const properties: Record<string, Schema> = {
    loose: { type: "object", preserveUnknownFields: true, properties: { a: { type: "string" } } },
    list: { type: "array", preserveUnknownFields: true, items: { type: "string" } },
    port: { type: "any", isIntOrString: true },
    maybe: { type: "string", isNullable: true },
  };
  expect(at(widget({ type: "object", properties, required: ["port", "maybe"] }), "properties")).toMatchObject({
    loose: { "x-kubernetes-preserve-unknown-fields": true },
    list: { "x-kubernetes-preserve-unknown-fields": true },
    port: { "x-kubernetes-int-or-string": true },
    maybe: {},
  });
  expect(at(widget({ type: "object", properties, required: ["port", "maybe"] }), "required")).toEqual(["port"]);
});

test("version 2 has everything in one document", () => {
  const document = openApiV2(definitions);
  expect(danglingRefs(document, "#/definitions/", at(document, "definitions"))).toEqual([]);
  expect(at(document, "definitions", "io.k8s.apimachinery.pkg.api.resource.Quantity")).toMatchObject({ type: "string" });
});

test("streams and passed-on requests take the fields of their options as parameters", () => {
  const exec = at(core, "paths", "/api/v1/namespaces/{namespace}/pods/{name}/exec");
  expect(at(exec, "post")).toMatchObject({
    operationId: "connectCoreV1PostNamespacedPodExec",
    "x-kubernetes-action": "connect",
    "x-kubernetes-group-version-kind": { group: "", version: "v1", kind: "PodExecOptions" },
    responses: { "200": { content: { "*/*": { schema: { type: "string" } } } } },
  });
  const names = (path: object): string[] => (at(path, "parameters") as { name: string }[]).map(({ name }) => name);
  expect(names(exec)).toEqual(["command", "container", "name", "namespace", "stderr", "stdin", "stdout", "tty"]);
  const proxy = at(core, "paths", "/api/v1/nodes/{name}/proxy/{path}");
  expect(at(proxy, "head", "operationId")).toBe("connectCoreV1HeadNodeProxyWithPath");
  const log = at(core, "paths", "/api/v1/namespaces/{namespace}/pods/{name}/log");
  expect(names(log)).toContain("tailLines");
  expect(Object.keys(at(log, "get", "responses", "200", "content"))).toContain("text/plain");
});

test("deletions need no body, and are answered with what the registry answers", () => {
  const pod = at(core, "paths", "/api/v1/namespaces/{namespace}/pods/{name}", "delete");
  expect(at(pod, "requestBody")).not.toHaveProperty("required");
  expect(Object.keys(at(pod, "responses"))).toEqual(["200", "202", "401"]);
  const answerTo = (path: string): object =>
    at(core, "paths", path, "delete", "responses", "200", "content", "application/json", "schema", "$ref");
  expect(answerTo("/api/v1/namespaces/{namespace}/pods/{name}")).toBe("#/components/schemas/io.k8s.api.core.v1.Pod");
  expect(answerTo("/api/v1/namespaces/{namespace}/configmaps/{name}")).toBe(
    "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.Status",
  );
});

test("fields with a fixed set of values name them", () => {
  const schemas = at(core, "components", "schemas");
  expect(at(schemas, "io.k8s.api.core.v1.PodSpec", "properties", "restartPolicy", "enum")).toEqual(["Always", "Never", "OnFailure"]);
  expect(at(schemas, "io.k8s.api.core.v1.PersistentVolumeClaimSpec", "properties", "accessModes", "items", "enum")).toContain(
    "ReadWriteOnce",
  );
  expect(at(schemas, "io.k8s.api.core.v1.PodCondition", "properties", "type")).not.toHaveProperty("enum");
});

test("a field can be granular though its type is atomic", () => {
  const schemas = at(core, "components", "schemas");
  expect(at(schemas, "io.k8s.api.core.v1.ObjectReference")).toMatchObject({ "x-kubernetes-map-type": "atomic" });
  expect(at(schemas, "io.k8s.api.core.v1.PersistentVolumeSpec", "properties", "claimRef")).toMatchObject({
    "x-kubernetes-map-type": "granular",
  });
});

test("discovery is described too", () => {
  const older = openApiV2(definitions);
  expect(at(older, "paths", "/apis/rbac.authorization.k8s.io/v1/", "get", "operationId")).toBe("getRbacAuthorizationV1APIResources");
  expect(at(older, "paths", "/apis/rbac.authorization.k8s.io/", "get")).toMatchObject({ operationId: "getRbacAuthorizationAPIGroup" });
  const documents = openApiV3Discovery(["", "apps"]);
  expect(Object.keys(documents)).toEqual(["api", "apis", "version", "apis/apps"]);
  for (const [key, document] of Object.entries(documents)) {
    expect(Object.keys(at(document, "paths"))).toEqual([`/${key}/`]);
    expect(danglingRefs(document, "#/components/schemas/", at(document, "components", "schemas")), key).toEqual([]);
  }
});
