import { isPlainObject } from "../meta/deep.ts";
import type { Schema } from "../schema/schema.ts";
import { badFormat, goText, unforeseen, unprocessable } from "./strategic-errors.ts";

type Fields = Record<string, unknown>;

export const retainKeys = "$retainKeys";
export const orderPrefix = "$setElementOrder/";
export const deletionsPrefix = "$deleteFromPrimitiveList/";

/** `$retainKeys: [a, b]`: of the original only these fields stay, and the patch may set no others. */
export function applyRetainKeys(_schema: Schema, original: Fields, patch: Fields): void {
  if (!Object.hasOwn(patch, retainKeys)) return;
  const names = patch[retainKeys];
  delete patch[retainKeys];
  if (!Array.isArray(names)) throw badFormat("retainKeys");
  const retained = new Set(names as unknown[]);
  for (const [name, value] of Object.entries(patch)) {
    const isDirective = name.startsWith(orderPrefix) || name.startsWith(deletionsPrefix);
    if (value !== null && !isDirective && !retained.has(name)) throw unprocessable("patch content doesn't match retainKeys list");
  }
  for (const name of Object.keys(original)) if (!retained.has(name)) delete original[name];
}

/** `$deleteFromPrimitiveList/finalizers: [a]`. */
export function applyDeletions(original: Fields, name: string, values: unknown): void {
  if (!Array.isArray(values)) throw badFormat("primitive list");
  const list = original[name];
  if (!Array.isArray(list)) return;
  const deleted = new Set(values as unknown[]);
  original[name] = list.filter((item: unknown) => !deleted.has(item));
}

export interface ElementOrder {
  /** Holds the merged list, and gets the ordered one. */
  readonly original: Fields;
  readonly name: string;
  readonly order: unknown;
  /** The list before the patch. */
  readonly before: unknown;
  readonly patched: unknown;
  /** Absent for lists of primitives. */
  readonly mergeKey: string | undefined;
}

/**
 * `$setElementOrder/containers: [{name: a}, {name: b}]`: the named items take this order. Items that only the server has stay before
 * the named item that they stood before.
 */
export function applyElementOrder({ original, name, order, before, patched, mergeKey }: ElementOrder): void {
  const merged = original[name];
  if (!Array.isArray(order)) throw badFormat("setElementOrder list");
  const keyOf = (item: unknown): unknown => (mergeKey !== undefined && isPlainObject(item) ? item[mergeKey] : item);
  if (Array.isArray(patched)) checkOrder(patched, order, keyOf);
  if (!Array.isArray(merged)) return;
  original[name] = inOrder(merged, { order, before: Array.isArray(before) ? before : [], keyOf });
}

export interface ItemOrder {
  /** Items whose keys say the order. */
  readonly order: readonly unknown[];
  /** The list as it was on the server. */
  readonly before: readonly unknown[];
  readonly keyOf: (item: unknown) => unknown;
}

/** `merged` with the named items in their order; those that only the server has stay before the named item that they stood before. */
export function inOrder(merged: readonly unknown[], { order, before, keyOf }: ItemOrder): unknown[] {
  const rank = new Map(order.map((item, index) => [keyOf(item), index]));
  const named = merged.filter((item) => rank.has(keyOf(item)));
  named.sort((left, right) => (rank.get(keyOf(left)) ?? 0) - (rank.get(keyOf(right)) ?? 0));
  const place = new Map(before.map((item, index) => [keyOf(item), index]));
  const serverOnly = merged.filter((item) => !rank.has(keyOf(item)));
  const ordered: unknown[] = [];
  for (const item of named) {
    const index = place.get(keyOf(item));
    while (index !== undefined && serverOnly.length > 0 && (place.get(keyOf(serverOnly[0])) ?? Infinity) < index)
      ordered.push(serverOnly.shift());
    ordered.push(item);
  }
  return [...ordered, ...serverOnly];
}

/** What the patch sets must be named in the order, and in that order. */
function checkOrder(patched: readonly unknown[], order: readonly unknown[], keyOf: (item: unknown) => unknown): void {
  const items = patched.filter((item) => !isPlainObject(item) || !Object.hasOwn(item, "$patch"));
  let next = 0;
  for (const item of items) {
    while (next < order.length && keyOf(order[next]) !== keyOf(item)) next++;
    if (next === order.length) {
      throw unforeseen(`The order in patch list:\n${goText(items)}\n doesn't match $setElementOrder list:\n${goText(order)}\n`);
    }
    next++;
  }
}
