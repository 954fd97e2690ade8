import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ManagedFieldsEntry, UnstructuredObject } from "../meta/types.ts";
import { cloneJson } from "../meta/deep.ts";
import type { Schema } from "../schema/schema.ts";
import {
  applyObject,
  applyOrThrow,
  intersectSets,
  parseSet,
  resetFieldsOf,
  serializeSet,
  setsEqual,
  subtractSet,
  unionSets,
  updateManagedFields,
  type FieldSet,
} from "./index.ts";

const text: Schema = { type: "string" };
const texts: Schema = { type: "object", additionalProperties: text };
const container: Schema = {
  type: "object",
  refName: "io.k8s.api.core.v1.Container",
  properties: {
    name: text,
    image: text,
    args: { type: "array", items: text },
    ports: {
      type: "array",
      listType: "map",
      listMapKeys: ["containerPort", "protocol"],
      items: {
        type: "object",
        properties: { containerPort: { type: "integer" }, protocol: { type: "string", default: "TCP" }, name: text },
      },
    },
  },
};
const schema: Schema = {
  type: "object",
  refName: "io.k8s.api.apps.v1.Deployment",
  properties: {
    apiVersion: text,
    kind: text,
    metadata: {
      type: "object",
      refName: "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta",
      properties: {
        name: text,
        namespace: text,
        labels: texts,
        annotations: texts,
        finalizers: { type: "array", listType: "set", items: text },
      },
    },
    spec: {
      type: "object",
      refName: "io.k8s.api.apps.v1.DeploymentSpec",
      zero: {},
      required: ["containers"],
      properties: {
        replicas: { type: "integer" },
        selector: { type: "object", mapType: "atomic", properties: { matchLabels: texts } },
        containers: { type: "array", listType: "map", listMapKeys: ["name"], items: container },
      },
    },
    status: {
      type: "object",
      refName: "io.k8s.api.apps.v1.DeploymentStatus",
      zero: {},
      properties: { replicas: { type: "integer" } },
    },
  },
};

const at = (minute: number): string => `2026-01-01T00:${String(minute).padStart(2, "0")}:00Z`;

