import { deepEqual, isPlainObject } from "../meta/deep.ts";
import { zeroValue } from "../schema/normalise.ts";
import type { Schema } from "../schema/schema.ts";
import { emptySet, isEmptySet, leafSet, makeSet, type FieldSet } from "./field-set.ts";
import { elementOf, itemsByElement } from "./list-items.ts";
import { fieldElement, type PathElement } from "./path-element.ts";
import { deducedSchema, fieldSchema, fitsShape, isNamedField, isVoid, shapeOf } from "./shape.ts";
import { unownedMeta, unownedRoot } from "./unowned.ts";

/** What a write did: the paths that it added or set to something else, and those that it took away. */
export interface Changes {
  readonly changed: FieldSet;
  readonly removed: FieldSet;
}

/** Nothing changed. */
export const noChanges: Changes = { changed: emptySet, removed: emptySet };

/** Which top-level fields a write cannot set: `status` for the main resource, the others for the `status` subresource. */
export type ResetFields = readonly string[];

/** Compares two objects in one walk; `old` is undefined for a create. */
export function compareObjects(schema: Schema, old: unknown, next: unknown, resetFields: ResetFields = []): Changes {
  const before = isPlainObject(old) ? old : {};
  const after = isPlainObject(next) ? next : {};
  const diff = new Diff();
  for (const name of namesOf(before, after)) {
    if (unownedRoot.has(name) || resetFields.includes(name)) continue;
    if (name === "metadata") diff.add(name, compareMeta(fieldSchema(schema, name), before[name], after[name]));
    else diff.add(name, compareField({ schema, name }, before[name], after[name]));
  }
  return diff.changes(false, false);
}

function compareMeta(schema: Schema, old: unknown, next: unknown): Changes {
  const before = isPlainObject(old) ? old : {};
  const after = isPlainObject(next) ? next : {};
  const diff = new Diff();
  for (const name of namesOf(before, after)) {
    if (!unownedMeta.has(name)) diff.add(name, compareValues(metaField(schema, name), before[name], after[name]));
  }
  return diff.changes(false, false);
}

const listOfValues: Schema = { type: "array", listType: "set", items: { type: "string" } };
const metaFallback: Readonly<Record<string, Schema>> = {
  finalizers: listOfValues,
  ownerReferences: { type: "array", listType: "map", listMapKeys: ["uid"], items: { type: "object", mapType: "atomic" } },
  labels: { type: "object", additionalProperties: { type: "string" } },
  annotations: { type: "object", additionalProperties: { type: "string" } },
};

/** Schemas of custom resources leave metadata to the server. */
export function metaField(schema: Schema, name: string): Schema {
  return schema.properties?.[name] ?? metaFallback[name] ?? deducedSchema;
}

interface NamedField {
  readonly schema: Schema;
  readonly name: string;
}

/**
 * Built-in objects always have certain parts, though empty: nobody owns the `spec` of a Deployment by creating it. The schema gives
 * what they are when absent; lists are recognized by being required.
 */
function compareField(field: NamedField, before: unknown, after: unknown): Changes {
  const schema = fieldSchema(field.schema, field.name);
  if (field.schema.refName === undefined || (before !== undefined && after !== undefined)) return compareValues(schema, before, after);
  const isResidentList = schema.type === "array" && field.schema.required?.includes(field.name) === true && shapeOf(schema) !== "leaf";
  const nothing = isResidentList ? null : zeroValue(schema);
  return compareValues(schema, before ?? nothing, after ?? nothing);
}

/** Compares two values; undefined is an absent one. */
export function compareValues(schema: Schema, before: unknown, after: unknown): Changes {
  if (before === after) return noChanges;
  const shape = shapeOf(schema);
  const isLeaf = shape === "leaf" || !fitsShape(shape, before) || !fitsShape(shape, after) || (isVoid(before) && isVoid(after));
  if (isLeaf) return compareLeaves(before, after);
  const diff = shape === "map" ? compareMaps(schema, before, after) : compareLists(schema, before, after);
  return diff.changes(before === undefined, after === undefined);
}

function compareLeaves(before: unknown, after: unknown): Changes {
  if (before === undefined) return { changed: leafSet, removed: emptySet };
  if (after === undefined) return { changed: emptySet, removed: leafSet };
  if (isVoid(before) && isVoid(after) && (before === null || after === null)) return noChanges;
  return deepEqual(before, after) ? noChanges : { changed: leafSet, removed: emptySet };
}

