import type { Schema } from "@coracle/apimachinery";
import { anyObject, describeComponent, enumOf, textOf } from "./descriptions.ts";
import { publishedDefault, unionsOf } from "./published-facts.ts";
import { writeValidations } from "./validations.ts";

export type Json = Record<string, unknown>;
export type OpenApiVersion = 2 | 3;

const meta = "io.k8s.apimachinery.pkg.apis.meta.v1";
/** Formats of built-in kinds that are components of their own. */
const namedFormats: Readonly<Record<string, string>> = {
  "date-time": `${meta}.Time`,
  "micro-time": `${meta}.MicroTime`,
  duration: `${meta}.Duration`,
  "fields-v1": `${meta}.FieldsV1`,
  raw: "io.k8s.apimachinery.pkg.runtime.RawExtension",
  quantity: "io.k8s.apimachinery.pkg.api.resource.Quantity",
};
const intOrString = "io.k8s.apimachinery.pkg.util.intstr.IntOrString";

/** Writes schemas as OpenAPI, and collects the components that they refer to. */
export class SchemaWriter {
  readonly version: OpenApiVersion;
  readonly components: Record<string, Json> = {};

  constructor(version: OpenApiVersion) {
    this.version = version;
  }

  /** A reference to a component that somebody adds. */
  refTo(name: string): Json {
    return { $ref: `${this.version === 2 ? "#/definitions/" : "#/components/schemas/"}${name}` };
  }

  /** The component of a schema with `refName`; made when it is not there yet. */
  component(schema: Schema, name = schema.refName as string): Json {
    const known = this.components[name];
    if (known !== undefined) return known;
    const made: Json = {};
    this.components[name] = made;
    return Object.assign(made, this.#structure(schema));
  }

  /** A schema of a built-in kind in the place where a field uses it; `description` and `value`, the default, are the field's. */
  builtIn(schema: Schema, description?: string, value?: unknown): Json {
    const name = this.#nameOf(schema);
    const usage = { ...described(description), ...(value !== undefined && { default: value }), ...usageOf(schema) };
    if (name === undefined) return { ...this.#structure(schema), ...usage };
    // OpenAPI 3.0 ignores what stands beside a $ref.
    return Object.keys(usage).length === 0 || this.version === 2
      ? { ...this.refTo(name), ...usage }
      : { allOf: [this.refTo(name)], ...usage };
  }

  /** A schema of a CustomResourceDefinition, without references. */
  custom(schema: Schema): Json {
    const isOpaque = this.version === 2 && schema.isNullable === true;
    // kubectl would refuse unknown fields beside known ones, and lists of it knows not what.
    const isLoose = this.version === 2 && schema.preserveUnknownFields === true;
    const { additionalProperties } = schema;
    const { properties, items } = isOpaque || isLoose ? {} : schema;
    const isUntyped =
      isOpaque || (isLoose && schema.type === "object") || (this.version === 2 && schema.type === "array" && items === undefined);
    const required =
      this.version === 2 ? schema.required?.filter((field) => schema.properties?.[field]?.isNullable !== true) : schema.required;
    return {
      ...(schema.description !== undefined && { description: schema.description }),
      ...(schema.type !== "any" && !isUntyped && { type: schema.type }),
      ...(schema.format !== undefined && { format: schema.format }),
      ...(properties !== undefined && { properties: mapValues(properties, (each) => this.custom(each)) }),
      ...(additionalProperties !== undefined && { additionalProperties: this.custom(additionalProperties) }),
      ...(items !== undefined && { items: this.custom(items) }),
      ...(required !== undefined && required.length > 0 && { required }),
      ...(schema.enum !== undefined && { enum: schema.enum }),
      ...(this.version === 3 && schema.default !== undefined && { default: schema.default }),
      ...(this.version === 3 && schema.isNullable === true && { nullable: true }),
      ...(this.version === 3 && schema.isIntOrString === true && { anyOf: [{ type: "integer" }, { type: "string" }] }),
      ...writeValidations(schema, this.version, (each) => this.custom(each)),
      ...(schema.isIntOrString === true && { "x-kubernetes-int-or-string": true }),
      ...(schema.isEmbeddedResource === true && { "x-kubernetes-embedded-resource": true }),
      ...(schema.preserveUnknownFields === true && { "x-kubernetes-preserve-unknown-fields": true }),
      ...listExtensions(schema),
    };
  }

  #nameOf(schema: Schema): string | undefined {
    if (schema.refName !== undefined) {
      this.component(schema);
      return schema.refName;
    }
    const name = schema.isIntOrString === true ? intOrString : namedFormats[schema.format ?? ""];
    if (name === undefined) return undefined;
    this.components[name] ??= { ...described(describeComponent(name)), ...this.#scalar(schema) };
    return name;
  }

  /** Components of version 2 cannot say that a value has one of two types, and then say string. */
  #scalar(schema: Schema): Json {
    if (schema.isIntOrString === true) return { format: "int-or-string", ...this.#eitherOr("integer", "string") };
    switch (schema.format) {
      case "quantity":
        return this.#eitherOr("string", "number");
      case "date-time":
        return { type: "string", format: "date-time" };
      case "micro-time":
        return { type: "string", format: "date-time" };
      case "duration":
        return { type: "string" };
      default:
        return { type: "object" };
    }
  }

  #eitherOr(...types: readonly string[]): Json {
    return this.version === 2 ? { type: "string" } : { oneOf: types.map((type) => ({ type })) };
  }

  /** What a schema is, wherever it is used. */
  #structure(schema: Schema): Json {
    const { properties, additionalProperties, items, required, refName } = schema;
    const property = (each: Schema, field: string): Json => this.#field(schema, each, field);
    const unions = refName === undefined ? undefined : unionsOf(refName);
    return {
      ...described(schema.description ?? (refName === undefined ? undefined : describeComponent(refName))),
      ...(schema.type !== "any" && { type: schema.type }),
      ...(schema.format !== undefined && { format: schema.format }),
      ...(properties !== undefined && Object.keys(properties).length > 0 && { properties: mapValues(properties, property) }),
      ...(additionalProperties !== undefined && { additionalProperties: this.builtIn(additionalProperties) }),
      ...(items !== undefined && { items: this.builtIn(items) }),
      ...(required !== undefined && { required }),
      ...(schema.refName !== undefined && schema.mapType === "atomic" && { "x-kubernetes-map-type": "atomic" }),
      ...(unions !== undefined && { "x-kubernetes-unions": unions }),
    };
  }