function deployment(spec: Record<string, unknown>, meta: Record<string, unknown> = {}): UnstructuredObject {
  return { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web", namespace: "default", ...meta }, spec };
}

function update(old: UnstructuredObject | undefined, next: UnstructuredObject, manager: string, minute = 0): UnstructuredObject {
  const managedFields = updateManagedFields({ schema, old, new: next, manager, subresource: "", version: "apps/v1", now: at(minute) });
  const { managedFields: _, ...metadata } = next.metadata;
  return { ...next, metadata: { ...metadata, ...(managedFields !== undefined && { managedFields }) } };
}

function apply(live: UnstructuredObject | undefined, applied: UnstructuredObject, manager = "applier", force = false): UnstructuredObject {
  const request = { schema, live, applied, manager, force, version: "apps/v1", subresource: "", now: at(30) };
  return applyOrThrow(request).object;
}

function fieldsOf(object: UnstructuredObject, manager: string): unknown {
  return object.metadata.managedFields?.find((entry) => entry.manager === manager)?.fieldsV1;
}

describe("updateManagedFields", () => {
  const created = update(
    undefined,
    deployment({ replicas: 1, containers: [{ name: "a", image: "1", ports: [{ containerPort: 80 }] }] }, { labels: { app: "web" } }),
    "kubectl-create",
  );

  it("gives a creator what it set, as kube-apiserver writes it", () => {
    expect(created.metadata.managedFields).toEqual([
      {
        manager: "kubectl-create",
        operation: "Update",
        apiVersion: "apps/v1",
        time: at(0),
        fieldsType: "FieldsV1",
        fieldsV1: {
          "f:metadata": { "f:labels": { ".": {}, "f:app": {} } },
          "f:spec": {
            "f:containers": {
              'k:{"name":"a"}': {
                ".": {},
                "f:image": {},
                "f:name": {},
                "f:ports": { ".": {}, 'k:{"containerPort":80,"protocol":"TCP"}': { ".": {}, "f:containerPort": {} } },
              },
            },
            "f:replicas": {},
          },
        },
      },
    ]);
  });

  it("moves what another manager changes and keeps the rest with its time", () => {
    const scaled = update(created, deployment({ ...(created["spec"] as object), replicas: 5 }, { labels: { app: "web" } }), "scaler", 7);
    expect(fieldsOf(scaled, "scaler")).toEqual({ "f:spec": { "f:replicas": {} } });
    expect(JSON.stringify(fieldsOf(scaled, "kubectl-create"))).not.toContain("f:replicas");
    expect(scaled.metadata.managedFields?.map((entry) => entry.time)).toEqual([at(0), at(7)]);
  });

  it("keeps the very entries when nothing changed", () => {
    const again = cloneJson(created);
    const entries = updateManagedFields({
      schema,
      old: created,
      new: again,
      manager: "x",
      subresource: "",
      version: "apps/v1",
      now: at(9),
    });
    expect(entries).toBe(created.metadata.managedFields);
  });

  it("forgets owners of what is removed", () => {
    const bare = update(created, deployment({ replicas: 1, containers: [] }), "cleaner", 3);
    expect(JSON.stringify(bare.metadata.managedFields)).not.toContain("f:labels");
    expect(fieldsOf(bare, "kubectl-create")).toEqual({ "f:spec": { "f:replicas": {} } });
  });

  it("is cleared by [{}] and not tracked again before an apply", () => {
    const cleared = update(created, deployment({ replicas: 2, containers: [] }, { managedFields: [{}] }), "x");
    expect(cleared.metadata.managedFields).toBeUndefined();
    expect(update(cleared, deployment({ replicas: 3 }), "y").metadata.managedFields).toBeUndefined();
    const applied = applyObject({
      schema,
      live: cleared,
      applied: deployment({ replicas: 9 }),
      manager: "m",
      force: false,
      version: "apps/v1",
      subresource: "",
      now: at(1),
    });
    expect(applied).toMatchObject({
      type: "conflict",
      conflicts: [{ path: ".spec.replicas", manager: { manager: "before-first-apply" } }],
    });
  });

  it("leaves what a write cannot set to those who can", () => {
    const next = { ...created, status: { replicas: 1 } };
    const base = { schema, old: created, new: next, version: "apps/v1", now: at(5) };
    const main = updateManagedFields({ ...base, manager: "x", subresource: "", resetFields: resetFieldsOf(true, "") });
    expect(main).toBe(created.metadata.managedFields);
    const status = updateManagedFields({ ...base, manager: "x", subresource: "status", resetFields: resetFieldsOf(true, "status") });
    expect(status?.[1]).toMatchObject({ manager: "x", subresource: "status", fieldsV1: { "f:status": { "f:replicas": {} } } });
    const labelled = { ...next, metadata: { ...next.metadata, labels: {} } };
    const resetFields = resetFieldsOf(true, "status", { isCustom: true });
    const custom = updateManagedFields({ ...base, new: labelled, manager: "x", subresource: "status", resetFields });
    expect(custom?.[0]).toBe(created.metadata.managedFields?.[0]);
  });

  it("merges the oldest of more than ten updaters", () => {
    let object = created;
    for (let index = 0; index < 15; index++) {
      const labels = { ...object.metadata.labels, [`l${index}`]: "x" };
      object = update(object, { ...object, metadata: { ...object.metadata, labels } }, `m${index}`, index + 1);
    }
    const entries = object.metadata.managedFields as ManagedFieldsEntry[];
    expect(entries).toHaveLength(10);
    expect(entries[0]?.manager).toBe("ancient-changes");
    expect(JSON.stringify(entries[0]?.fieldsV1)).toContain('"f:l5":{}');
  });
});

describe("applyObject", () => {
  it("reports conflicts in kube-apiserver's words", () => {
    const live = update(undefined, deployment({ replicas: 3, containers: [{ name: "a", image: "1" }] }), "kubectl-client-side-apply");
    expect(() => apply(live, deployment({ replicas: 4 }))).toThrow(
      'Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using apps/v1: .spec.replicas',
    );
    expect(() => apply(live, deployment({ replicas: 4, containers: [{ name: "a", image: "2" }] }))).toThrow(
      'Apply failed with 2 conflicts: conflicts with "kubectl-client-side-apply" using apps/v1:\n' +
        '- .spec.replicas\n- .spec.containers[name="a"].image',
    );
    const forced = apply(live, deployment({ replicas: 4 }), "applier", true);
    expect(forced["spec"]).toMatchObject({ replicas: 4 });
    expect(JSON.stringify(fieldsOf(forced, "kubectl-client-side-apply"))).not.toContain("f:replicas");
  });

  it("refuses a configuration of another version or with managedFields", () => {
    const other = { ...deployment({}), apiVersion: "apps/v1beta1" };
    expect(() => apply(undefined, other)).toThrow(
      "Incorrect version specified in apply patch. Specified patch version: apps/v1beta1, expected: apps/v1",
    );
    expect(() => apply(undefined, deployment({}, { managedFields: [{}] }))).toThrow("metadata.managedFields must be nil");
  });

  it("shares a field that two apply alike, and removes it when both have dropped it", () => {
    const both = apply(apply(undefined, deployment({ replicas: 1 }), "one"), deployment({ replicas: 1 }), "two");
    expect(both.metadata.managedFields).toHaveLength(2);
    const one = apply(both, deployment({}), "one");
    expect(one["spec"]).toEqual({ replicas: 1 });
    const none = apply(one, deployment({}), "two");
    expect((none["spec"] as object | undefined) ?? {}).toEqual({});
  });

  it("removes dropped list items and map keys, and keeps those of others", () => {
    const first = apply(
      undefined,
      deployment(
        {
          containers: [
            { name: "a", image: "1" },
            { name: "b", image: "1" },
          ],
        },
        { labels: { x: "1", y: "1" } },
      ),
    );
    const injected = update(
      first,
      { ...first, spec: { containers: [...(first["spec"] as { containers: object[] }).containers, { name: "sidecar", image: "s" }] } },
      "injector",
    );
    const second = apply(injected, deployment({ containers: [{ name: "b", image: "2" }] }, { labels: { y: "1" } }));
    expect(second["spec"]).toEqual({
      containers: [
        { name: "b", image: "2" },
        { name: "sidecar", image: "s" },
      ],
    });
    expect(second.metadata.labels).toEqual({ y: "1" });
  });

  it("treats atomic values as one and changes nothing when applied again", () => {
    const applied = deployment({ selector: { matchLabels: { a: "1" } }, containers: [{ name: "a", args: ["x"] }] });
    const live = apply(undefined, applied);
    expect(fieldsOf(live, "applier")).toEqual({
      "f:spec": { "f:containers": { 'k:{"name":"a"}': { ".": {}, "f:args": {}, "f:name": {} } }, "f:selector": {} },
    });
    const again = applyObject({
      schema,
      live,
      applied,
      manager: "applier",
      force: false,
      version: "apps/v1",
      subresource: "",
      now: at(50),
    });
    expect(again).toMatchObject({ type: "applied", isChanged: false });
    expect((again as { object: UnstructuredObject }).object).toEqual(live);
  });

  it("lets kubectl take over what client-side apply set, and keeps its annotation up to date", () => {
    const config = deployment({ replicas: 3 });
    const annotations = { "kubectl.kubernetes.io/last-applied-configuration": JSON.stringify(config) };
    const live = update(undefined, deployment({ replicas: 3 }, { annotations }), "kubectl-client-side-apply");
    const next = apply(live, deployment({ replicas: 5 }), "kubectl");
    expect(next["spec"]).toEqual({ replicas: 5 });
    expect(next.metadata.annotations?.["kubectl.kubernetes.io/last-applied-configuration"]).toContain('"replicas":5');
    expect(() => apply(live, deployment({ replicas: 5 }), "argo")).toThrow("Apply failed");
  });

  it("refuses what the schema cannot type", () => {
    expect(() => apply(undefined, deployment({ replica: 1 }))).toThrow(
      "failed to create typed patch object (default/web; apps/v1, Kind=Deployment): .spec.replica: field not declared in schema",
    );
    expect(() => apply(undefined, deployment({ containers: [{ image: "x" }] }))).toThrow(
      '.spec.containers: element 0: associative list with keys has an element that omits key field "name" (and doesn\'t have default value)',
    );
    expect(() => apply(undefined, deployment({ containers: [{ name: "x" }, { name: "x" }] }))).toThrow(
      'duplicate entries for key [name="x"]',
    );
  });

  it("keeps the applier's order for common items and the place of others", () => {
    const live = update(undefined, deployment({ containers: ["a", "b", "c"].map((name) => ({ name })) }), "x");
    const next = apply(live, deployment({ containers: [{ name: "c" }, { name: "n" }, { name: "a" }] }));
    expect((next["spec"] as { containers: { name: string }[] }).containers.map(({ name }) => name)).toEqual(["b", "c", "n", "a"]);
  });
});

const element = fc.constantFrom("f:a", "f:b", 'k:{"name":"x"}', 'v:"s"', "v:2", "v:10", ".");
const fieldsTree: (depth?: number) => fc.Arbitrary<Record<string, unknown>> = fc.memo((depth) =>
  depth <= 1 ? fc.constant({}) : fc.dictionary(element, fieldsTree(depth - 1), { maxKeys: 4 }),
);
const tree = fieldsTree(4).map(clearDots);

function clearDots(node: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, key === "." ? {} : clearDots(value as Record<string, unknown>)]),
  );
}

