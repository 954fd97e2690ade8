import type { Schema, ValueValidations } from "@coracle/apimachinery";
import type { JsonSchemaProps } from "./types.ts";

export interface SchemaOptions {
  /** The schema of `metadata`; without it whatever is there is kept as it is. */
  readonly objectMeta?: Schema;
  /** Keeps unknown fields everywhere, whatever the schema says: `spec.preserveUnknownFields`. Defaults to false. */
  readonly preservesUnknown?: boolean;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const anything: Schema = { type: "any", preserveUnknownFields: true };
const text: Schema = { type: "string" };

/** The {@link Schema} of whole objects that a version's structural schema describes; apiVersion, kind and metadata are always declared. */
export function schemaOfVersion(props: JsonSchemaProps | undefined, options: SchemaOptions = {}): Schema {
  const root = props ?? { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  return withMeta({ ...convert(root, options), type: "object" }, root, options);
}

function withMeta(schema: Mutable<Schema>, props: JsonSchemaProps, options: SchemaOptions): Schema {
  schema.properties = {
    ...schema.properties,
    apiVersion: schema.properties?.["apiVersion"] ?? text,
    kind: schema.properties?.["kind"] ?? text,
    metadata: metaSchema(props.properties?.["metadata"], options),
  };
  return schema;
}

/** What a schema may say of metadata, `name` and `generateName`, on top of what every object has. */
function metaSchema(props: JsonSchemaProps | undefined, options: SchemaOptions): Schema {
  const base = options.objectMeta ?? { type: "object", preserveUnknownFields: true };
  const declared = props === undefined ? {} : (convert(props, options).properties ?? {});
  const restricted: Record<string, Schema> = {};
  for (const name of ["name", "generateName"]) {
    const restriction = declared[name];
    if (restriction !== undefined) restricted[name] = { ...base.properties?.[name], ...restriction };
  }
  return Object.keys(restricted).length === 0 ? base : { ...base, properties: { ...base.properties, ...restricted } };
}

function convert(props: JsonSchemaProps, options: SchemaOptions): Mutable<Schema> {
  const schema: Mutable<Schema> = { type: typeOf(props) };
  if (props.format !== undefined && props.format !== "") schema.format = props.format;
  if (props.description !== undefined) schema.description = props.description;
  if (props.default !== undefined) schema.default = props.default;
  if (props.nullable === true) schema.isNullable = true;
  if (props.enum !== undefined) schema.enum = props.enum;
  if (props.required !== undefined && props.required.length > 0) schema.required = props.required;
  if (props["x-kubernetes-int-or-string"] === true) schema.isIntOrString = true;
  if (props["x-kubernetes-preserve-unknown-fields"] === true || options.preservesUnknown === true) schema.preserveUnknownFields = true;
  convertParts(props, schema, options);
  convertListsAndMaps(props, schema);
  const validations = validationsOf(props, options);
  if (validations !== undefined) schema.validations = validations;
  const rules = props["x-kubernetes-validations"] ?? [];
  if (rules.length > 0) schema.rules = rules;
  if (props["x-kubernetes-embedded-resource"] !== true) return schema;
  schema.isEmbeddedResource = true;
  return withMeta(schema, props, options);
}

function typeOf(props: JsonSchemaProps): Schema["type"] {
  if (props["x-kubernetes-int-or-string"] === true) return "any";
  switch (props.type) {
    case "object":
    case "array":
    case "string":
    case "integer":
    case "number":
    case "boolean":
      return props.type;
    default:
      return "any";
  }
}

function convertParts(props: JsonSchemaProps, schema: Mutable<Schema>, options: SchemaOptions): void {
  if (props.properties !== undefined) {
    const properties: Record<string, Schema> = {};
    for (const [name, child] of Object.entries(props.properties)) properties[name] = convert(child, options);
    schema.properties = properties;
  }
  if (props.items !== undefined && !Array.isArray(props.items)) schema.items = convert(props.items, options);
  if (props.additionalProperties === true) schema.additionalProperties = anything;
  else if (typeof props.additionalProperties === "object") schema.additionalProperties = convert(props.additionalProperties, options);
}

function convertListsAndMaps(props: JsonSchemaProps, schema: Mutable<Schema>): void {
  const listType = props["x-kubernetes-list-type"];
  if (listType === "atomic" || listType === "set" || listType === "map") schema.listType = listType;
  if (props["x-kubernetes-list-map-keys"] !== undefined) schema.listMapKeys = props["x-kubernetes-list-map-keys"];
  const mapType = props["x-kubernetes-map-type"];
  if (mapType === "atomic" || mapType === "granular") schema.mapType = mapType;
}

const plainValidations = [
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
  "minLength",
  "maxLength",
  "pattern",
  "minItems",
  "maxItems",
  "uniqueItems",
  "minProperties",
  "maxProperties",
] as const;

function validationsOf(props: JsonSchemaProps, options: SchemaOptions): ValueValidations | undefined {
  const validations: Record<string, unknown> = {};
  for (const name of plainValidations) if (props[name] !== undefined) validations[name] = props[name];
  for (const name of ["allOf", "anyOf", "oneOf"] as const) {
    const branches = props[name];
    if (branches !== undefined && branches.length > 0) validations[name] = branches.map((branch) => convert(branch, options));
  }
  if (props.not !== undefined) validations["not"] = convert(props.not, options);
  return Object.keys(validations).length === 0 ? undefined : (validations as ValueValidations);
}
