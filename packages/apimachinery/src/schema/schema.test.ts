import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatFieldError } from "../validation/field-errors.ts";
import { cannotHandleMessage, strictDecodingMessage, strictDecodingTexts } from "./decode-error.ts";
import { applyDefaults, hasDefaults } from "./defaults.ts";
import { normalise } from "./normalise.ts";
import { prune } from "./prune.ts";
import type { Schema } from "./schema.ts";
import { validateStructural } from "./validate.ts";

const string: Schema = { type: "string" };
const container: Schema = {
  type: "object",
  refName: "io.k8s.api.core.v1.Container",
  required: ["name"],
  properties: {
    name: string,
    pull: { type: "string", default: "IfNotPresent", isZeroOmitted: true },
    args: { type: "array", items: string },
    limits: { type: "object", additionalProperties: { type: "string", format: "quantity" } },
  },
};
const deployment: Schema = {
  type: "object",
  refName: "io.k8s.api.apps.v1.Deployment",
  properties: {
    apiVersion: string,
    kind: string,
    metadata: {
      type: "object",
      refName: "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta",
      properties: {
        name: string,
        annotations: { type: "object", additionalProperties: string },
        creationTimestamp: { type: "string", format: "date-time" },
      },
    },
    spec: {
      type: "object",
      refName: "io.k8s.api.apps.v1.DeploymentSpec",
      required: ["paused"],
      properties: {
        replicas: { type: "integer", format: "int32", default: 1 },
        paused: { type: "array", items: string },
        surge: { type: "any", isIntOrString: true },
        containers: { type: "array", items: container },
        timeout: { type: "string", format: "duration" },
        raw: { type: "any" },
      },
    },
  },
};

describe("normalise", () => {
  test("what is normal stays as it is", () => {
    const containers = fc.array(
      fc.record(
        { name: fc.string(), pull: fc.string(), args: fc.array(fc.option(fc.string())), limits: fc.dictionary(fc.string(), fc.nat()) },
        { requiredKeys: [] },
      ),
    );
    const specs = fc.record(
      { replicas: fc.option(fc.nat(9)), surge: fc.option(fc.oneof(fc.nat(9), fc.string())), containers },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(specs, (spec) => {
        const once = JSON.stringify(normalise(deployment, structuredClone({ spec })).value);
        const twice = normalise(deployment, JSON.parse(once));
        expect(JSON.stringify(twice.value)).toBe(once);
        expect(twice.unknownFields).toEqual([]);
      }),
    );
  });

  test("gives an object the form that Go's types give it", () => {
    const value = {
      metadata: { name: "x", creationTimestamp: null, annotations: { a: null } },
      spec: {
        paused: [],
        surge: "25%",
        timeout: "90s",
        raw: { keep: null },
        containers: [{ name: "", pull: "", args: [], limits: { cpu: 0.5, memory: "1024Mi" }, bogus: 1 }],
        oops: true,
      },
    };
    expect(normalise(deployment, value)).toEqual({
      value: {
        metadata: { name: "x", annotations: { a: "" } },
        spec: {
          paused: [],
          surge: "25%",
          timeout: "1m30s",
          raw: { keep: null },
          containers: [{ name: "", limits: { cpu: "500m", memory: "1Gi" } }],
        },
      },
      unknownFields: ["spec.containers[0].bogus", "spec.oops"],
    });
  });

  test("fields that are always written get their zeros, but for who applies them", () => {
    const counts: Schema = { type: "object", zero: {}, properties: { ready: { type: "integer", zero: 0 }, name: { type: "string" } } };
    const schema: Schema = { type: "object", properties: { status: counts, lists: { type: "array", items: counts } } };
    expect(normalise(schema, { lists: [null, { ready: 2 }] }).value).toEqual({
      lists: [{ ready: 0 }, { ready: 2 }],
      status: { ready: 0 },
    });
    expect(normalise(schema, { lists: [{}] }, { keepsZeros: true }).value).toEqual({ lists: [{}] });
  });

  test.each<[unknown, string]>([
    [{ spec: { replicas: "3" } }, "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32"],
    [{ spec: { replicas: 1.5 } }, "json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32"],
    [
      { spec: { containers: [{ name: 5 }] } },
      "json: cannot unmarshal number into Go struct field Container.spec.containers.name of type string",
    ],
    [
      { spec: { containers: {} } },
      "json: cannot unmarshal object into Go struct field DeploymentSpec.spec.containers of type []v1.Container",
    ],
    [
      { metadata: { annotations: { a: true } } },
      "json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.annotations of type string",
    ],
    [{ spec: "x" }, "json: cannot unmarshal string into Go struct field Deployment.spec of type v1.DeploymentSpec"],
    [[], "json: cannot unmarshal array into Go value of type v1.Deployment"],
    [{ spec: { surge: true } }, "json: cannot unmarshal bool into Go struct field DeploymentSpec.spec.surge of type int32"],
    [{ spec: { surge: 1.5 } }, "json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.surge of type int32"],
    [{ spec: { timeout: 5 } }, "json: cannot unmarshal number into Go struct field DeploymentSpec.spec.timeout of type string"],
    [{ spec: { containers: [{ limits: { cpu: true } }] } }, "quantities must match the regular expression"],
    [{ spec: { timeout: "1x" } }, 'time: invalid duration "1x"'],
    [
      { spec: { replicas: 2 ** 40 } },
      "json: cannot unmarshal number 1099511627776 into Go struct field DeploymentSpec.spec.replicas of type int32",
    ],
  ])("%j is refused in Go's words", (value, message) => {
    expect(() => normalise(deployment, value)).toThrow(message);
  });
});

