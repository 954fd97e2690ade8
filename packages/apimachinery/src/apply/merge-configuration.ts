import { cloneJson, isPlainObject } from "../meta/deep.ts";
import type { Schema } from "../schema/schema.ts";
import { typingProblems } from "./check-typed.ts";
import { mergeObjects } from "./merge.ts";
import { fieldSchema, shapeOf } from "./shape.ts";

/**
 * The object with everything that a configuration says, without regard to owners: what mutating admission policies do. Shares nothing with
 * either. @throws {Error} in upstream's words when the configuration does not fit the schema, or says something of an atomic part, which it
 * could only replace as a whole.
 */
export function mergeConfiguration(
  schema: Schema,
  object: Readonly<Record<string, unknown>>,
  configuration: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const problems = typingProblems(schema, configuration);
  if (problems !== undefined) throw new Error(`failed to convert patch object to typed object: ${problems}`);
  const atomics = atomicPaths(schema, configuration, "");
  if (atomics.length > 0) {
    throw new Error(`invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${atomics.join(", ")}`);
  }
  return cloneJson(mergeObjects(schema, object, configuration)) as Record<string, unknown>;
}

/** Where the configuration speaks of atomic lists, maps and structs. Entries of maps are not looked into, as upstream. */
function atomicPaths(schema: Schema, value: unknown, path: string): string[] {
  if (Array.isArray(value)) {
    const own = schema.type === "array" && shapeOf(schema) === "leaf" ? [path] : [];
    const items = schema.items;
    if (items === undefined) return own;
    return [...own, ...value.flatMap((item, index) => atomicPaths(items, item, `${path}[${index}]`))];
  }
  if (!isPlainObject(value)) return [];
  const own = schema.type === "object" && schema.mapType === "atomic" ? [path] : [];
  const named = Object.keys(value).filter((name) => schema.properties !== undefined && Object.hasOwn(schema.properties, name));
  return [...own, ...named.flatMap((name) => atomicPaths(fieldSchema(schema, name), value[name], `${path}.${name}`))];
}
