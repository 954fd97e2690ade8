import type { Schema } from "@coracle/apimachinery";
import * as fc from "fast-check";

/** Deeper objects are left out; recursive types end there. */
const depthLimit = 9;

/** Whole objects of a built-in version, in the form that upstream's types write, with few of the optional fields. */
export function arbitraryObject(
  schema: Schema,
  gvk: { readonly apiVersion: string; readonly kind: string },
): fc.Arbitrary<Record<string, unknown>> {
  const { apiVersion: _a, kind: _k, metadata: _m, ...properties } = schema.properties ?? {};
  const labels = fc.dictionary(word, word, { maxKeys: 2 });
  const metadata = fc.record({ name: word, labels, annotations: labels }, { requiredKeys: ["name"] }).map(withoutEmpty);
  return fc
    .tuple(metadata, arbitraryFields(properties, schema.required ?? [], 0))
    .map(([meta, fields]) => ({ ...gvk, metadata: meta, ...fields }));
}

const word = fc.stringMatching(/^[a-z]{1,6}$/);

function arbitraryOf(schema: Schema, depth: number): fc.Arbitrary<unknown> {
  if (schema.isIntOrString === true) return fc.oneof(fc.integer({ min: 1, max: 99 }), word);
  switch (schema.type) {
    case "string":
      return arbitraryText(schema);
    case "integer":
      return fc.integer({ min: schema.isZeroOmitted === true ? 1 : 0, max: 1000 });
    case "number":
      return fc.integer({ min: 1, max: 9 });
    case "boolean":
      return schema.isZeroOmitted === true ? fc.constant(true) : fc.boolean();
    case "any":
      return fc.constant({ any: "thing" });
    case "array":
      return fc.array(arbitraryOf(schema.items ?? { type: "string" }, depth + 1), { minLength: 1, maxLength: 2 });
    case "object":
      return arbitraryMapOrObject(schema, depth);
  }
}

function arbitraryMapOrObject(schema: Schema, depth: number): fc.Arbitrary<unknown> {
  if (schema.format === "raw" || schema.format === "fields-v1") return fc.constant({ raw: "thing" });
  if (schema.additionalProperties !== undefined)
    return fc.dictionary(word, arbitraryOf(schema.additionalProperties, depth + 1), { minKeys: 1, maxKeys: 2 });
  return arbitraryFields(schema.properties ?? {}, schema.required ?? [], depth);
}

function arbitraryFields(
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[],
  depth: number,
): fc.Arbitrary<Record<string, unknown>> {
  const names = Object.keys(properties).filter((name) => required.includes(name) || depth < depthLimit);
  const fields = names.map((name) => {
    const value = fc.constant(0).chain(() => arbitraryOf(properties[name] as Schema, depth + 1));
    if (required.includes(name)) return value;
    // Large types would make enormous objects: the deeper, the rarer.
    return fc.oneof({ arbitrary: fc.constant(undefined), weight: Math.max(1, depth - 1) }, { arbitrary: value, weight: 2 });
  });
  return fc.tuple(...fields).map((values) => withoutEmpty(Object.fromEntries(names.map((name, index) => [name, values[index]]))));
}

function withoutEmpty(fields: object): Record<string, unknown> {
  const isEmptyMap = (value: unknown): boolean => typeof value === "object" && value !== null && Object.keys(value).length === 0;
  return Object.fromEntries(
    Object.entries(fields).filter(([name, value]) => value !== undefined && !(isEmptyMap(value) && /^(labels|annotations)$/.test(name))),
  );
}

function arbitraryText({ format }: Schema): fc.Arbitrary<string> {
  switch (format) {
    case "quantity":
      return fc.integer({ min: 1, max: 99 }).map(String);
    case "date-time":
      return fc.constant("2020-02-03T04:05:06Z");
    case "micro-time":
      return fc.constant("2020-02-03T04:05:06.000007Z");
    case "duration":
      return fc.constant("1s");
    case "byte":
      return fc.constant("YWJj");
    default:
      return word;
  }
}
