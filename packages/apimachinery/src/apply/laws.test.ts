import fc from "fast-check";
import { expect, it } from "vitest";
import { deepEqual } from "../meta/deep.ts";
import type { UnstructuredObject } from "../meta/types.ts";
import type { Schema } from "../schema/schema.ts";
import { applyObject, applyOrThrow } from "./index.ts";

const text: Schema = { type: "string" };
const schema: Schema = {
  type: "object",
  properties: {
    apiVersion: text,
    kind: text,
    metadata: { type: "object", properties: { name: text, labels: { type: "object", additionalProperties: text } } },
    spec: {
      type: "object",
      properties: {
        replicas: { type: "integer" },
        finalizers: { type: "array", listType: "set", items: text },
        selector: { type: "object", mapType: "atomic", additionalProperties: text },
        containers: {
          type: "array",
          listType: "map",
          listMapKeys: ["name"],
          items: { type: "object", properties: { name: text, image: text, args: { type: "array", items: text } } },
        },
      },
    },
  },
};

interface Spec {
  readonly replicas?: number;
  readonly finalizers?: string[];
  readonly selector?: Record<string, string>;
  readonly containers?: { name: string; image?: string; args?: string[] }[];
}

function specOf(names: readonly string[]): fc.Arbitrary<Spec> {
  const word = fc.constantFrom(...names);
  const container = fc.record(
    { name: word, image: word, args: fc.array(word, { minLength: 1, maxLength: 2 }) },
    { requiredKeys: ["name"] },
  );
  return fc.record(
    {
      replicas: fc.integer({ min: 0, max: 3 }),
      finalizers: fc.uniqueArray(word, { minLength: 1, maxLength: 3 }),
      selector: fc.dictionary(word, word, { minKeys: 1 }),
      containers: fc.uniqueArray(container, { minLength: 1, maxLength: 3, selector: ({ name }) => name }),
    },
    { requiredKeys: [] },
  );
}

const spec = specOf(["a", "b", "c"]);
const objectOf = (given: object): UnstructuredObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web" },
  spec: given,
});
const requestOf = (live: UnstructuredObject | undefined, given: object, manager: string) =>
  ({
    schema,
    live,
    applied: objectOf(given),
    manager,
    force: false,
    version: "apps/v1",
    subresource: "",
    now: "2026-01-01T00:00:00Z",
  }) as const;
/** Nothing but what says which object it is. */
const nothing = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web" } };
const apply = (live: UnstructuredObject | undefined, given: object, manager: string): UnstructuredObject =>
  applyOrThrow({ ...requestOf(live, given, manager), force: true }).object;

/** Without the order of lists that have keys, which depends on who came first. */
function contentOf(object: UnstructuredObject): Spec {
  const { finalizers, containers, ...rest } = (object["spec"] ?? {}) as Spec;
  return {
    ...rest,
    ...(finalizers !== undefined && { finalizers: finalizers.toSorted() }),
    ...(containers !== undefined && { containers: containers.toSorted((left, right) => left.name.localeCompare(right.name)) }),
  };
}

it("what is applied twice changes nothing the second time", () => {
  fc.assert(
    fc.property(spec, spec, (other, own) => {
      const live = apply(apply(undefined, other, "other"), own, "me");
      expect(applyObject({ ...requestOf(live, own, "me"), now: "2026-01-02T00:00:00Z" })).toMatchObject({
        type: "applied",
        isChanged: false,
        object: live,
      });
    }),
  );
});

it("everything applied is there, and nothing that nobody applied", () => {
  fc.assert(
    fc.property(spec, spec, (other, own) => {
      const live = contentOf(apply(apply(undefined, other, "other"), own, "me"));
      expect(live.replicas).toBe(own.replicas ?? other.replicas);
      expect(live.selector).toEqual(own.selector ?? other.selector);
      const both = new Set([...(own.finalizers ?? []), ...(other.finalizers ?? [])]);
      expect(live.finalizers ?? []).toEqual([...both].sort());
      const images = (from: Spec): Record<string, string | undefined> =>
        Object.fromEntries((from.containers ?? []).map(({ name, image }) => [name, image]));
      const expected = {
        ...images(other),
        ...Object.fromEntries(Object.entries(images(own)).map(([name, image]) => [name, image ?? images(other)[name]])),
      };
      expect(images(live)).toEqual(expected);
    }),
  );
});

it("who applies nothing any more leaves what others have", () => {
  fc.assert(
    fc.property(spec, spec, (other, own) => {
      const before = apply(undefined, other, "other");
      const result = applyObject(requestOf(before, own, "me"));
      // Where one would have to take from the other, the other's is lost: another law.
      fc.pre(result.type === "applied");
      const live = result.type === "applied" ? result.object : before;
      const after = applyOrThrow({ ...requestOf(live, {}, "me"), applied: nothing }).object;
      expect(contentOf(after)).toEqual(contentOf(before));
      expect(after.metadata.managedFields).toEqual(before.metadata.managedFields);
    }),
  );
});

it("whose fields have nothing in common may come in any order", () => {
  fc.assert(
    fc.property(specOf(["a", "b"]), specOf(["c", "d"]), (left, right) => {
      const { replicas: _, selector: __, ...disjoint } = right;
      const one = apply(apply(undefined, left, "left"), disjoint, "right");
      const other = apply(apply(undefined, disjoint, "right"), left, "left");
      expect(contentOf(one)).toEqual(contentOf(other));
      const owners = (object: UnstructuredObject): unknown =>
        object.metadata.managedFields?.map(({ manager, fieldsV1 }) => [manager, fieldsV1]).toSorted();
      expect(owners(one)).toEqual(owners(other));
    }),
  );
});

it("there is a conflict exactly where two want different things of one field", () => {
  fc.assert(
    fc.property(spec, spec, (other, own) => {
      const live = apply(undefined, other, "other");
      const differs = (field: "replicas" | "selector"): boolean =>
        own[field] !== undefined && other[field] !== undefined && !deepEqual(own[field], other[field]);
      const isContested = (own.containers ?? []).some(({ name, image, args }) => {
        const theirs = other.containers?.find((each) => each.name === name);
        if (theirs === undefined) return false;
        const isOther = (mine: unknown, its: unknown): boolean => mine !== undefined && its !== undefined && !deepEqual(mine, its);
        return isOther(image, theirs.image) || isOther(args, theirs.args);
      });
      const expected = differs("replicas") || differs("selector") || isContested ? "conflict" : "applied";
      expect(applyObject(requestOf(live, own, "me")).type).toBe(expected);
    }),
  );
});