test("strict decoding names every field", () => {
  const texts = strictDecodingTexts(["spec.foo"], ["metadata.name"]);
  expect(cannotHandleMessage({ group: "apps", version: "v1", kind: "Deployment" }, new Error(strictDecodingMessage(texts)))).toBe(
    'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: duplicate field "metadata.name", unknown field "spec.foo"',
  );
});

describe("applyDefaults", () => {
  test("fills in what is absent, inside lists too, and shares nothing", () => {
    const value = { spec: { containers: [{ name: "a" }, { name: "b", pull: "Always" }] } };
    applyDefaults(deployment, value);
    expect(value).toEqual({
      spec: {
        replicas: 1,
        containers: [
          { name: "a", pull: "IfNotPresent" },
          { name: "b", pull: "Always" },
        ],
      },
    });
    const schema: Schema = {
      type: "object",
      properties: { a: { type: "object", default: {}, properties: { b: { type: "integer", default: 2 } } } },
    };
    const [first, second] = [{}, {}] as Record<string, Record<string, number>>[];
    applyDefaults(schema, first);
    applyDefaults(schema, second);
    expect(first).toEqual({ a: { b: 2 } });
    expect(first?.["a"]).not.toBe(second?.["a"]);
  });

  test("stops at recursive schemas and knows which have no defaults", () => {
    const properties: Record<string, Schema> = {};
    const recursive: Schema = { type: "object", properties };
    properties["child"] = recursive;
    expect(hasDefaults(recursive)).toBe(false);
    properties["list"] = { type: "array", items: { type: "object", properties: { x: { type: "string", default: "y" } } } };
    const again: Schema = { ...recursive };
    const value = { child: { list: [{}] } };
    properties["child"] = again;
    applyDefaults({ type: "object", properties: { child: again } }, value);
    expect(value).toEqual({ child: { list: [{ x: "y" }] } });
  });
});

describe("prune", () => {
  test("drops and names unknown fields, keeps what must stay", () => {
    const schema: Schema = {
      type: "object",
      properties: {
        spec: {
          type: "object",
          properties: {
            list: { type: "array", items: { type: "object", properties: { a: string } } },
            open: { type: "object", preserveUnknownFields: true, properties: { inner: { type: "object", properties: {} } } },
            template: { type: "object", isEmbeddedResource: true, properties: {} },
            nothing: string,
            fallback: { type: "string", default: "x" },
          },
        },
      },
    };
    const value = {
      apiVersion: "a/v1",
      kind: "K",
      metadata: { name: "x" },
      spec: {
        list: [{ a: "1" }, { b: 1 }],
        open: { x: 1, inner: { y: 1 } },
        template: { kind: "Z", bad: 1 },
        nothing: null,
        fallback: null,
        foo: 1,
      },
      status: {},
    };
    expect(prune(schema, value)).toEqual(["spec.list[1].b", "spec.open.inner.y", "spec.template.bad", "spec.foo", "status"]);
    expect(value.spec).toEqual({ list: [{ a: "1" }, {}], open: { x: 1, inner: {} }, template: { kind: "Z" }, fallback: null });
    expect(value.metadata).toEqual({ name: "x" });
  });
});

