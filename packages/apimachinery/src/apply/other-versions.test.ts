import { describe, expect, it } from "vitest";
import type { UnstructuredObject } from "../meta/types.ts";
import type { Schema } from "../schema/schema.ts";
import { applyObject, type ApplyRequest } from "./apply-object.ts";
import { updateManagedFields } from "./managed-fields.ts";
import type { InVersion } from "./other-versions.ts";

const text: Schema = { type: "string" };
const number: Schema = { type: "integer" };

function schemaOf(spec: Readonly<Record<string, Schema>>): Schema {
  const labels: Schema = { type: "object", additionalProperties: text };
  const metadata: Schema = { type: "object", properties: { name: text, labels } };
  return { type: "object", properties: { apiVersion: text, kind: text, metadata, spec: { type: "object", properties: spec } } };
}

/** `old` says `size` where `new` says `replicas`, and does not know `color`. */
const schemas: Readonly<Record<string, Schema>> = {
  "x/old": schemaOf({ size: number, mode: text }),
  "x/new": schemaOf({ replicas: number, mode: text, color: text }),
};

const inVersion: InVersion = (object, apiVersion) => {
  const schema = schemas[apiVersion];
  if (schema === undefined) return undefined;
  if (apiVersion === object.apiVersion) return { schema, object };
  const { size, replicas, mode, color } = (object["spec"] ?? {}) as Record<string, unknown>;
  const spec = apiVersion === "x/old" ? { size: replicas, mode } : { replicas: size, mode, ...(color !== undefined && { color }) };
  const kept = Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== undefined));
  return { schema, object: { ...object, apiVersion, spec: kept } };
};

function thing(apiVersion: string, spec: object): UnstructuredObject {
  return { apiVersion, kind: "Thing", metadata: { name: "a" }, spec };
}

function request(applied: UnstructuredObject, live: UnstructuredObject | undefined, manager: string): ApplyRequest {
  const { apiVersion: version } = applied;
  const inSame = live === undefined ? undefined : inVersion(live, version)?.object;
  return {
    schema: schemas[version] as Schema,
    live: inSame,
    applied,
    manager,
    force: false,
    version,
    subresource: "",
    now: "2020-01-01T00:00:00Z",
    inVersion,
  };
}

function apply(applied: UnstructuredObject, live: UnstructuredObject | undefined, manager: string): UnstructuredObject {
  const result = applyObject(request(applied, live, manager));
  if (result.type === "conflict") throw new Error(result.conflicts.map(({ path }) => path).join());
  return result.object;
}

const ownersOf = (object: UnstructuredObject): string[] =>
  (object.metadata.managedFields ?? []).map(
    ({ manager, apiVersion, fieldsV1 }) => `${manager} ${apiVersion} ${JSON.stringify((fieldsV1 as Record<string, unknown>)["f:spec"])}`,
  );

describe("managers in several versions", () => {
  it("conflict about the same field under its name in each version", () => {
    const live = apply(thing("x/old", { size: 1 }), undefined, "one");
    const result = applyObject(request(thing("x/new", { replicas: 2 }), live, "two"));
    expect(result.type === "conflict" && result.conflicts.map(({ path, manager }) => `${manager.apiVersion} ${path}`)).toEqual([
      "x/old .spec.size",
    ]);
    expect(ownersOf(apply(thing("x/new", { replicas: 1 }), live, "two"))).toEqual([
      'one x/old {"f:size":{}}',
      'two x/new {"f:replicas":{}}',
    ]);
  });

  it("lose to an update in another version what that changes", () => {
    const live = apply(thing("x/old", { size: 1, mode: "m" }), undefined, "one");
    const old = inVersion(live, "x/new")?.object as UnstructuredObject;
    const next = { ...old, spec: { replicas: 5, mode: "m" } };
    const entries = updateManagedFields({
      schema: schemas["x/new"] as Schema,
      old,
      new: next,
      manager: "two",
      subresource: "",
      version: "x/new",
      now: "2020-01-01T00:00:00Z",
      inVersion,
    });
    expect(ownersOf({ ...next, metadata: { managedFields: entries ?? [] } } as UnstructuredObject)).toEqual([
      'one x/old {"f:mode":{}}',
      'two x/new {"f:replicas":{}}',
    ]);
  });

  it("take a field away by dropping it, also after moving to another version", () => {
    const live = apply(thing("x/old", { size: 1, mode: "m" }), undefined, "one");
    const moved = apply(thing("x/new", { replicas: 1 }), live, "one");
    expect(moved["spec"]).toEqual({ replicas: 1 });
    expect(ownersOf(moved)).toEqual(['one x/new {"f:replicas":{}}']);
  });

  it("keep what another one owns in another version, and what that cannot say", () => {
    const first = apply(thing("x/new", { replicas: 1, mode: "m", color: "red" }), undefined, "one");
    const shared = apply(thing("x/old", { size: 1 }), first, "two");
    const both = { ...(inVersion(shared, "x/new")?.object as UnstructuredObject), spec: { replicas: 1, mode: "m", color: "red" } };
    const less = apply(thing("x/new", { color: "red" }), both, "one");
    expect(less["spec"]).toEqual({ replicas: 1, color: "red" });
    const nothingDropped = apply(thing("x/new", { replicas: 1, mode: "m", color: "red" }), both, "one");
    expect(nothingDropped["spec"]).toEqual({ replicas: 1, mode: "m", color: "red" });
  });
});
