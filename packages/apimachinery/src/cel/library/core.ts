import { operators } from "../parser/operators.ts";
import { celTypes } from "../types/types.ts";
import { equal } from "../values/equality.ts";
import { CelList } from "../values/list.ts";
import { CelMap, CollectingMap } from "../values/map.ts";
import { valueText } from "../values/value-text.ts";
import { sizeOfText } from "../values/text.ts";
import { typeOf } from "../values/type-of.ts";
import { CelFailure, CelTypeValue, noSuchOverload, type CelValue, type Evaluated } from "../values/value.ts";
import { overload, signature, singleton, type FunctionDeclaration } from "./declaration.ts";
import { a, b, bool, bytes, dyn, int, listOfA, mapOfAB, string } from "./signatures.ts";

/** What the evaluator does by itself; declared for the checker. */
function special(name: string, ...overloads: ReturnType<typeof signature>[]): FunctionDeclaration {
  return singleton(name, () => noSuchOverload, overloads);
}

const noSize = new CelFailure("no such overload: size");

/** The number of characters, bytes, items or entries. */
export function sizeOf(value: CelValue): number | undefined {
  if (typeof value === "string") return sizeOfText(value);
  if (value instanceof Uint8Array) return value.length;
  return value instanceof CelList || value instanceof CelMap ? value.size : undefined;
}

/** Whether a list has an item, or a map a key. */
export function contains(value: CelValue, container: CelValue): Evaluated {
  if (container instanceof CelMap) {
    const found = container.find(value);
    return found instanceof CelFailure && typeof value !== "string" ? found : found !== undefined;
  }
  if (!(container instanceof CelList)) return noSuchOverload;
  let failure: CelFailure | undefined;
  for (const item of container) {
    const result = item instanceof CelFailure ? item : equal(item, value);
    if (result === true) return true;
    if (result instanceof CelFailure) failure ??= result;
  }
  return failure ?? false;
}

function insertEntry(map: CelMap, key: CelValue, value: CelValue): Evaluated {
  if (map.find(key) !== undefined) return new CelFailure(`insert failed: key ${valueText(key)} already exists`);
  const target = map instanceof CollectingMap ? map : copyOf(map);
  return target.set(key, value) ?? target;
}

function insertAll(map: CelMap, entries: CelMap): Evaluated {
  let result: Evaluated = map;
  for (const key of entries.keys()) {
    const value: Evaluated = entries.find(key) ?? null;
    if (value instanceof CelFailure) return value;
    result = insertEntry(result as CelMap, key, value);
    if (result instanceof CelFailure) return result;
  }
  return result;
}

function copyOf(map: CelMap): CollectingMap {
  const copy = new CollectingMap();
  for (const key of map.keys()) copy.set(key, map.find(key) as CelValue);
  return copy;
}

const optionalOfList = celTypes.optional(listOfA);
const optionalOfMap = celTypes.optional(mapOfAB);
const optionalOfA = celTypes.optional(a);
const optionalOfB = celTypes.optional(b);

/** Logic, equality, membership, selection, `size`, `type` and `dyn`. */
export const core: readonly FunctionDeclaration[] = [
  special(operators.conditional, signature("conditional", [bool, a, a], a)),
  special(operators.and, signature("logical_and", [bool, bool], bool)),
  special(operators.or, signature("logical_or", [bool, bool], bool)),
  singleton(operators.not, (value: CelValue) => (typeof value === "boolean" ? !value : noSuchOverload), [
    signature("logical_not", [bool], bool),
  ]),
  special(operators.notStrictlyFalse, signature("not_strictly_false", [bool], bool)),
  special(operators.equals, signature("equals", [a, a], bool)),
  special(operators.notEquals, signature("not_equals", [a, a], bool)),
  special(
    operators.index,
    signature("index_list", [listOfA, int], a),
    signature("index_map", [mapOfAB, a], b),
    signature("optional_list_index_int", [optionalOfList, int], optionalOfA),
    signature("optional_map_index_value", [optionalOfMap, a], optionalOfB),
  ),
  special(
    operators.optIndex,
    signature("list_optindex_optional_int", [listOfA, int], optionalOfA),
    signature("optional_list_optindex_optional_int", [optionalOfList, int], optionalOfA),
    signature("map_optindex_optional_value", [mapOfAB, a], optionalOfB),
    signature("optional_map_optindex_optional_value", [optionalOfMap, a], optionalOfB),
  ),
  singleton("@in", contains, [signature("in_list", [a, listOfA], bool), signature("in_map", [a, mapOfAB], bool)]),
  singleton("size", (value: CelValue) => sizeOf(value) ?? noSize, [
    signature("size_bytes", [bytes], int),
    signature("bytes_size", [bytes], int, true),
    signature("size_list", [listOfA], int),
    signature("list_size", [listOfA], int, true),
    signature("size_map", [mapOfAB], int),
    signature("map_size", [mapOfAB], int, true),
    signature("size_string", [string], int),
    signature("string_size", [string], int, true),
  ]),
  singleton("type", (value: CelValue) => new CelTypeValue(typeOf(value)), [signature("type", [a], celTypes.type(a))]),
  singleton("dyn", (value: CelValue) => value, [signature("to_dyn", [a], dyn)]),
  {
    name: "cel.@mapInsert",
    overloads: [
      overload("@mapInsert_map_key_value", [mapOfAB, a, b], mapOfAB, insertEntry),
      overload("@mapInsert_map_map", [mapOfAB, mapOfAB], mapOfAB, insertAll),
    ],
  },
];
