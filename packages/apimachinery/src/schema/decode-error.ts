import type { GroupVersionKind } from "../meta/types.ts";
import { quoteText } from "../validation/field-errors.ts";
import type { Schema } from "./schema.ts";

/**
 * An object of a built-in kind has a value of the wrong type. The message is Go's, for clients show it:
 * `json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32`.
 */
export class DecodeError extends Error {
  override readonly name = "DecodeError";
}

/** The error for `value` at `path`, where `schema` describes something else. */
export function unmarshalError(root: Schema, path: readonly (string | number)[], value: unknown): DecodeError {
  const place = locate(root, path);
  const target = place.struct === undefined ? "Go value" : `Go struct field ${place.struct}.${place.fields.join(".")}`;
  return new DecodeError(`json: cannot unmarshal ${jsonKind(value, place.schema)} into ${target} of type ${goType(place.schema)}`);
}

/**
 * The message of a 400 for an object that cannot be decoded:
 * `Deployment in version "v1" cannot be handled as a Deployment: <cause>`.
 */
export function cannotHandleMessage(gvk: GroupVersionKind, cause: unknown, expectedKind = gvk.kind): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return `${gvk.kind} in version "${gvk.version}" cannot be handled as a ${expectedKind}: ${text}`;
}

/** The texts of strict decoding, one for each field: errors under `fieldValidation=Strict`, `Warning` headers under `Warn`. */
export function strictDecodingTexts(unknownFields: readonly string[], duplicateFields: readonly string[]): string[] {
  return [
    ...duplicateFields.map((path) => `duplicate field ${quoteText(path)}`),
    ...unknownFields.map((path) => `unknown field ${quoteText(path)}`),
  ];
}

/** `strict decoding error: unknown field "spec.foo"`. */
export function strictDecodingMessage(texts: readonly string[]): string {
  return `strict decoding error: ${texts.join(", ")}`;
}

/** Follows the path again, which only errors have to do. */
function locate(root: Schema, path: readonly (string | number)[]): { schema: Schema; struct: string | undefined; fields: string[] } {
  let schema = root;
  let struct: string | undefined;
  const fields: string[] = [];
  for (const step of path) {
    const property =
      typeof step === "string" && schema.properties && Object.hasOwn(schema.properties, step) ? schema.properties[step] : undefined;
    if (property !== undefined) {
      struct = structName(schema) ?? struct ?? "";
      fields.push(property.embeddedIn === undefined ? (step as string) : `${property.embeddedIn}.${step}`);
    }
    const child = property ?? (typeof step === "number" ? schema.items : schema.additionalProperties);
    if (child === undefined) break;
    schema = child;
  }
  return { schema, struct, fields };
}

function structName(schema: Schema): string | undefined {
  return schema.refName?.slice(schema.refName.lastIndexOf(".") + 1);
}

function jsonKind(value: unknown, schema: Schema): string {
  return typeof value === "number" && (schema.type === "integer" || schema.isIntOrString === true) ? `number ${value}` : jsonKindOf(value);
}

/** What Go's JSON errors call a value. */
export function jsonKindOf(value: unknown): string {
  if (Array.isArray(value)) return "array";
  return typeof value === "boolean" ? "bool" : typeof value;
}

const typeMeta = String.raw`struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }`;

/** What upstream says of JSON that is no object, where it looks for `apiVersion` and `kind`. */
export function typeMetaMismatch(value: unknown): string {
  return `json: cannot unmarshal ${jsonKindOf(value)} into Go value of type ${typeMeta}`;
}

/** What Go calls the type: `int32`, `[]v1.Container`, `map[string]string`. */
function goType(schema: Schema): string {
  if (schema.goName !== undefined) return schema.goName;
  switch (schema.type) {
    case "string":
      return schema.format === "byte" ? "[]uint8" : "string";
    case "integer":
      return schema.format === "int64" ? "int64" : "int32";
    case "number":
      return "float64";
    case "boolean":
      return "bool";
    case "array":
      return `[]${schema.items === undefined ? "interface {}" : goType(schema.items)}`;
    default:
      return goStructType(schema);
  }
}

function goStructType(schema: Schema): string {
  if (schema.isIntOrString) return "int32";
  const parts = schema.refName?.split(".") ?? [];
  if (parts.length >= 2) return parts.slice(-2).join(".");
  return `map[string]${schema.additionalProperties === undefined ? "interface {}" : goType(schema.additionalProperties)}`;
}