const set: fc.Arbitrary<FieldSet> = tree.map((fields) => parseSet(fields) as FieldSet);

describe("field sets", () => {
  it("survive being written and read", () => {
    fc.assert(
      fc.property(
        set.filter((each) => !each.isMember),
        (each) => setsEqual(parseSet(serializeSet(each)) as FieldSet, each),
      ),
    );
  });

  it("obey the laws of sets", () => {
    fc.assert(
      fc.property(set, set, (a, b) => {
        expect(setsEqual(unionSets(a, b), unionSets(b, a))).toBe(true);
        expect(setsEqual(unionSets(subtractSet(a, b), intersectSets(a, b)), a)).toBe(true);
        expect(setsEqual(intersectSets(subtractSet(a, b), b), intersectSets(a, subtractSet(b, b)))).toBe(true);
      }),
    );
  });

  it("write keys in order, numbers by size", () => {
    const fields = { "v:10": {}, 'k:{"b":1,"a":2}': {}, "f:z": { "f:y": {}, ".": {} }, "v:9": {}, "f:a": {} };
    const written = JSON.stringify(serializeSet(parseSet(fields) as FieldSet));
    expect(written).toBe('{"f:a":{},"f:z":{".":{},"f:y":{}},"k:{\\"a\\":2,\\"b\\":1}":{},"v:9":{},"v:10":{}}');
  });
});
