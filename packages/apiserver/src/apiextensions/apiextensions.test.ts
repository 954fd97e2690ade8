import {
  applyDefaults,
  formatFieldError,
  prune,
  validateStructural,
  type StrategyContext,
  type UnstructuredObject,
} from "@coracle/apimachinery";
import { describe, expect, it } from "vitest";
import { customResourceDefinitionStrategy, definitionOf, schemaOfVersion } from "./index.ts";
import { acceptNames, takenNames } from "./naming.ts";
import { fooCrd } from "./testing-crd.ts";
import type { CustomResourceDefinition, JsonSchemaProps } from "./types.ts";

const context: StrategyContext = {
  now: "2026-01-01T00:00:00Z",
  nowMs: Date.parse("2026-01-01T00:00:00Z"),
  subresource: "",
  apiVersion: "apiextensions.k8s.io/v1",
  user: { name: "me", groups: [] },
  isDryRun: false,
};

function created(crd: CustomResourceDefinition): CustomResourceDefinition {
  const object = structuredClone(crd) as unknown as UnstructuredObject;
  customResourceDefinitionStrategy.applyDefaults?.(object);
  customResourceDefinitionStrategy.prepareForCreate?.(object, context);
  return object as unknown as CustomResourceDefinition;
}

function problems(crd: CustomResourceDefinition): string[] {
  const errors = customResourceDefinitionStrategy.validateCreate?.(created(crd) as unknown as UnstructuredObject, context) ?? [];
  return errors.map(formatFieldError);
}

function withSchema(schema: JsonSchemaProps): CustomResourceDefinition {
  const crd = fooCrd();
  return { ...crd, spec: { ...crd.spec, versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: schema } }] } };
}

function withSpec(spec: JsonSchemaProps): CustomResourceDefinition {
  return withSchema({ type: "object", properties: { spec } });
}

