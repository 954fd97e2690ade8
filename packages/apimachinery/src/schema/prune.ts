import type { Schema } from "./schema.ts";

export interface PruneOptions {
  /** Whether `value` is a whole object, whose apiVersion, kind and metadata always stay. Defaults to true. */
  readonly isResourceRoot?: boolean;
}

const rootFields = new Set(["apiVersion", "kind", "metadata"]);
/** Later findings are dropped, as upstream's decoder does. */
const findingsLimit = 100;

/**
 * Removes the fields that the structural schema of a custom resource does not know, in place, and returns their paths:
 * `spec.containers[0].foo`. A null where the schema allows none goes as well, without a word; if there is a default, it stays for
 * `applyDefaults` to replace. Built-in kinds have `normalise` for both.
 */
export function prune(schema: Schema, value: unknown, options: PruneOptions = {}): string[] {
  const walk: Walk = { unknown: [], path: [] };
  pruneValue(schema, value, options.isResourceRoot ?? true, walk);
  return walk.unknown;
}

interface Walk {
  readonly unknown: string[];
  readonly path: (string | number)[];
}

function pruneValue(schema: Schema, value: unknown, isResource: boolean, walk: Walk): void {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    if (schema.items === undefined) return;
    const depth = walk.path.length;
    for (let index = 0; index < value.length; index++) {
      walk.path[depth] = index;
      pruneValue(schema.items, value[index], schema.items.isEmbeddedResource === true, walk);
    }
    walk.path.length = depth;
    return;
  }
  pruneObject(schema, value as Record<string, unknown>, isResource, walk);
}

function pruneObject(schema: Schema, value: Record<string, unknown>, isResource: boolean, walk: Walk): void {
  const { properties, additionalProperties } = schema;
  const keepsUnknown = schema.preserveUnknownFields === true || schema.type === "any";
  const depth = walk.path.length;
  for (const key of Object.keys(value)) {
    const isProperty = properties !== undefined && Object.hasOwn(properties, key);
    const child = isProperty ? properties[key] : additionalProperties;
    if (child !== undefined) {
      if (value[key] === null && isForbiddenNull(child, isProperty)) {
        delete value[key];
        continue;
      }
      walk.path[depth] = key;
      pruneValue(child, value[key], child.isEmbeddedResource === true, walk);
    } else if (!keepsUnknown && !(isResource && rootFields.has(key))) {
      delete value[key];
      walk.path[depth] = key;
      if (walk.unknown.length < findingsLimit) walk.unknown.push(formatPath(walk.path.slice(0, depth + 1)));
    }
  }
  walk.path.length = depth;
}

/** Values under free keys may be anything, null among it; a property of any type has to be nullable for that. */
function isForbiddenNull(schema: Schema, isProperty: boolean): boolean {
  const isAnything = schema.type === "any" && schema.isIntOrString !== true && !isProperty;
  return schema.isNullable !== true && schema.default === undefined && !isAnything;
}

/** `["spec", "containers", 0, "name"]` → `spec.containers[0].name`. */
export function formatPath(path: readonly (string | number)[]): string {
  let text = "";
  for (const step of path) text += typeof step === "number" ? `[${step}]` : text === "" ? step : `.${step}`;
  return text;
}
