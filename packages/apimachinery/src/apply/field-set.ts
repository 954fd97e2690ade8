import { isPlainObject } from "../meta/deep.ts";
import { compareElements, formatElement, normalizeElement, type PathElement } from "./path-element.ts";

/**
 * A set of paths, as a trie. A node is in the set when `isMember`; sets are never changed once they are handed out, so
 * operations share what they can.
 */
export interface FieldSet {
  readonly isMember: boolean;
  readonly children: ReadonlyMap<PathElement, FieldSet>;
}

const noChildren: ReadonlyMap<PathElement, FieldSet> = new Map();

/** The set without a path. */
export const emptySet: FieldSet = { isMember: false, children: noChildren };
/** The node of a path that is in the set, with nothing below. */
export const leafSet: FieldSet = { isMember: true, children: noChildren };

/** Whether no path is in the set. Operations never leave nodes that hold nothing, so this looks at the root only. */
export function isEmptySet(set: FieldSet): boolean {
  return !set.isMember && set.children.size === 0;
}

/** The node, unless it holds nothing. */
export function makeSet(isMember: boolean, children: ReadonlyMap<PathElement, FieldSet>): FieldSet {
  if (children.size > 0) return { isMember, children };
  return isMember ? leafSet : emptySet;
}

/** The paths of both. */
export function unionSets(left: FieldSet, right: FieldSet): FieldSet {
  if (left === right || isEmptySet(right)) return left;
  if (isEmptySet(left)) return right;
  const children = new Map(left.children);
  for (const [element, child] of right.children) {
    const own = children.get(element);
    children.set(element, own === undefined ? child : unionSets(own, child));
  }
  return makeSet(left.isMember || right.isMember, children);
}

/** The paths of `left` that are not in `right`; what lies below a path of `right` stays. */
export function subtractSet(left: FieldSet, right: FieldSet): FieldSet {
  if (left === right) return emptySet;
  if (isEmptySet(right)) return left;
  let children: Map<PathElement, FieldSet> | undefined;
  for (const [element, taken] of right.children) {
    const own = left.children.get(element);
    if (own === undefined) continue;
    const rest = subtractSet(own, taken);
    if (rest === own) continue;
    children ??= new Map(left.children);
    if (isEmptySet(rest)) children.delete(element);
    else children.set(element, rest);
  }
  const isMember = left.isMember && !right.isMember;
  return children === undefined && isMember === left.isMember ? left : makeSet(isMember, children ?? left.children);
}

/** The paths that are in both. */
export function intersectSets(left: FieldSet, right: FieldSet): FieldSet {
  if (left === right) return left;
  const children = new Map<PathElement, FieldSet>();
  const [few, many] = left.children.size <= right.children.size ? [left, right] : [right, left];
  for (const [element, child] of few.children) {
    const other = many.children.get(element);
    if (other === undefined) continue;
    const both = intersectSets(child, other);
    if (!isEmptySet(both)) children.set(element, both);
  }
  return makeSet(left.isMember && right.isMember, children);
}

/** Whether both hold the same paths. */
export function setsEqual(left: FieldSet, right: FieldSet): boolean {
  if (left === right) return true;
  if (left.isMember !== right.isMember || left.children.size !== right.children.size) return false;
  for (const [element, child] of left.children) {
    const other = right.children.get(element);
    if (other === undefined || !setsEqual(child, other)) return false;
  }
  return true;
}

/** The paths without any below another: `a.b` goes when `a.b.c` is there. */
export function leavesOf(set: FieldSet): FieldSet {
  if (set.children.size === 0) return set;
  const children = new Map<PathElement, FieldSet>();
  for (const [element, child] of set.children) children.set(element, leavesOf(child));
  return makeSet(false, children);
}

/** Every path as conflicts show it, `.spec.containers[name="web"].image`, in order. */
export function formatPaths(set: FieldSet): string[] {
  const paths: string[] = set.isMember ? [""] : [];
  collectPaths(set, "", paths);
  return paths;
}

/** The members of a level come before what is below, as upstream lists them. */
function collectPaths(set: FieldSet, prefix: string, paths: string[]): void {
  const elements = orderedElements(set);
  for (const element of elements) if (childOf(set, element).isMember) paths.push(prefix + formatElement(element));
  for (const element of elements) collectPaths(childOf(set, element), prefix + formatElement(element), paths);
}

function orderedElements(set: FieldSet): PathElement[] {
  const elements = [...set.children.keys()];
  return elements.length > 1 ? elements.sort(compareElements) : elements;
}

function childOf(set: FieldSet, element: PathElement): FieldSet {
  return set.children.get(element) ?? emptySet;
}

/** The set as FieldsV1, in upstream's order. */
export function serializeSet(set: FieldSet): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  if (set.children.size === 0) return fields;
  if (set.isMember) fields["."] = {};
  // Every element has a prefix, so none can be called __proto__.
  for (const element of orderedElements(set)) fields[element] = serializeSet(childOf(set, element));
  return fields;
}

/** Entries from caches are shared, and looked at again with every write to their object. */
const parsed = new WeakMap<object, FieldSet>();

/** Reads FieldsV1; undefined when it is malformed. The JSON must not change afterwards. */
export function parseSet(fields: unknown): FieldSet | undefined {
  if (!isPlainObject(fields)) return undefined;
  let set = parsed.get(fields);
  if (set === undefined) {
    set = parseNode(fields, true);
    if (set !== undefined) parsed.set(fields, set);
  }
  return set;
}

function parseNode(fields: Record<string, unknown>, isRoot: boolean): FieldSet | undefined {
  const keys = Object.keys(fields);
  if (keys.length === 0) return isRoot ? emptySet : leafSet;
  const children = new Map<PathElement, FieldSet>();
  let isMember = false;
  for (const key of keys) {
    if (key === ".") {
      isMember = true;
      continue;
    }
    const element = normalizeElement(key);
    const value = fields[key];
    const child = element === undefined || !isPlainObject(value) ? undefined : parseNode(value, false);
    if (element === undefined || child === undefined) return undefined;
    const twin = children.get(element);
    children.set(element, twin === undefined ? child : unionSets(twin, child));
  }
  return makeSet(isMember, children);
}