describe("a CustomResourceDefinition", () => {
  it("gets its defaults", () => {
    const crd = created(fooCrd());
    expect(crd.spec.names).toMatchObject({ singular: "foo", listKind: "FooList" });
    expect(crd.spec.conversion).toEqual({ strategy: "None" });
    expect(crd.status).toEqual({ storedVersions: ["v1"] });
    expect(crd.metadata.generation).toBe(1);
    expect(problems(fooCrd())).toEqual([]);
  });

  it.each<[string, (crd: CustomResourceDefinition) => void, string]>([
    [
      "name",
      (crd) => (crd.metadata.name = "foo.example.com"),
      'metadata.name: Invalid value: "foo.example.com": must be spec.names.plural+"."+spec.group',
    ],
    [
      "group",
      (crd) => {
        crd.spec.group = "example";
        crd.metadata.name = "foos.example";
      },
      'spec.group: Invalid value: "example": should be a domain with at least one dot',
    ],
    [
      "scope",
      (crd) => (crd.spec.scope = "Both" as "Cluster"),
      'spec.scope: Unsupported value: "Both": supported values: "Cluster", "Namespaced"',
    ],
    [
      "schema",
      (crd) => (crd.spec.versions = [{ name: "v1", served: true, storage: true }]),
      "spec.versions[0].schema.openAPIV3Schema: Required value",
    ],
    [
      "kind",
      (crd) => (crd.spec.names.listKind = "Foo"),
      'spec.names.listKind: Invalid value: "Foo": kind and listKind may not be the same',
    ],
    [
      "approval",
      (crd) => {
        crd.spec.group = "x.k8s.io";
        crd.metadata.name = "foos.x.k8s.io";
      },
      'metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111',
    ],
  ])("is refused for its %s", (_, change, message) => {
    const crd = fooCrd();
    change(crd);
    expect(problems(crd)).toEqual([message]);
  });

  it("says outside of a combinator at the root what it says inside", () => {
    expect(problems(withSchema({ type: "object", properties: {}, anyOf: [{ properties: { a: {} } }] }))).toEqual([
      "spec.validation.openAPIV3Schema.properties[a]: Required value: because it is defined in spec.validation.openAPIV3Schema.anyOf[0].properties[a]",
    ]);
    // Elsewhere upstream does not ask for it.
    expect(problems(withSpec({ type: "object", anyOf: [{ properties: { a: {} } }] }))).toEqual([]);
  });

  it("has exactly one storage version", () => {
    const crd = fooCrd();
    for (const version of crd.spec.versions) version.storage = true;
    crd.spec.versions.push({ ...structuredClone(crd.spec.versions[0]), name: "v2" } as never);
    expect(problems(crd)[0]).toMatch(/^spec\.versions: Invalid value: \[.*\]: must have exactly one version marked as storage version$/);
  });

  it.each<[string, JsonSchemaProps, string]>([
    [
      "type",
      { properties: {} },
      "spec.validation.openAPIV3Schema.properties[spec].type: Required value: must not be empty for specified object fields",
    ],
    [
      "combinator type",
      { type: "string", anyOf: [{ type: "string" }] },
      "spec.validation.openAPIV3Schema.properties[spec].anyOf[0].type: Forbidden: must be empty to be structural",
    ],
    [
      "default",
      { type: "object", properties: { a: { type: "string", default: 1 } } },
      'spec.validation.openAPIV3Schema.properties[spec].properties[a].default: Invalid value: "integer":  in body must be of type string: "integer"',
    ],
    [
      "unpruned default",
      { type: "object", default: { b: 1 }, properties: { a: { type: "string" } } },
      'spec.validation.openAPIV3Schema.properties[spec].default: Invalid value: {"b":1}: must not have unknown fields',
    ],
    [
      "map keys",
      {
        type: "array",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name"],
        items: { type: "object", properties: { name: { type: "string" } } },
      },
      "spec.validation.openAPIV3Schema.properties[spec].items.properties[name].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property",
    ],
    [
      "list type",
      { type: "array", "x-kubernetes-list-type": "bag", items: { type: "string" } },
      'spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-list-type: Unsupported value: "bag": supported values: "atomic", "set", "map"',
    ],
    [
      "reference",
      { type: "object", $ref: "#/definitions/x" },
      "spec.validation.openAPIV3Schema.properties[spec].$ref: Forbidden: $ref is not supported",
    ],
  ])("is refused for a schema's %s", (_, spec, message) => {
    expect(problems(withSpec(spec))).toEqual([message]);
  });

  it("accepts what generators write", () => {
    const schema: JsonSchemaProps = {
      type: "object",
      description: "Foo",
      properties: {
        apiVersion: { type: "string" },
        kind: { type: "string" },
        metadata: { type: "object" },
        spec: {
          type: "object",
          properties: {
            port: { anyOf: [{ type: "integer" }, { type: "string" }], "x-kubernetes-int-or-string": true },
            raw: { type: "object", "x-kubernetes-preserve-unknown-fields": true, "x-kubernetes-embedded-resource": true },
            labels: { type: "object", additionalProperties: { type: "string" }, default: {} },
          },
          required: ["port"],
          "x-kubernetes-validations": [{ rule: "self.port > 0", message: "positive" }],
        },
      },
    };
    expect(problems(withSchema(schema))).toEqual([]);
  });

  it("keeps its identity when it changes", () => {
    const old = created(fooCrd());
    old.status = acceptNames(old, takenNames([]), context.now);
    const next = structuredClone(old);
    next.spec.scope = "Cluster";
    next.spec.names.plural = "bars";
    const errors = customResourceDefinitionStrategy.validateUpdate?.(next as never, old as never, context) ?? [];
    expect(errors.map(formatFieldError)).toEqual([
      'spec.scope: Invalid value: "Cluster": field is immutable',
      'spec.names.plural: Invalid value: "bars": field is immutable',
    ]);
  });
});

describe("names", () => {
  const established = (crd: CustomResourceDefinition, others: CustomResourceDefinition[] = []): CustomResourceDefinition => ({
    ...crd,
    status: acceptNames(crd, takenNames(others), context.now),
  });

  it("are accepted when they are free", () => {
    const { status } = established(created(fooCrd()));
    expect(status?.conditions).toEqual([
      { type: "NamesAccepted", status: "True", reason: "NoConflicts", message: "no conflicts found", lastTransitionTime: context.now },
      {
        type: "Established",
        status: "True",
        reason: "InitialNamesAccepted",
        message: "the initial names have been accepted",
        lastTransitionTime: context.now,
      },
    ]);
    expect(status?.acceptedNames).toEqual({ plural: "foos", singular: "foo", kind: "Foo", listKind: "FooList", shortNames: ["fo"] });
  });

  it("stay with whom they have", () => {
    const first = established(created(fooCrd()));
    const second = created(fooCrd());
    second.spec.names = { plural: "bars", singular: "bar", kind: "Foo", listKind: "BarList", shortNames: ["fo"] };
    const { status } = established(second, [first]);
    expect(status?.conditions).toMatchObject([
      { type: "NamesAccepted", status: "False", reason: "KindConflict", message: '"Foo" is already in use' },
      { type: "Established", status: "False", reason: "NotAccepted", message: "not all names are accepted" },
    ]);
    expect(status?.acceptedNames).toEqual({ plural: "bars", singular: "bar", kind: "", listKind: "BarList" });
    const same = established(first);
    expect(established(same).status).toBe(same.status);
  });
});

