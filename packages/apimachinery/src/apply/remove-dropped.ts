import { isPlainObject, setField } from "../meta/deep.ts";
import type { Schema } from "../schema/schema.ts";
import { metaField } from "./compare.ts";
import { emptySet, isEmptySet, type FieldSet } from "./field-set.ts";
import { elementOf } from "./list-items.ts";
import { fieldElement, type PathElement } from "./path-element.ts";
import { deducedSchema, fieldSchema, isNamedField } from "./shape.ts";

/** What an applier owned before, and what anybody owns now. */
export interface Ownership {
  readonly previous: FieldSet;
  readonly current: FieldSet;
}

/**
 * Takes out of `merged` what the applier owned and has dropped from its configuration, unless somebody still owns it. An item of a list or
 * map goes as a whole when nobody owns the item itself, even if a field below has another owner.
 * What is left empty stays, empty. Returns a copy where something goes.
 */
export function removeDropped(schema: Schema, merged: Readonly<Record<string, unknown>>, ownership: Ownership): Record<string, unknown> {
  return removeFields(schema, merged, ownership, true);
}

function removeFrom(schema: Schema, value: unknown, ownership: Ownership): unknown {
  if (Array.isArray(value)) return removeItems(schema, value, ownership);
  return isPlainObject(value) ? removeFields(schema, value, ownership, false) : value;
}

function removeFields(
  schema: Schema,
  value: Readonly<Record<string, unknown>>,
  ownership: Ownership,
  isRoot: boolean,
): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const name of Object.keys(value)) {
    const element = fieldElement(name);
    const isNamed = isRoot || isNamedField(schema, name);
    if (isDropped(element, ownership, isNamed) && !(isRoot && name === "metadata")) continue;
    const child = isRoot && name === "metadata" ? metaSchema(fieldSchema(schema, name), value[name]) : fieldSchema(schema, name);
    setField(kept, name, descend(child, value[name], ownership, element));
  }
  return kept;
}

/** A schema whose named fields are those of metadata, also where the declared one says nothing about them. */
function metaSchema(schema: Schema, meta: unknown): Schema {
  if (schema.properties?.["labels"] !== undefined || !isPlainObject(meta)) return schema;
  const properties: Record<string, Schema> = {};
  for (const name of Object.keys(meta)) properties[name] = metaField(schema, name);
  return { type: "object", properties };
}

function removeItems(schema: Schema, list: readonly unknown[], ownership: Ownership): unknown[] {
  const kept: unknown[] = [];
  for (const [index, item] of list.entries()) {
    const element = elementOf(schema, item, index);
    if (isDropped(element, ownership, false)) continue;
    kept.push(descend(schema.items ?? deducedSchema, item, ownership, element));
  }
  return kept;
}

function descend(schema: Schema, value: unknown, ownership: Ownership, element: PathElement): unknown {
  const previous = ownership.previous.children.get(element);
  if (previous === undefined || previous.children.size === 0) return value;
  return removeFrom(schema, value, { previous, current: ownership.current.children.get(element) ?? emptySet });
}

function isDropped(element: PathElement, ownership: Ownership, isNamed: boolean): boolean {
  return contains(ownership.previous, element, isNamed) && !contains(ownership.current, element, isNamed);
}

/** A declared field counts as owned with anything below it. */
function contains(set: FieldSet, element: PathElement, isNamed: boolean): boolean {
  const child = set.children.get(element);
  return child !== undefined && (child.isMember || (isNamed && !isEmptySet(child)));
}