  /** A field of a type: what it is comes from what was written about the type, else from the schema. */
  #field(owner: Schema, schema: Schema, name: string): Json {
    const { refName, properties = {} } = owner;
    const written = refName === undefined ? undefined : describeComponent(refName, name);
    const own = schema.refName === undefined ? schema.description : undefined;
    const common = "apiVersion" in properties && "kind" in properties ? textOf(anyObject, name) : undefined;
    const values = refName === undefined ? undefined : enumOf(refName, name);
    const value = this.version === 2 ? undefined : publishedDefault(owner, name, schema);
    return withEnum(this.builtIn(schema, written ?? own ?? common, value), values);
  }
}

/** What a field says about how its value is merged. */
function usageOf(schema: Schema): Json {
  return {
    ...listExtensions(schema.refName === undefined || schema.mapType === "granular" ? schema : withoutMapType(schema)),
    ...(schema.patchStrategy !== undefined && { "x-kubernetes-patch-strategy": schema.patchStrategy.join(",") }),
    ...(schema.patchMergeKey !== undefined && { "x-kubernetes-patch-merge-key": schema.patchMergeKey }),
  };
}

type ListFacts = Pick<Schema, "listType" | "listMapKeys" | "mapType">;

function withoutMapType({ listType, listMapKeys }: Schema): ListFacts {
  return { ...(listType !== undefined && { listType }), ...(listMapKeys !== undefined && { listMapKeys }) };
}

function listExtensions({ listType, listMapKeys, mapType }: ListFacts): Json {
  return {
    ...(listType !== undefined && { "x-kubernetes-list-type": listType }),
    ...(listMapKeys !== undefined && { "x-kubernetes-list-map-keys": listMapKeys }),
    ...(mapType !== undefined && { "x-kubernetes-map-type": mapType }),
  };
}

/** Of a list or map, the items have the values. */
function withEnum(written: Json, values: readonly string[] | undefined): Json {
  if (values === undefined) return written;
  const inner = ["items", "additionalProperties"].find((key) => written[key] !== undefined);
  return inner === undefined ? { ...written, enum: values } : { ...written, [inner]: { ...(written[inner] as Json), enum: values } };
}

function described(description: string | undefined): Json {
  return description === undefined ? {} : { description };
}

function mapValues(record: Readonly<Record<string, Schema>>, write: (schema: Schema, name: string) => Json): Json {
  return Object.fromEntries(Object.entries(record).map(([name, schema]) => [name, write(schema, name)]));
}
