import { cloneJson, isPlainObject } from "../meta/deep.ts";
import type { Schema } from "./schema.ts";

type Defaulter = (value: unknown) => void;

const compiled = new WeakMap<Schema, Defaulter>();
const withDefaults = new WeakMap<Schema, boolean>();
const nothing: Defaulter = () => {};

/**
 * Sets the defaults of `schema` in `value`, in place. A field that is absent gets its default, and so does a null where null is
 * not allowed; then the defaults inside it apply. Parts of a schema without any default cost nothing.
 */
export function applyDefaults(schema: Schema, value: unknown): void {
  defaulterOf(schema)(value);
}

/** Whether the schema has a default anywhere below. */
export function hasDefaults(schema: Schema): boolean {
  const known = withDefaults.get(schema);
  if (known !== undefined) return known;
  const visited = new Set<Schema>();
  const isFound = findDefault(schema, visited);
  if (isFound) withDefaults.set(schema, true);
  // Nothing was found anywhere, so this holds for every schema on the way too.
  else for (const each of visited) withDefaults.set(each, false);
  return isFound;
}

function findDefault(schema: Schema, visited: Set<Schema>): boolean {
  if (visited.has(schema)) return false;
  visited.add(schema);
  if (schema.default !== undefined) return true;
  if (schema.items !== undefined && findDefault(schema.items, visited)) return true;
  if (schema.additionalProperties !== undefined && findDefault(schema.additionalProperties, visited)) return true;
  const properties = schema.properties ?? {};
  return Object.keys(properties).some((name) => findDefault(properties[name] as Schema, visited));
}

function defaulterOf(schema: Schema): Defaulter {
  let defaulter = compiled.get(schema);
  if (defaulter === undefined) {
    defaulter = hasDefaults(schema) ? compile(schema) : nothing;
    compiled.set(schema, defaulter);
  }
  return defaulter;
}

interface DefaultedField {
  readonly name: string;
  readonly schema: Schema;
  readonly value: unknown;
  run?: Defaulter;
}

function compile(schema: Schema): Defaulter {
  if (schema.items !== undefined) return forItems(schema.items);
  const { properties, additionalProperties } = schema;
  const fields: DefaultedField[] = [];
  for (const [name, property] of Object.entries(properties ?? {})) {
    if (hasDefaults(property)) fields.push({ name, schema: property, value: property.default });
  }
  const entries = additionalProperties !== undefined && hasDefaults(additionalProperties) ? additionalProperties : undefined;
  return (value) => {
    if (!isPlainObject(value)) return;
    for (const field of fields) defaultField(value, field);
    if (entries === undefined) return;
    const run = defaulterOf(entries);
    for (const key of Object.keys(value)) {
      if (properties !== undefined && Object.hasOwn(properties, key)) continue;
      if (value[key] === null && entries.isNullable !== true && entries.default !== undefined) value[key] = cloneJson(entries.default);
      run(value[key]);
    }
  };
}

function defaultField(target: Record<string, unknown>, field: DefaultedField): void {
  let current = target[field.name];
  if (field.value !== undefined && (current === undefined || (current === null && field.schema.isNullable !== true))) {
    current = cloneJson(field.value);
    target[field.name] = current;
  }
  if (typeof current === "object" && current !== null) {
    field.run ??= defaulterOf(field.schema);
    field.run(current);
  }
}

function forItems(items: Schema): Defaulter {
  return (value) => {
    if (!Array.isArray(value)) return;
    const run = defaulterOf(items);
    for (let index = 0; index < value.length; index++) {
      if (value[index] === null && items.isNullable !== true && items.default !== undefined) value[index] = cloneJson(items.default);
      run(value[index]);
    }
  };
}
