import type { Schema } from "../schema/schema.ts";
import { isPlainObject } from "../meta/deep.ts";

/**
 * One step of a path in FieldsV1, in its serialized form, which is also its identity: `f:spec`, `k:{"name":"web"}`, `v:"a"`, `i:0`.
 * See the documentation of `metav1.FieldsV1`.
 */
export type PathElement = string;

/** `f:spec`. */
export function fieldElement(name: string): PathElement {
  return `f:${name}`;
}

/** The element of a set: `v:"a"`. */
export function valueElement(value: unknown): PathElement {
  return `v:${stableJson(value)}`;
}

/**
 * The element of a list that is a map, by its keys: `k:{"containerPort":80,"protocol":"TCP"}`. A key that the item leaves out has its
 * default or is left out here too; undefined when no key is left, since then nothing tells the items apart.
 */
export function keyElement(list: Schema, item: unknown): PathElement | undefined {
  if (!isPlainObject(item)) return undefined;
  const keys = sortedKeysOf(list);
  let text = "";
  for (const key of keys) {
    const value = item[key] ?? list.items?.properties?.[key]?.default;
    if (value === undefined || value === null) continue;
    text += `${text === "" ? "" : ","}${JSON.stringify(key)}:${stableJson(value)}`;
  }
  return text === "" ? undefined : `k:{${text}}`;
}

const sortedKeys = new WeakMap<Schema, readonly string[]>();

function sortedKeysOf(list: Schema): readonly string[] {
  let keys = sortedKeys.get(list);
  if (keys === undefined) {
    keys = [...(list.listMapKeys ?? [])].sort(compareText);
    sortedKeys.set(list, keys);
  }
  return keys;
}

/** The element that a client wrote, in the one form that is used here; undefined when it is none. */
export function normalizeElement(text: string): PathElement | undefined {
  const kind = text.slice(0, 2);
  if (kind === "f:") return text;
  try {
    if (kind === "v:") return valueElement(JSON.parse(text.slice(2)));
    if (kind === "k:") {
      const keys: unknown = JSON.parse(text.slice(2));
      return isPlainObject(keys) ? `k:${stableJson(keys)}` : undefined;
    }
  } catch {
    return undefined;
  }
  return kind === "i:" && /^-?\d+$/.test(text.slice(2)) ? text : undefined;
}

const kindOrder = "fkvi";
const fieldKind = kindOrder.charCodeAt(0);

/** Upstream's order: fields, keys, values, indexes; each by what it holds. */
export function compareElements(left: PathElement, right: PathElement): number {
  if (left.charCodeAt(0) === fieldKind && right.charCodeAt(0) === fieldKind) return compareText(left, right);
  const kinds = kindOrder.indexOf(left.charAt(0)) - kindOrder.indexOf(right.charAt(0));
  if (kinds !== 0) return kinds;
  const [a, b] = [contentOf(left), contentOf(right)];
  return left.startsWith("k:") ? compareKeys(a as Record<string, unknown>, b as Record<string, unknown>) : compareValues(a, b);
}

/** As conflicts show it: `.name`, `[name="web"]`, `[="a"]`, `[0]`. */
export function formatElement(element: PathElement): string {
  const content = element.slice(2);
  switch (element.charAt(0)) {
    case "f":
      return `.${content}`;
    case "k": {
      const keys = contentOf(element) as Record<string, unknown>;
      return `[${Object.keys(keys)
        .map((key) => `${key}=${stableJson(keys[key])}`)
        .join(",")}]`;
    }
    case "v":
      return `[=${content}]`;
    default:
      return `[${content}]`;
  }
}

const contents = new Map<PathElement, unknown>();
const contentsLimit = 5000;

/** What a key or a value element says. Names repeat from object to object, so they are remembered. */
function contentOf(element: PathElement): unknown {
  let content = contents.get(element);
  if (content === undefined) {
    content = JSON.parse(element.slice(2)) as unknown;
    if (contents.size >= contentsLimit) contents.clear();
    contents.set(element, content);
  }
  return content;
}

function compareKeys(left: Record<string, unknown>, right: Record<string, unknown>): number {
  const leftNames = Object.keys(left);
  const rightNames = Object.keys(right);
  for (let index = 0; index < leftNames.length && index < rightNames.length; index++) {
    const [a, b] = [leftNames[index] as string, rightNames[index] as string];
    const order = compareText(a, b) || compareValues(left[a], right[b]);
    if (order !== 0) return order;
  }
  return leftNames.length - rightNames.length;
}

function compareValues(left: unknown, right: unknown): number {
  const kinds = valueRank(left) - valueRank(right);
  if (kinds !== 0) return kinds;
  if (typeof left === "number" && typeof right === "number") return left - right;
  if (typeof left === "boolean") return Number(left) - Number(right);
  if (typeof left === "string" && typeof right === "string") return compareText(left, right);
  return compareText(stableJson(left), stableJson(right));
}

function valueRank(value: unknown): number {
  if (typeof value === "number") return 0;
  if (typeof value === "string") return 1;
  if (typeof value === "boolean") return 2;
  if (Array.isArray(value)) return 3;
  return value === null ? 5 : 4;
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** JSON whose fields are in order. */
function stableJson(value: unknown): string {
  if (typeof value === "number") return String(value);
  if (!isPlainObject(value)) return Array.isArray(value) ? `[${value.map(stableJson).join(",")}]` : JSON.stringify(value);
  const fields = Object.keys(value).sort(compareText);
  return `{${fields.map((key) => `${JSON.stringify(key)}:${stableJson(value[key])}`).join(",")}}`;
}
