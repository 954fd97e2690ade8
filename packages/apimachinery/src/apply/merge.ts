import { isPlainObject, setField } from "../meta/deep.ts";
import type { Schema } from "../schema/schema.ts";
import { metaField } from "./compare.ts";
import { itemsByElement } from "./list-items.ts";
import { deducedSchema, fieldSchema, fitsShape, shapeOf } from "./shape.ts";

/** `live` with everything that `applied` says. The result shares parts with both. */
export function mergeObjects(schema: Schema, live: Readonly<Record<string, unknown>>, applied: Readonly<Record<string, unknown>>) {
  const merged: Record<string, unknown> = { ...live };
  for (const name of Object.keys(applied)) {
    const child = fieldSchema(schema, name);
    const value = name === "metadata" ? mergeMeta(child, live[name], applied[name]) : mergeValues(child, live[name], applied[name]);
    assign(merged, name, value);
  }
  return merged;
}

function mergeMeta(schema: Schema, live: unknown, applied: unknown): unknown {
  if (!isPlainObject(applied)) return live;
  const merged: Record<string, unknown> = isPlainObject(live) ? { ...live } : {};
  for (const name of Object.keys(applied)) assign(merged, name, mergeValues(metaField(schema, name), merged[name], applied[name]));
  return merged;
}

function mergeValues(schema: Schema, live: unknown, applied: unknown): unknown {
  if (applied === undefined) return live;
  const shape = shapeOf(schema);
  if (shape === "leaf" || !fitsShape(shape, applied) || !fitsShape(shape, live)) return applied;
  if (applied === null) return live;
  if (shape === "map") return mergeMaps(schema, live, applied as Record<string, unknown>);
  return mergeLists(schema, live, applied);
}

function mergeMaps(schema: Schema, live: unknown, applied: Record<string, unknown>): Record<string, unknown> {
  const merged: Record<string, unknown> = isPlainObject(live) ? { ...live } : {};
  for (const name of Object.keys(applied)) {
    const child = fieldSchema(schema, name);
    const own = Object.hasOwn(merged, name) ? merged[name] : undefined;
    const value = mergeValues(child, own, applied[name]);
    assign(merged, name, value === null && child.isNullable !== true ? undefined : value);
  }
  return merged;
}

function assign(target: Record<string, unknown>, name: string, value: unknown): void {
  if (value === undefined) delete target[name];
  else setField(target, name, value);
}

/**
 * Items that only `live` has keep their place among those that both have, and the common ones take the order of `applied`. Where the
 * two orders disagree, `applied` wins, as upstream's structured merge does.
 */
function mergeLists(schema: Schema, live: unknown, applied: unknown): unknown[] {
  const liveItems = itemsByElement(schema, live);
  const appliedItems = itemsByElement(schema, applied);
  const items = schema.items ?? deducedSchema;
  const merged: unknown[] = [];
  const shared = [...appliedItems.keys()].filter((element) => liveItems.has(element));
  const rest = [...appliedItems.keys()];
  let next = 0;
  const takeApplied = (until: string | undefined): void => {
    while (rest.length > 0) {
      const element = rest.shift() as string;
      merged.push(mergeValues(items, liveItems.get(element)?.[0], appliedItems.get(element)?.[0]));
      if (element === until) return;
    }
  };
  for (const [element, values] of liveItems) {
    if (!appliedItems.has(element)) merged.push(...values);
    else if (element === shared[next]) {
      takeApplied(element);
      next++;
    }
  }
  takeApplied(undefined);
  return merged;
}