describe("validateStructural", () => {
  const texts = (schema: Schema, value: unknown): string[] =>
    validateStructural(
      { type: "object", properties: { spec: { type: "object", properties: { x: schema }, required: ["x"] } } },
      { spec: value },
    ).map((error) => formatFieldError(error));

  test.each<[string, Schema, unknown, string[]]>([
    ["type", { type: "integer" }, { x: "a" }, ['spec.x: Invalid value: "string": spec.x in body must be of type integer: "string"']],
    ["required", string, {}, ["spec.x: Required value"]],
    ["enum", { type: "string", enum: ["a", "b"] }, { x: "c" }, ['spec.x: Unsupported value: "c": supported values: "a", "b"']],
    [
      "pattern",
      { type: "string", validations: { pattern: "^a$" } },
      { x: "b" },
      ["spec.x: Invalid value: \"b\": spec.x in body should match '^a$'"],
    ],
    [
      "minimum",
      { type: "integer", validations: { minimum: 1 } },
      { x: 0 },
      ["spec.x: Invalid value: 0: spec.x in body should be greater than or equal to 1"],
    ],
    ["maxLength", { type: "string", validations: { maxLength: 2 } }, { x: "abc" }, ["spec.x: Too long: may not be more than 2 bytes"]],
    ["characters", { type: "string", validations: { maxLength: 2 } }, { x: "😀😀" }, []],
    [
      "minLength",
      { type: "string", validations: { minLength: 1 } },
      { x: "" },
      ['spec.x: Invalid value: "": spec.x in body should be at least 1 chars long'],
    ],
    [
      "maxItems",
      { type: "array", items: string, validations: { maxItems: 1 } },
      { x: ["a", "b"] },
      ["spec.x: Too many: 2: must have at most 1 item"],
    ],
    [
      "items",
      { type: "array", items: string },
      { x: ["a", 1] },
      ['spec.x[1]: Invalid value: "integer": spec.x[1] in body must be of type string: "integer"'],
    ],
    [
      "format",
      { type: "string", format: "date-time" },
      { x: "now" },
      ['spec.x: Invalid value: "now": spec.x in body must be of type date-time: "now"'],
    ],
    ["set", { type: "array", items: string, listType: "set" }, { x: ["a", "a"] }, ['spec.x[1]: Duplicate value: "a"']],
    [
      "int-or-string",
      { type: "any", isIntOrString: true },
      { x: true },
      ['spec.x: Invalid value: "boolean": spec.x in body must be of type integer,string: "boolean"'],
    ],
    ["null", string, { x: null }, ['spec.x: Invalid value: "null": spec.x in body must be of type string: "null"']],
    ["nullable", { type: "string", isNullable: true }, { x: null }, []],
    ["number", { type: "number" }, { x: 1 }, []],
    [
      "oneOf",
      { type: "any", validations: { oneOf: [{ type: "string" }, { type: "integer" }] } },
      { x: true },
      [
        '<nil>: Invalid value: "": "spec.x" must validate one and only one schema (oneOf). Found none valid',
        'spec.x: Invalid value: "boolean": spec.x in body must be of type string: "boolean"',
      ],
    ],
    [
      "not",
      { type: "string", validations: { not: { type: "any", enum: ["a"] } } },
      { x: "a" },
      ['<nil>: Invalid value: "": "spec.x" must not validate the schema (not)'],
    ],
  ])("%s", (_, schema, value, expected) => {
    expect(texts(schema, value)).toEqual(expected);
  });
});
