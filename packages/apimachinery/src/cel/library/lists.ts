import { celTypes } from "../types/types.ts";
import type { CelType } from "../types/type.ts";
import { equal } from "../values/equality.ts";
import type { CelInt } from "../values/integers.ts";
import { ArrayList, CelList } from "../values/list.ts";
import { CelDuration } from "../values/times.ts";
import { typeOf } from "../values/type-of.ts";
import { CelDouble, CelFailure, CelUint, noSuchOverload, type CelValue, type Evaluated } from "../values/value.ts";
import { arithmetic } from "./arithmetic.ts";
import { compare } from "./comparison.ts";
import { contains } from "./core.ts";
import { declare, method, overload, type FunctionDeclaration } from "./declaration.ts";
import { a, bool, bytes, double, duration, dyn, int, listOfA, string, timestamp, uint } from "./signatures.ts";

const comparable: readonly CelType[] = [int, uint, double, bool, duration, timestamp, string, bytes];
const zeros: readonly (readonly [CelType, CelValue])[] = [
  [int, 0],
  [uint, new CelUint(0n)],
  [double, new CelDouble(0)],
  [duration, new CelDuration(0n)],
];
const add = arithmetic[0]?.evaluate as (left: CelValue, right: CelValue) => Evaluated;

/** The items, or the failure of the first that could not be read. */
export function itemsOf(list: CelList): readonly CelValue[] | CelFailure {
  if (list instanceof ArrayList) return list.items;
  const items: CelValue[] = [];
  for (const item of list) {
    if (item instanceof CelFailure) return item;
    items.push(item);
  }
  return items;
}

/** Calls a function with the items of a list. */
function withItems(evaluate: (items: readonly CelValue[]) => Evaluated): (list: CelList) => Evaluated {
  return (list) => {
    const items = itemsOf(list);
    return items instanceof CelFailure ? items : evaluate(items);
  };
}

const isSorted = withItems((items) => {
  for (let index = 0; index < items.length; index++) {
    const order = compare(items[Math.max(0, index - 1)] as CelValue, items[index] as CelValue);
    if (order === undefined) return noSuchOverload;
    if (typeof order === "number" && order > 0) return false;
  }
  return true;
});

function sum(zero: CelValue): (list: CelList) => Evaluated {
  return withItems((items) => {
    let total: Evaluated = zero;
    for (const item of items) {
      total = add(total, item);
      if (total instanceof CelFailure) return total;
    }
    return total;
  });
}

function extreme(name: string, isBetter: (order: number) => boolean): (list: CelList) => Evaluated {
  return withItems((items) => {
    let best: CelValue | undefined;
    for (const item of items) {
      const order = best === undefined ? compare(item, item) : compare(best, item);
      if (order === undefined) return noSuchOverload;
      if (best === undefined || (typeof order === "number" && isBetter(order))) best = item;
    }
    return best === undefined ? new CelFailure(`${name} called on empty list`) : best;
  });
}

const max = extreme("max", (order) => order < 0);
const min = extreme("min", (order) => order > 0);

function indexOf(list: CelList, item: CelValue): Evaluated {
  for (let index = 0; index < list.size; index++) if (isEqual(list.at(index), item)) return index;
  return -1;
}

function lastIndexOf(list: CelList, item: CelValue): Evaluated {
  for (let index = list.size - 1; index >= 0; index--) if (isEqual(list.at(index), item)) return index;
  return -1;
}

function isEqual(item: Evaluated, other: CelValue): boolean {
  return !(item instanceof CelFailure) && equal(item, other) === true;
}

function slice(list: CelList, start: CelInt, end: CelInt): Evaluated {
  const prefix = `cannot slice(${start}, ${end}), `;
  if (start < 0 || end < 0) return new CelFailure(`${prefix}negative indexes not supported`);
  if (start > end) return new CelFailure(`${prefix}start index must be less than or equal to end index`);
  if (list.size < end) return new CelFailure(`${prefix}list is length ${list.size}`);
  return withItems((items) => new ArrayList(items.slice(Number(start), Number(end))))(list);
}

function flatten(list: CelList, depth: CelInt = 1): Evaluated {
  if (depth < 0) return new CelFailure("level must be non-negative");
  const flat: CelValue[] = [];
  const failure = flattenInto(flat, list, Number(depth));
  return failure ?? new ArrayList(flat);
}

