import type { Schema } from "../schema/schema.ts";
import { escapeField, isReserved } from "./escaping.ts";
import { celLimits } from "./limits.ts";
import type { CelFields, CelJsonForm, CelType } from "./types/type.ts";
import { celTypes } from "./types/types.ts";

export interface CelSchemaOptions {
  /** The root's type name, which messages show; nested types are `<name>.spec`, `<name>.list.@idx`. Defaults to `object`. */
  readonly name?: string;
  /** Adds `apiVersion`, `kind`, `metadata.name` and `metadata.generateName`, which the root of a resource always has. */
  readonly isResourceRoot?: boolean;
}

/**
 * The type of JSON data that a schema describes. Undefined for data that expressions cannot see: without a type, or
 * lists and maps of such. Field names are escaped as Kubernetes does (`__namespace__`, `a__dot__b`).
 */
export function celTypeOfSchema(schema: Schema, options: CelSchemaOptions = {}): CelType | undefined {
  return typeOfSchema(schema, options.name ?? "object", options.isResourceRoot ?? schema.isEmbeddedResource ?? false);
}

function typeOfSchema(schema: Schema, name: string, isRoot: boolean): CelType | undefined {
  if (schema.isIntOrString === true)
    return { ...celTypes.dyn, maxElements: textSize(schema), json: { ...nullable(schema), isIntOrString: true } };
  switch (schema.type) {
    case "array":
      return listType(schema, name);
    case "object":
      return schema.additionalProperties === undefined || isRoot ? objectType(schema, name, isRoot) : mapType(schema, name);
    case "string":
      return stringType(schema);
    case "boolean":
      return { ...celTypes.bool, json: nullable(schema) };
    case "number":
      return { ...celTypes.double, json: nullable(schema) };
    case "integer":
      return { ...celTypes.int, json: nullable(schema) };
    default:
      return undefined;
  }
}

function nullable(schema: Schema): CelJsonForm {
  return schema.isNullable === true ? { isNullable: true } : {};
}

function listType(schema: Schema, name: string): CelType | undefined {
  const { items, listType: kind, listMapKeys } = schema;
  const of = items === undefined ? undefined : typeOfSchema(items, `${name}.@idx`, items.isEmbeddedResource === true);
  if (items === undefined || of === undefined) return undefined;
  const maxItems = schema.validations?.maxItems ?? Math.floor((celLimits.requestBytes - 2) / (smallestSize(items) + 1));
  const json: CelJsonForm = {
    ...nullable(schema),
    ...(kind === "set" || kind === "map" ? { listType: kind } : {}),
    ...(listMapKeys === undefined ? {} : { listMapKeys: listMapKeys.map((key) => escapeField(key) ?? key) }),
  };
  return { ...celTypes.list(of, Math.max(0, maxItems)), json };
}

function mapType(schema: Schema, name: string): CelType | undefined {
  const values = schema.additionalProperties;
  const of = values === undefined ? undefined : typeOfSchema(values, `${name}.@elem`, values.isEmbeddedResource === true);
  if (values === undefined || of === undefined) return undefined;
  const maxProperties = schema.validations?.maxProperties ?? Math.floor((celLimits.requestBytes - 2) / (smallestSize(values) + 6));
  return { ...celTypes.map(celTypes.string, of, Math.max(0, maxProperties)), json: nullable(schema) };
}

const text: Schema = { type: "string" };
const rootProperties: Readonly<Record<string, Schema>> = {
  apiVersion: text,
  kind: text,
  metadata: { type: "object", properties: { name: text, generateName: text } },
};

function objectType(schema: Schema, name: string, isRoot: boolean): CelType {
  const properties = { ...schema.properties, ...(isRoot ? rootMeta(schema) : {}) };
  return { ...celTypes.object(name, lazyFields(properties, name)), json: { ...nullable(schema), isEscaped: true } };
}

/** Of metadata only the two names are known, unless the schema tells more. */
function rootMeta(schema: Schema): Readonly<Record<string, Schema>> {
  const metadata = schema.properties?.["metadata"]?.properties;
  return metadata?.["name"]?.type === "string" && metadata["generateName"]?.type === "string" ? {} : rootProperties;
}

/** Types of properties are made when they are asked for: schemas may be cycles. */
function lazyFields(properties: Readonly<Record<string, Schema>>, name: string): CelFields {
  const names = new Map<string, string>();
  for (const property of Object.keys(properties)) {
    const field = escapeField(property);
    if (field !== undefined) names.set(field, property);
  }
  const made = new Map<string, CelType | undefined>();
  return {
    names: () => names.keys(),
    get: (field) => {
      if (made.has(field)) return made.get(field);
      // A reserved word may stand for itself where no variable can be meant.
      const property = names.get(field) ?? (isReserved(field) ? names.get(`__${field}__`) : undefined);
      if (property === undefined) return undefined;
      const schema = properties[property] as Schema;
      const type = typeOfSchema(schema, `${name}.${field}`, schema.isEmbeddedResource === true);
      made.set(field, type);
      return type;
    },
  };
}

const timeSize = 32;
const dateSize = 12;

function stringType(schema: Schema): CelType {
  const json = nullable(schema);
  switch (schema.format) {
    case "byte":
      return {
        ...celTypes.bytes,
        maxElements: schema.validations?.maxLength ?? celLimits.requestBytes - 2,
        json: { ...json, format: "byte" },
      };
    case "duration":
      return { ...celTypes.duration, maxElements: timeSize, json: { ...json, format: "duration" } };
    case "date":
      return { ...celTypes.timestamp, maxElements: dateSize, json: { ...json, format: "date" } };
    case "date-time":
      return { ...celTypes.timestamp, maxElements: timeSize, json: { ...json, format: "date-time" } };
    default:
      return { ...celTypes.string, maxElements: textSize(schema), json };
  }
}

/** The most characters; a character may take four bytes, and what is not bounded is bounded by the request. */
function textSize(schema: Schema): number {
  const maxLength = schema.validations?.maxLength;
  if (maxLength !== undefined) return Math.max(0, maxLength) * 4;
  const words = schema.isIntOrString === true ? [] : (schema.enum ?? []).filter((word) => typeof word === "string");
  if (schema.enum !== undefined && schema.enum.length > 0 && schema.isIntOrString !== true)
    return Math.max(0, ...words.map((word) => new TextEncoder().encode(word).length));
  return celLimits.requestBytes - 2;
}

/** The fewest bytes that data of the schema takes as JSON, from which the most items of a list are guessed. */
function smallestSize(schema: Schema): number {
  if (schema.isIntOrString === true) return 1;
  switch (schema.type) {
    case "object":
      return schema.additionalProperties === undefined ? smallestObject(schema) : 2;
    case "string":
      return { duration: 3, date: dateSize, "date-time": 21 }[schema.format ?? ""] ?? 2;
    case "boolean":
      return 4;
    case "integer":
    case "number":
      return 1;
    default:
      return 2;
  }
}

function smallestObject(schema: Schema): number {
  let size = 2;
  for (const name of schema.required ?? []) {
    const property = schema.properties?.[name];
    const isCounted = property !== undefined && property.default === undefined && isVisible(property);
    if (isCounted) size += new TextEncoder().encode(name).length + smallestSize(property) + 4;
  }
  return size;
}

function isVisible(schema: Schema): boolean {
  if (schema.type === "array") return schema.items !== undefined && isVisible(schema.items);
  if (schema.type === "object" && schema.additionalProperties !== undefined) return isVisible(schema.additionalProperties);
  return schema.isIntOrString === true || schema.type !== "any";
}
