import type { Schema } from "../schema/schema.ts";
import { keyElement, valueElement, type PathElement } from "./path-element.ts";

/** The items of a list map or a set by their path element, in order. Items that share one are gathered, for upstream accepts them in stored objects. */
export function itemsByElement(schema: Schema, list: unknown): Map<PathElement, unknown[]> {
  const items = new Map<PathElement, unknown[]>();
  if (!Array.isArray(list)) return items;
  for (const [index, item] of list.entries()) {
    const element = elementOf(schema, item, index);
    const twins = items.get(element);
    if (twins === undefined) items.set(element, [item]);
    else twins.push(item);
  }
  return items;
}

/** The path element of an item; its index when the keys are missing. */
export function elementOf(schema: Schema, item: unknown, index: number): PathElement {
  if (schema.listType === "set") return valueElement(item);
  return keyElement(schema, item) ?? `i:${index}`;
}