function compareMaps(schema: Schema, old: unknown, next: unknown): Diff {
  const before = (old ?? {}) as Record<string, unknown>;
  const after = (next ?? {}) as Record<string, unknown>;
  const diff = new Diff();
  // Whatever is new as a whole has no resident parts.
  const canReside = old !== undefined && next !== undefined && schema.refName !== undefined;
  for (const name of Object.keys(after)) {
    const was = Object.hasOwn(before, name) ? before[name] : undefined;
    if (was !== after[name]) diff.add(name, compareMember(schema, canReside, name, { before: was, after: after[name] }));
  }
  for (const name of Object.keys(before)) {
    if (Object.hasOwn(after, name) || before[name] === undefined) continue;
    diff.add(name, compareMember(schema, canReside, name, { before: before[name], after: undefined }));
  }
  return diff;
}

function compareMember(
  schema: Schema,
  canReside: boolean,
  name: string,
  values: { readonly before: unknown; readonly after: unknown },
): Changes {
  return canReside && isNamedField(schema, name)
    ? compareField({ schema, name }, values.before, values.after)
    : compareValues(fieldSchema(schema, name), values.before, values.after);
}

function compareLists(schema: Schema, old: unknown, next: unknown): Diff {
  const items = schema.items ?? deducedSchema;
  const diff = new Diff();
  if (Array.isArray(old) && Array.isArray(next) && comparePairs(schema, old, next, diff)) return diff;
  const before = itemsByElement(schema, old);
  const after = itemsByElement(schema, next);
  for (const [element, nextItems] of after) {
    const oldItems = before.get(element);
    const isRepeated = nextItems.length > 1 || (oldItems !== undefined && oldItems.length > 1);
    diff.addElement(element, isRepeated ? compareLeaves(oldItems, nextItems) : compareValues(items, oldItems?.[0], nextItems[0]));
  }
  for (const [element, oldItems] of before) {
    if (!after.has(element)) diff.addElement(element, compareValues(items, oldItems[0], undefined));
  }
  return diff;
}

/** Most writes leave items where they are, so nothing has to be looked up. False, and nothing added, when some moved, came or went. */
function comparePairs(schema: Schema, before: readonly unknown[], after: readonly unknown[], diff: Diff): boolean {
  if (before.length !== after.length) return false;
  const differing: number[] = [];
  for (let index = 0; index < before.length; index++) {
    if (deepEqual(before[index], after[index])) continue;
    if (elementOf(schema, before[index], index) !== elementOf(schema, after[index], index)) return false;
    differing.push(index);
  }
  const items = schema.items ?? deducedSchema;
  for (const index of differing) diff.addElement(elementOf(schema, after[index], index), compareValues(items, before[index], after[index]));
  return true;
}

function namesOf(before: Record<string, unknown>, after: Record<string, unknown>): string[] {
  const names = Object.keys(after);
  for (const name of Object.keys(before)) if (!Object.hasOwn(after, name)) names.push(name);
  return names;
}

/** Gathers the changes of the parts; nothing is allocated while there are none. */
class Diff {
  #changed: Map<PathElement, FieldSet> | undefined;
  #removed: Map<PathElement, FieldSet> | undefined;

  add(field: string, changes: Changes): void {
    if (changes !== noChanges) this.addElement(fieldElement(field), changes);
  }

  addElement(element: PathElement, changes: Changes): void {
    if (changes === noChanges) return;
    if (!isEmptySet(changes.changed)) (this.#changed ??= new Map<PathElement, FieldSet>()).set(element, changes.changed);
    if (!isEmptySet(changes.removed)) (this.#removed ??= new Map<PathElement, FieldSet>()).set(element, changes.removed);
  }

  /** With the node itself, when it came or went as a whole. */
  changes(isAdded: boolean, isRemoved: boolean): Changes {
    if (this.#changed === undefined && this.#removed === undefined && !isAdded && !isRemoved) return noChanges;
    return { changed: makeSet(isAdded, this.#changed ?? new Map()), removed: makeSet(isRemoved, this.#removed ?? new Map()) };
  }
}
