import { prune, type ResourceVersionDefinition, type StrategyContext, type UnstructuredObject } from "@coracle/apimachinery";
import { expect, it } from "vitest";
import { customResourceDefinitionStrategy as strategy, definitionOf } from "./index.ts";
import { fooCrd } from "./testing-crd.ts";
import type { CustomResourceDefinition } from "./types.ts";

function contextOf(version: string): StrategyContext {
  const user = { name: "u", groups: [] };
  return { now: "", nowMs: 0, apiVersion: `apiextensions.k8s.io/${version}`, subresource: "", user, isDryRun: false };
}

function crd(change: (crd: CustomResourceDefinition) => void): UnstructuredObject {
  const made = fooCrd();
  made.status = { storedVersions: ["v1"] };
  change(made);
  strategy.applyDefaults?.(made as unknown as UnstructuredObject);
  return made as unknown as UnstructuredObject;
}

const findings = (errors: readonly { field: string; detail?: string }[] | undefined): string[] =>
  (errors ?? []).map(({ field, detail = "" }) => `${field} ${detail}`.trim());

const preserving = crd(({ spec }) => {
  spec.preserveUnknownFields = true;
  for (const version of spec.versions) {
    delete version.schema;
    delete version.selectableFields;
  }
});

it("v1beta1 may preserve unknown fields and leave out the schema, v1 may not", () => {
  expect(findings(strategy.validateCreate?.(preserving, contextOf("v1beta1")))).toEqual([]);
  expect(findings(strategy.validateCreate?.(preserving, contextOf("v1")))).toEqual([
    "spec.preserveUnknownFields cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead",
    "spec.versions[0].schema.openAPIV3Schema",
  ]);
});

it("v1 may keep what v1beta1 made, and not begin with it", () => {
  const proper = crd(() => {});
  expect(findings(strategy.validateUpdate?.(preserving, preserving, contextOf("v1")))).toEqual([]);
  expect(findings(strategy.validateUpdate?.(preserving, proper, contextOf("v1")))).toHaveLength(2);
  expect(findings(strategy.validateUpdate?.(preserving, proper, contextOf("v1beta1")))).toEqual([]);
});

it("schemas that prune nothing need not be structural; those that prune must be", () => {
  const loose = (preserveUnknownFields: boolean): UnstructuredObject =>
    crd(({ spec }) => {
      spec.preserveUnknownFields = preserveUnknownFields;
      for (const version of spec.versions) {
        version.schema = { openAPIV3Schema: { properties: { spec: { properties: { replicas: { minimum: 1 } } } } } };
        delete version.selectableFields;
      }
    });
  expect(findings(strategy.validateCreate?.(loose(true), contextOf("v1beta1")))).toEqual([]);
  expect(findings(strategy.validateCreate?.(loose(false), contextOf("v1beta1")))).toContain(
    "spec.validation.openAPIV3Schema.type must not be empty at the root",
  );
});

it("nothing is pruned from objects of such a definition, and its validations count", async () => {
  const made = fooCrd();
  made.spec.preserveUnknownFields = true;
  const version = definitionOf(made).versions[0] as ResourceVersionDefinition;
  const object = {
    apiVersion: "example.com/v1",
    kind: "Foo",
    metadata: { name: "a" },
    spec: { replicas: "x", other: { deep: 1 } },
    more: 1,
  };
  expect(prune(version.schema, object)).toEqual([]);
  expect(object.spec.other).toEqual({ deep: 1 });
  const errors = await version.validate?.(object, undefined, () => {});
  expect(findings(errors)).toEqual([
    'spec.replicas spec.replicas in body must be of type integer: "string"',
    ".spec.replicas .spec.replicas accessor error: x is of the type string, expected int64",
  ]);
});
