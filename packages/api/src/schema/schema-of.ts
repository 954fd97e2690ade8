import type { Schema } from "@coracle/apimachinery";
import { openApiPackage, typeDeclaration, type FieldDeclaration } from "./declarations.ts";

const scalars: Readonly<Record<string, Schema>> = {
  string: { type: "string" },
  bool: { type: "boolean" },
  bytes: { type: "string", format: "byte" },
  time: { type: "string", format: "date-time", isNullable: true },
  microTime: { type: "string", format: "micro-time", isNullable: true },
  duration: { type: "string", format: "duration" },
  quantity: { type: "string", format: "quantity" },
  int32: { type: "integer", format: "int32" },
  uint32: { type: "integer", format: "int64" },
  int64: { type: "integer", format: "int64" },
  uint64: { type: "integer", format: "int64" },
  double: { type: "number", format: "double" },
  float: { type: "number", format: "float" },
  intOrString: { type: "any", isIntOrString: true },
  raw: { type: "object", format: "raw", preserveUnknownFields: true },
  json: { type: "any", preserveUnknownFields: true, refName: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON" },
  fieldsV1: { type: "object", format: "fields-v1", preserveUnknownFields: true },
};
const built = new Map<string, Schema>();

/** The schema of a declared type such as `core/v1.Pod`; one object per type, its properties are built when first read. */
export function schemaOf(type: string): Schema {
  const known = built.get(type);
  if (known !== undefined) return known;
  const declaration = typeDeclaration(type);
  if (declaration === undefined) throw new Error(`no type ${type} is declared`);
  const dot = type.lastIndexOf(".");
  const refName = `${openApiPackage(type.slice(0, dot))}.${type.slice(dot + 1)}`;
  const schema = declaration.cj === undefined ? objectSchema(type, refName) : { type: "any" as const, refName };
  built.set(type, schema);
  return schema;
}

function objectSchema(type: string, refName: string): Schema {
  let properties: Record<string, Schema> | undefined;
  const declaration = typeDeclaration(type);
  const required = fieldsOf(type)
    .filter((field) => field.r === 1)
    .map((field) => field.j);
  return {
    type: "object",
    refName,
    ...(required.length > 0 && { required }),
    ...(declaration?.sa === 1 && { mapType: "atomic" as const }),
    get properties() {
      properties ??= propertiesOf(type);
      return properties;
    },
  };
}

interface Field extends FieldDeclaration {
  /** The inlined structs on the way to it: `VolumeSource`. */
  readonly embeddedIn?: string;
}

/** The fields of a type with those of its inlined structs. */
export function fieldsOf(type: string): readonly Field[] {
  const fields = typeDeclaration(type)?.f ?? [];
  return fields.flatMap((field) => (field.i === 1 ? inlined(field.t) : [field]));
}

function inlined(type: string): Field[] {
  const name = type.slice(type.lastIndexOf(".") + 1);
  return fieldsOf(type).map((field) => ({ ...field, embeddedIn: field.embeddedIn === undefined ? name : `${name}.${field.embeddedIn}` }));
}

function propertiesOf(type: string): Record<string, Schema> {
  const properties: Record<string, Schema> = {};
  if (typeDeclaration(type)?.tm === 1) {
    properties["apiVersion"] = { type: "string" };
    properties["kind"] = { type: "string" };
  }
  for (const field of fieldsOf(type)) properties[field.j] = fieldSchema(field);
  return properties;
}

function fieldSchema(field: Field): Schema {
  const extra: Partial<Schema> = {
    ...(field.embeddedIn !== undefined && { embeddedIn: field.embeddedIn }),
    ...(field.en !== undefined && field.t === "string" && { goName: field.en.replace(/^.*\//, "") }),
    ...(field.t === "{}quantity" && { goName: "v1.ResourceList" }),
    ...(field.d !== undefined && { default: field.d }),
    ...((field.e === 1 || field.d !== undefined) && field.p !== 1 && { isZeroOmitted: true }),
    ...zeroOf(field),
    ...(field.lt !== undefined && { listType: field.lt }),
    ...(field.lk !== undefined && { listMapKeys: field.lk }),
    ...((field.ma === 1 || field.sa === 1) && { mapType: "atomic" as const }),
    ...(field.gr === 1 && { mapType: "granular" as const }),
    ...(field.ps !== undefined && { patchStrategy: field.ps.split(",") as ("merge" | "replace" | "retainKeys")[] }),
    ...(field.pk !== undefined && { patchMergeKey: field.pk }),
  };
  const schema = valueSchema(field.t);
  return Object.keys(extra).length === 0 ? schema : withExtra(schema, extra);
}

const scalarZeros: Readonly<Record<string, unknown>> = {
  string: "",
  bool: false,
  int32: 0,
  uint32: 0,
  int64: 0,
  uint64: 0,
  double: 0,
  float: 0,
  duration: "0s",
};
/** Structs in Go that read and write their own JSON: `omitempty` does not leave them out. */
const nullable = new Set(["time", "microTime", "raw"]);

/**
 * What is written where the field is absent, as upstream's types do. Lists, maps and pointers stay absent, where upstream writes null:
 * the code here reads both as empty, and null would be neither to a default of a parameter.
 */
function zeroOf({ t, p, e, z, d }: FieldDeclaration): { zero?: unknown } {
  if (d !== undefined || z === 1 || p === 1) return {};
  if (nullable.has(t)) return { zero: null };
  if (t === "quantity") return { zero: "0" };
  const declaration = typeDeclaration(t);
  if (declaration !== undefined && declaration.cj === undefined) return { zero: {} };
  return e !== 1 && t in scalarZeros ? { zero: scalarZeros[t] } : {};
}

/** Adds to a type's schema without reading its `properties`, which would build recursive types without end. */
function withExtra(schema: Schema, extra: Partial<Schema>): Schema {
  return Object.create(null, { ...Object.getOwnPropertyDescriptors(schema), ...Object.getOwnPropertyDescriptors(extra) }) as Schema;
}

function valueSchema(text: string): Schema {
  if (text.startsWith("[]")) return { type: "array", items: valueSchema(text.slice(2)) };
  if (text.startsWith("{}")) return { type: "object", additionalProperties: valueSchema(text.slice(2)) };
  const scalar = scalars[text];
  if (scalar !== undefined) return scalar;
  return typeDeclaration(text) === undefined ? { type: "any", preserveUnknownFields: true } : schemaOf(text);
}
