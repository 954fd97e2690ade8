/** Definitions and objects with what kube-apiserver 1.36 finds in them, in data/. */
import { readFileSync } from "node:fs";
import { applyDefaults, formatFieldError, type FieldError, type StrategyContext, type UnstructuredObject } from "@coracle/apimachinery";
import { describe, expect, it } from "vitest";
import { customResourceDefinitionStrategy as strategy } from "./crd-strategy.ts";
import { schemaOfVersion } from "./schema-of.ts";
import type { CustomResourceDefinition, JsonSchemaProps } from "./types.ts";
import { patternsOf } from "./patterns-of.ts";
import { versionValidator } from "./version-validator.ts";

interface DefinitionCase {
  readonly name: string;
  readonly definition: CustomResourceDefinition;
  readonly old?: CustomResourceDefinition;
  readonly errors: readonly string[];
}

interface ObjectCase {
  readonly name: string;
  readonly schema: JsonSchemaProps;
  readonly object: UnstructuredObject;
  readonly before?: UnstructuredObject;
  readonly errors: readonly string[];
}

function read(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`data/${name}.json`, import.meta.url), "utf8"));
}

const context: StrategyContext = {
  now: "2026-01-01T00:00:00Z",
  nowMs: Date.parse("2026-01-01T00:00:00Z"),
  subresource: "",
  apiVersion: "apiextensions.k8s.io/v1",
  user: { name: "me", groups: [] },
  isDryRun: false,
};

/** With its defaults, and with what is remembered of the storage version. */
function stored(crd: CustomResourceDefinition): UnstructuredObject {
  const object = structuredClone(crd);
  strategy.applyDefaults?.(object as unknown as UnstructuredObject);
  const storage = object.spec.versions.find((version) => version.storage)?.name;
  const versions = object.status?.storedVersions ?? [];
  const isKnown = storage === undefined || versions.includes(storage);
  if (!isKnown) object.status = { ...object.status, storedVersions: [...versions, storage] };
  return object as unknown as UnstructuredObject;
}

function texts(errors: readonly FieldError[]): string[] {
  return errors.map(formatFieldError).sort();
}

describe("a definition", () => {
  it.each(read("definitions") as DefinitionCase[])("$name", async ({ definition, old, errors }) => {
    const object = stored(definition);
    await strategy.load?.(object);
    const found = old === undefined ? strategy.validateCreate?.(object, context) : strategy.validateUpdate?.(object, stored(old), context);
    expect(texts(found ?? [])).toEqual(errors);
  });
});

describe("an object", () => {
  it.each(read("objects") as ObjectCase[])("$name", async ({ schema: props, object, before, errors }) => {
    const schema = schemaOfVersion(props);
    applyDefaults(schema, object);
    expect(texts(await versionValidator(schema, patternsOf(props))(object, before, () => {}))).toEqual(errors);
  });
});
