import { cloneJson, isPlainObject } from "../meta/deep.ts";
import type { UnstructuredObject } from "../meta/types.ts";
import type { Schema } from "../schema/schema.ts";
import { compareObjects } from "./compare.ts";
import { fieldSetOf } from "./field-set-of.ts";
import { formatPaths, subtractSet } from "./field-set.ts";

/** Where `kubectl apply` keeps what it applied. */
export const lastAppliedAnnotation = "kubectl.kubernetes.io/last-applied-configuration";

/** The paths that client-side apply set and that still have its values; undefined when the annotation is missing or for another version. */
export function matchingLastApplied(schema: Schema, live: Readonly<UnstructuredObject>, version: string): Set<string> | undefined {
  const text = live.metadata.annotations?.[lastAppliedAnnotation];
  if (text === undefined || text === "") return undefined;
  const lastApplied = parse(text);
  if (lastApplied === undefined || lastApplied["apiVersion"] !== version) return undefined;
  const { changed, removed } = compareObjects(schema, lastApplied, live);
  return new Set(formatPaths(subtractSet(subtractSet(fieldSetOf(schema, lastApplied), changed), removed)));
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isPlainObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The annotation for what is applied now; ends with a newline and is sorted, as the reference encoder writes it. */
export function buildLastApplied(applied: Readonly<UnstructuredObject>): string {
  const object = cloneJson(applied) as UnstructuredObject;
  const annotations = { ...object.metadata.annotations };
  delete annotations[lastAppliedAnnotation];
  if (Object.keys(annotations).length > 0) object.metadata.annotations = annotations;
  else delete object.metadata.annotations;
  return `${JSON.stringify(sortFields(object))}\n`;
}

function sortFields(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortFields);
  if (!isPlainObject(value)) return value;
  const names = Object.keys(value).sort();
  return Object.fromEntries(names.map((name) => [name, sortFields(value[name])]));
}
