import sortedBtree from "sorted-btree";

type Tree<V> = import("sorted-btree").default<string, V>;
type TreeClass = new <V>(entries?: [string, V][], compare?: (left: string, right: string) => number) => Tree<V>;

// A CommonJS module: Node hands over its exports, bundlers and test runners unwrap the default.
const source = sortedBtree as unknown as TreeClass | { default: TreeClass };
const BTree: TreeClass = typeof source === "function" ? source : source.default;

/** Code-unit order, which is byte order for the ASCII keys of the store. */
const compareKeys = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

/** A sorted map from key to value whose `clone` costs nothing until one of the two changes. */
export type OrderedMap<V> = Tree<V>;

export function createOrderedMap<V>(): OrderedMap<V> {
  return new BTree<V>(undefined, compareKeys);
}

/** The values whose keys are in `[start, end)`, in order; stops early when `visit` returns false. */
export function visitRange<V>(map: OrderedMap<V>, start: string, end: string, visit: (value: V, key: string) => boolean | void): void {
  map.forRange(start, end, false, (key, value) => (visit(value, key) === false ? { break: true } : undefined));
}

/** Sorts after every key. */
export const endOfKeys = "\uffff";

/** The range of one namespace's keys, `a/…`; of all keys for the empty namespace. */
export function rangeOf(namespace: string): { start: string; end: string } {
  // "0" is the character after "/".
  return namespace === "" ? { start: "", end: endOfKeys } : { start: `${namespace}/`, end: `${namespace}0` };
}
