import type { Schema } from "@coracle/apimachinery";
import { describe, expect, it } from "vitest";
import { builtInDefinitions } from "../builtin/definitions.ts";
import { typeDeclaration } from "../schema/declarations.ts";
import { describeComponent, textOf, writtenTexts } from "./descriptions.ts";
import * as discovery from "./discovery-components.ts";
import { openApiV2, openApiV3 } from "./documents.ts";
import * as shared from "./shared-components.ts";

interface Component {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Component>>;
}

const definitions = builtInDefinitions();
const { definitions: components } = openApiV2(definitions) as { definitions: Record<string, Component> };
const limit = 300;

describe("descriptions", () => {
  it("say of every component and every field what it is", () => {
    const missing = Object.entries(components).flatMap(([name, { description, properties = {} }]) => [
      ...(description ? [] : [name]),
      ...Object.entries(properties).flatMap(([field, property]) => (property.description ? [] : [`${name}.${field}`])),
    ]);
    expect(missing).toEqual([]);
    expect(Object.keys(components).length).toBeGreaterThan(900);
  });

  it("are sentences that can be read at a glance", () => {
    const texts = Object.entries(writtenTexts()).flatMap(([type, fields]) =>
      Object.entries(fields)
        .filter(([field]) => field !== "=")
        .map(([field, text]) => [`${type}.${field}`, text] as const),
    );
    const isReadable = (text: string) => text.length <= limit && /^[A-Z0-9$*].*\.$/.test(text) && !text.includes("  ");
    expect(texts.filter(([, text]) => !isReadable(text))).toEqual([]);
  });

  it("are of types and fields that there are", () => {
    const unknown = Object.entries(writtenTexts()).flatMap(([type, fields]) =>
      Object.keys(fields)
        .filter((field) => !exists(type, field, fields[field] as string))
        .map((field) => `${type}.${field}`),
    );
    expect(unknown).toEqual([]);
  });

  it("of a retired version are those of the version that is stored, where it has no other", () => {
    const retired = components["io.k8s.api.extensions.v1beta1.DeploymentSpec"]?.properties;
    expect(retired?.["replicas"]?.description).toBe(textOf("apps/v1.DeploymentSpec", "replicas"));
    expect(retired?.["rollbackTo"]?.description).toBe(textOf("apps/v1beta1.DeploymentSpec", "rollbackTo"));
    expect(textOf("autoscaling/v2beta1.ObjectMetricSource", "target")).not.toBe(textOf("autoscaling/v2.ObjectMetricSource", "target"));
  });

  it("stand in documents of version 3 beside a reference too", () => {
    const document = openApiV3(definitions, "", "v1") as { components: { schemas: Record<string, Component> } };
    expect(document.components.schemas["io.k8s.api.core.v1.Pod"]?.properties?.["spec"]).toEqual({
      description: describeComponent("io.k8s.api.core.v1.Pod", "spec"),
      default: {},
      allOf: [{ $ref: "#/components/schemas/io.k8s.api.core.v1.PodSpec" }],
    });
  });
});

/** Types that are not declared in data: values of their own form, and what every object, list and answer has. */
const others: Readonly<Record<string, readonly string[]>> = {
  "meta/v1.Object": ["apiVersion", "kind", "metadata"],
  "meta/v1.List": ["items", "metadata"],
  "apiextensions/v1.JSON": [],
  ...Object.fromEntries(
    ["Time", "MicroTime", "Duration", "Quantity", "IntOrString", "FieldsV1", "RawExtension"].map((name) => [`meta/v1.${name}`, []]),
  ),
  ...Object.fromEntries(sharedSchemas().map(({ name, fields }) => [`meta/v1.${name}`, fields])),
};

function sharedSchemas(
  schemas: readonly Schema[] = [...Object.values(shared), ...Object.values(discovery)],
): { name: string; fields: string[] }[] {
  return schemas.flatMap(({ refName, properties = {}, items }) => [
    ...(refName === undefined ? [] : [{ name: refName.slice(refName.lastIndexOf(".") + 1), fields: Object.keys(properties) }]),
    ...sharedSchemas([...Object.values(properties), ...(items === undefined ? [] : [items])]),
  ]);
}

function exists(type: string, field: string, text: string): boolean {
  if (field === "=") return writtenTexts()[text] !== undefined;
  const declaration = typeDeclaration(type);
  const fields = declaration === undefined ? others[type] : declaration.f.map(({ j }) => j);
  return fields !== undefined && (field === "" || fields.includes(field));
}