function flattenInto(flat: CelValue[], list: CelList, depth: number): CelFailure | undefined {
  for (const item of list) {
    if (item instanceof CelFailure) return item;
    if (depth === 0 || !(item instanceof CelList)) {
      flat.push(item);
      continue;
    }
    const failure = flattenInto(flat, item, depth - 1);
    if (failure !== undefined) return failure;
  }
  return undefined;
}

function sortByKeys(list: CelList, keys: CelList): Evaluated {
  const [items, sortKeys] = [itemsOf(list), itemsOf(keys)];
  if (items instanceof CelFailure) return items;
  if (sortKeys instanceof CelFailure) return sortKeys;
  const [first] = sortKeys;
  if (first === undefined) return list;
  if (compare(first, first) === undefined) return new CelFailure("list elements must be comparable");
  if (sortKeys.some((key) => typeOf(key) !== typeOf(first))) return new CelFailure("list elements must have the same type");
  const order = sortKeys.map((_, index) => index);
  order.sort((left, right) => Number(compare(sortKeys[left] as CelValue, sortKeys[right] as CelValue)));
  return new ArrayList(order.map((index) => items[index] as CelValue));
}

function sort(list: CelList): Evaluated {
  return sortByKeys(list, list);
}

function range(count: CelInt): Evaluated {
  return new ArrayList(Array.from({ length: Math.max(0, Number(count)) }, (_, index) => index));
}

const distinct = withItems((items) => {
  const unique: CelValue[] = [];
  for (const item of items) if (!unique.some((other) => equal(item, other) === true)) unique.push(item);
  return new ArrayList(unique);
});

function setContains(list: CelList, part: CelList): Evaluated {
  for (const item of part) {
    const found = item instanceof CelFailure ? item : contains(item, list);
    if (found !== true) return found;
  }
  return true;
}

function setIntersects(left: CelList, right: CelList): Evaluated {
  for (const item of left) if (!(item instanceof CelFailure) && contains(item, right) === true) return true;
  return false;
}

function setEquivalent(left: CelList, right: CelList): Evaluated {
  const result = setContains(left, right);
  return result === true ? setContains(right, left) : result;
}

const listOfDyn = celTypes.list(dyn);

/** Kubernetes' list functions, cel-go's lists library (version 3) and its sets library. */
export const lists: readonly FunctionDeclaration[] = [
  declare("isSorted", ...comparable.map((type) => method(`list_${type.name}_is_sorted_bool`, [celTypes.list(type)], bool, isSorted))),
  declare("sum", ...zeros.map(([type, zero]) => method(`list_${type.name}_sum_${type.name}`, [celTypes.list(type)], type, sum(zero)))),
  declare("max", ...comparable.map((type) => method(`list_${type.name}_max_${type.name}`, [celTypes.list(type)], type, max))),
  declare("min", ...comparable.map((type) => method(`list_${type.name}_min_${type.name}`, [celTypes.list(type)], type, min))),
  declare("indexOf", method("list_a_index_of_int", [listOfA, a], int, indexOf)),
  declare("lastIndexOf", method("list_a_last_index_of_int", [listOfA, a], int, lastIndexOf)),
  declare("slice", method("list_slice", [listOfA, int, int], listOfA, slice)),
  declare(
    "flatten",
    method("list_flatten", [celTypes.list(listOfA)], listOfA, flatten),
    method("list_flatten_int", [listOfDyn, int], listOfDyn, flatten),
  ),
  declare("sort", ...comparable.map((type) => method(`list_${type.name}_sort`, [celTypes.list(type)], celTypes.list(type), sort))),
  declare(
    "@sortByAssociatedKeys",
    ...comparable.map((type) => method(`list_${type.name}_sortByAssociatedKeys`, [listOfA, celTypes.list(type)], listOfA, sortByKeys)),
  ),
  declare("lists.range", overload("lists_range", [int], celTypes.list(int), range)),
  declare(
    "reverse",
    method(
      "list_reverse",
      [listOfA],
      listOfA,
      withItems((items) => new ArrayList([...items].reverse())),
    ),
  ),
  declare("distinct", method("list_distinct", [listOfA], listOfA, distinct)),
  declare("sets.contains", overload("list_sets_contains_list", [listOfA, listOfA], bool, setContains)),
  declare("sets.equivalent", overload("list_sets_equivalent_list", [listOfA, listOfA], bool, setEquivalent)),
  declare("sets.intersects", overload("list_sets_intersects_list", [listOfA, listOfA], bool, setIntersects)),
];
