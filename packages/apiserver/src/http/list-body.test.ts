import type { ResourceDefinition } from "@coracle/apimachinery";
import { expect, it } from "vitest";
import type { ObjectView, ServedResource } from "../registry/contract.ts";
import { fakeDefinition } from "./fake-definitions.ts";
import { encodeList } from "./list-body.ts";

function view(text: string): ObjectView {
  return { object: JSON.parse(text) as ObjectView["object"], bytes: () => Buffer.from(text) };
}

function listOf(definition: ResourceDefinition, ...items: string[]): string {
  const [version] = definition.versions;
  const served = { definition, version } as ServedResource;
  return encodeList(served, { items: items.map(view), resourceVersion: "9" }).toString();
}

const head = '{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"9"},"items":[';
const definition = fakeDefinition({ resource: "pods", kind: "Pod" });
const pod = '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}';

it("leaves out what the items of built-in kinds are", () => {
  expect(listOf(definition, pod, pod)).toBe(`${head}{"metadata":{"name":"a"}},{"metadata":{"name":"a"}}]}\n`);
  expect(listOf(definition)).toBe(`${head}]}\n`);
});

it("sends custom resources, and what begins in another way, as they are", () => {
  expect(listOf({ ...definition, isCustom: true }, pod)).toBe(
    `${head.replace('"resourceVersion"', '"continue":"","resourceVersion"')}${pod}]}\n`,
  );
  const other = '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"}}';
  expect(listOf(definition, other)).toBe(`${head}${other}]}\n`);
});