describe("a custom resource", () => {
  const crd = created(fooCrd());
  const definition = definitionOf(crd);
  const [v1] = definition.versions;
  const object = (spec: unknown, status?: unknown): UnstructuredObject => ({
    apiVersion: "example.com/v1",
    kind: "Foo",
    metadata: { name: "a", namespace: "default", creationTimestamp: "2025-12-31T23:59:00Z" },
    spec,
    ...(status !== undefined && { status }),
  });

  it("has names, columns, subresources and fields", () => {
    expect(definition).toMatchObject({
      resource: "foos",
      singular: "foo",
      kind: "Foo",
      listKind: "FooList",
      shortNames: ["fo"],
      isNamespaced: true,
      isCustom: true,
      storagePath: "example.com/foos",
    });
    const row = v1?.columns.map((column) => [column.name, column.cell(object({ replicas: 2, color: "red" }), context.nowMs)]);
    expect(row).toEqual([
      ["Name", "a"],
      ["Replicas", 2],
      ["Age", "60s"],
    ]);
    expect(v1?.subresources.map(({ name }) => name)).toEqual(["status", "scale"]);
    expect(v1?.selectableFields["spec.color"]?.(object({ color: "red" }))).toBe("red");
    expect(v1?.selectableFields["spec.color"]?.(object({}))).toBe("");
  });

  it("is pruned, defaulted and checked by its schema", () => {
    const foo = object({ unknown: 1, list: [{ x: 1 }] });
    foo.metadata.labels = { a: "b" };
    expect(prune(v1?.schema as never, foo)).toEqual(["spec.unknown", "spec.list[0].x"]);
    applyDefaults(v1?.schema as never, foo);
    expect(foo).toMatchObject({ metadata: { labels: { a: "b" } }, spec: { replicas: 1, list: [{}] } });
    const bad = validateStructural(v1?.schema as never, object({ replicas: "x" }));
    expect(bad.map(formatFieldError)).toEqual([
      'spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string"',
    ]);
  });

  it("keeps status and spec apart, and counts changes of the spec", () => {
    const old = object({ replicas: 1 }, { ready: 1 });
    old.metadata.generation = 3;
    const main = object({ replicas: 2 }, { ready: 9 });
    definition.strategy.prepareForUpdate?.(main, old, context);
    expect(main).toMatchObject({ spec: { replicas: 2 }, status: { ready: 1 }, metadata: { generation: 4 } });
    const status = object({ replicas: 7 }, { ready: 9 });
    definition.strategy.prepareForUpdate?.(status, old, { ...context, subresource: "status" });
    expect(status).toMatchObject({ spec: { replicas: 1 }, status: { ready: 9 }, metadata: { generation: 3 } });
    const fresh = object({}, { ready: 1 });
    definition.strategy.prepareForCreate?.(fresh, context);
    expect(fresh).not.toHaveProperty("status");
  });

  it("may keep an old mistake that a write does not touch", () => {
    const old = object({ replicas: "x", color: "red" });
    const next = object({ replicas: "x", color: "blue" });
    const schema = v1?.schema as never;
    const errors = validateStructural(schema, next);
    expect(errors).toHaveLength(1);
    expect(validateStructural(schema, next, old)).toEqual([]);
    expect(validateStructural(schema, next, object({ replicas: 1 }))).toEqual(errors);
  });

  it("cannot be created any more while its definition goes away", () => {
    const gone = { ...crd, metadata: { ...crd.metadata, deletionTimestamp: context.now } };
    expect(definitionOf(gone).verbs).not.toContain("create");
  });

  it("restricts metadata by name only", () => {
    const schema = schemaOfVersion({
      type: "object",
      properties: { metadata: { type: "object", properties: { name: { type: "string", maxLength: 3 } } } },
    });
    expect(schema.properties?.["metadata"]).toMatchObject({
      preserveUnknownFields: true,
      properties: { name: { validations: { maxLength: 3 } } },
    });
  });
});
