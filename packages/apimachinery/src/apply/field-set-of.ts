import { isPlainObject } from "../meta/deep.ts";
import type { Schema } from "../schema/schema.ts";
import { metaField, type ResetFields } from "./compare.ts";
import { emptySet, isEmptySet, leafSet, makeSet, type FieldSet } from "./field-set.ts";
import { itemsByElement } from "./list-items.ts";
import { fieldElement, type PathElement } from "./path-element.ts";
import { deducedSchema, fieldSchema, fitsShape, isNamedField, isVoid, shapeOf } from "./shape.ts";
import { unownedMeta, unownedRoot } from "./unowned.ts";

/** The paths that somebody owns who applied `object`. */
export function fieldSetOf(schema: Schema, object: Readonly<Record<string, unknown>>, resetFields: ResetFields = []): FieldSet {
  const children = new Map<PathElement, FieldSet>();
  for (const [name, value] of Object.entries(object)) {
    if (unownedRoot.has(name) || resetFields.includes(name)) continue;
    const set = name === "metadata" ? metaSet(fieldSchema(schema, name), value) : fieldSet(schema, name, value);
    if (!isEmptySet(set)) children.set(fieldElement(name), set);
  }
  return makeSet(false, children);
}

function metaSet(schema: Schema, meta: unknown): FieldSet {
  if (!isPlainObject(meta)) return emptySet;
  const children = new Map<PathElement, FieldSet>();
  for (const [name, value] of Object.entries(meta)) {
    if (unownedMeta.has(name)) continue;
    const set = isVoid(value) && !Array.isArray(value) ? leafSet : valueSet(metaField(schema, name), value);
    if (!isEmptySet(set)) children.set(fieldElement(name), set);
  }
  return makeSet(false, children);
}

function fieldSet(parent: Schema, name: string, value: unknown): FieldSet {
  const set = valueSet(fieldSchema(parent, name), value);
  const isOwned = value === null || (isPlainObject(value) && Object.keys(value).length === 0) || !isNamedField(parent, name);
  return isOwned && !set.isMember ? makeSet(true, set.children) : set;
}

function valueSet(schema: Schema, value: unknown): FieldSet {
  const shape = shapeOf(schema);
  if (shape === "leaf" || !fitsShape(shape, value)) return leafSet;
  const children = new Map<PathElement, FieldSet>();
  if (shape === "map") {
    for (const [name, field] of Object.entries((value ?? {}) as Record<string, unknown>)) {
      const set = fieldSet(schema, name, field);
      if (!isEmptySet(set)) children.set(fieldElement(name), set);
    }
    return makeSet(false, children);
  }
  for (const [element, items] of itemsByElement(schema, value)) {
    const set = items.length > 1 ? leafSet : valueSet(schema.items ?? deducedSchema, items[0]);
    children.set(element, makeSet(true, set.children));
  }
  return makeSet(false, children);
}
