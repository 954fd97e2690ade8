import { newBadRequest } from "../errors/errors.ts";
import { cloneJson, isPlainObject, setField } from "../meta/deep.ts";
import type { Schema } from "../schema/schema.ts";
import { applyDeletions, applyElementOrder, applyRetainKeys, deletionsPrefix, inOrder, orderPrefix, retainKeys } from "./directives.ts";
import { noMergeKey, unforeseen, unprocessable } from "./strategic-errors.ts";

type Fields = Record<string, unknown>;

const anything: Schema = { type: "any" };

/**
 * Strategic merge patch: like a merge patch, but lists whose schema has the strategy `merge` are merged item by item, and directives
 * (`$patch`, `$retainKeys`, `$deleteFromPrimitiveList/…`, `$setElementOrder/…`) say what data cannot. A new value; neither input is changed.
 * Throws StatusErrors in kube-apiserver's words.
 */
export function applyStrategicMergePatch(schema: Schema, original: unknown, patch: unknown): unknown {
  if (!isPlainObject(patch)) throw newBadRequest("invalid JSON document");
  const base = isPlainObject(original) ? (cloneJson(original) as Fields) : {};
  return mergeFields(schema, base, cloneJson(patch) as Fields);
}

/** Merges `patch` into `original`; both belong to the caller's copy and may be used up. */
function mergeFields(schema: Schema, original: Fields, patch: Fields): Fields {
  if (Object.hasOwn(patch, "$patch")) return replaceOrDelete(patch);
  applyRetainKeys(schema, original, patch);
  const orders = takeDirectives(patch, orderPrefix);
  const deletions = takeDirectives(patch, deletionsPrefix);
  const before = new Map(orders.map(([name]) => [name, original[name]]));
  for (const [name, values] of deletions) applyDeletions(original, name, values);
  for (const name of Object.keys(patch)) mergeField(schema, original, { name, value: patch[name] });
  for (const [name, order] of orders) {
    const field = fieldOf(schema, name);
    applyElementOrder({ original, name, order, before: before.get(name), patched: patch[name], mergeKey: field.patchMergeKey });
  }
  return original;
}

function mergeField(schema: Schema, original: Fields, patch: { readonly name: string; readonly value: unknown }): void {
  const { name, value } = patch;
  if (value === null) {
    delete original[name];
    return;
  }
  const current = Object.hasOwn(original, name) ? original[name] : undefined;
  const field = fieldOf(schema, name);
  if (isPlainObject(current) && isPlainObject(value)) {
    setField(original, name, strategiesOf(field).includes("replace") ? withoutDirectives(value) : mergeFields(field, current, value));
  } else if (Array.isArray(current) && Array.isArray(value)) {
    setField(original, name, strategiesOf(field).includes("merge") ? mergeLists(field, current, value) : withoutDirectives(value));
  } else {
    const kept = withoutDirectives(value);
    if (kept === undefined) delete original[name];
    else setField(original, name, kept);
  }
}

/** `$patch: replace` takes the rest of the patch as it is; `delete` leaves an empty map; `merge` is not for maps. */
function replaceOrDelete(patch: Fields): Fields {
  const directive = patch["$patch"];
  if (directive === "replace") {
    delete patch["$patch"];
    return patch;
  }
  if (directive === "delete") return {};
  throw unforeseen(`unknown patch type: ${String(directive)} in map: map[$patch:${String(directive)}]`);
}

/** The value where nothing is there to be patched: nulls in maps and whatever has a directive go; undefined when all of it does. */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter((item) => item !== undefined);
  if (!isPlainObject(value)) return value;
  // Upstream's, `$patch: replace` of what is not there included.
  if (Object.hasOwn(value, "$patch")) return undefined;
  const kept: Fields = {};
  for (const [name, field] of Object.entries(value)) {
    if (field === null || name === retainKeys || name.startsWith(orderPrefix) || name.startsWith(deletionsPrefix)) continue;
    const rest = withoutDirectives(field);
    if (rest !== undefined) setField(kept, name, rest);
  }
  return kept;
}

function takeDirectives(patch: Fields, prefix: string): [string, unknown][] {
  const taken: [string, unknown][] = [];
  for (const key of Object.keys(patch)) {
    if (!key.startsWith(prefix)) continue;
    taken.push([key.slice(prefix.length), patch[key]]);
    delete patch[key];
  }
  return taken;
}

function fieldOf(schema: Schema, name: string): Schema {
  const { properties } = schema;
  if (properties !== undefined && Object.hasOwn(properties, name)) return properties[name] as Schema;
  return schema.additionalProperties ?? anything;
}

function strategiesOf(schema: Schema): readonly string[] {
  return schema.patchStrategy ?? [];
}

/** Merges a list whose strategy is `merge`: primitives as a set, maps by their merge key. */
function mergeLists(schema: Schema, original: readonly unknown[], patch: readonly unknown[]): unknown[] {
  if (patch.some(Array.isArray) || original.some(Array.isArray)) throw unprocessable("lists of lists are not supported");
  const sample = patch[0] ?? original[0];
  if (!isPlainObject(sample)) return mergePrimitives(original, patch);
  const mergeKey = schema.patchMergeKey;
  if (mergeKey === undefined) throw unforeseen(`cannot merge lists without merge key for ${schema.refName ?? "list"}`);
  return mergeMaps(schema, mergeKey, { original, patch });
}

function mergePrimitives(original: readonly unknown[], patch: readonly unknown[]): unknown[] {
  return inOrder([...new Set([...original, ...patch])], { order: patch, before: original, keyOf: (item) => item });
}

function mergeMaps(
  schema: Schema,
  mergeKey: string,
  lists: { readonly original: readonly unknown[]; readonly patch: readonly unknown[] },
): unknown[] {
  const { original } = lists;
  const { merged, items } = applyListDirectives(mergeKey, original, lists.patch);
  const places = new Map<unknown, number>();
  for (const [index, item] of merged.entries()) places.set(keyOf(item, mergeKey), index);
  for (const item of items) {
    const key = keyOf(item, mergeKey);
    const place = places.get(key);
    if (place === undefined) {
      places.set(key, merged.length);
      merged.push(withoutDirectives(item));
    } else {
      merged[place] = mergeFields(schema.items ?? { type: "any" }, asFields(merged[place]), item);
    }
  }
  // What the patch names takes the patch's order: a new item stands before those that only the server has.
  return inOrder(merged, { order: items, before: original, keyOf: (item) => (isPlainObject(item) ? item[mergeKey] : undefined) });
}

/** `$patch: replace` anywhere drops the old list; `$patch: delete` drops the item with the same key. */
function applyListDirectives(mergeKey: string, original: readonly unknown[], patch: readonly unknown[]) {
  let merged: unknown[] = [...original];
  const items: Fields[] = [];
  let replaces = false;
  for (const item of patch) {
    const fields = asFields(item);
    switch (fields["$patch"]) {
      case undefined:
        items.push(fields);
        break;
      case "delete":
        if (!Object.hasOwn(fields, mergeKey)) throw noMergeKey(fields, mergeKey);
        merged = merged.filter((old) => !isPlainObject(old) || old[mergeKey] !== fields[mergeKey]);
        break;
      case "replace":
        replaces = true;
        break;
      case "merge":
        throw unforeseen("merging lists cannot yet be specified in the patch");
      default:
        throw unforeseen(`unknown patch type: ${String(fields["$patch"])} in map: map[$patch:${String(fields["$patch"])}]`);
    }
  }
  return { merged: replaces ? [] : merged, items };
}

function keyOf(item: unknown, mergeKey: string): unknown {
  const fields = asFields(item);
  if (!Object.hasOwn(fields, mergeKey)) throw noMergeKey(fields, mergeKey);
  return fields[mergeKey];
}

function asFields(item: unknown): Fields {
  if (!isPlainObject(item)) throw unforeseen(`expected a map[string]interface {}, but received a ${typeof item}`);
  return item;
}
