import { celTypes } from "../types/types.ts";
import { ArrayList, CelList } from "../values/list.ts";
import { CelMap } from "../values/map.ts";
import { CelDuration } from "../values/times.ts";
import { CelDouble, CelFailure, celNone, CelOptional, CelUint, noSuchOverload, type CelValue, type Evaluated } from "../values/value.ts";
import { declare, method, overload, singleton, signature, type FunctionDeclaration } from "./declaration.ts";
import { a, bool, listOfA } from "./signatures.ts";

const optionalOfA = celTypes.optional(a);
const listOfOptionals = celTypes.list(optionalOfA);
const dereference = new CelFailure("optional.none() dereference");

function isZero(value: CelValue): boolean {
  if (value === null || value === false || value === 0 || value === "") return true;
  if (value instanceof Uint8Array) return value.length === 0;
  if (value instanceof CelList || value instanceof CelMap) return value.size === 0;
  if (value instanceof CelDouble) return value.value === 0;
  if (value instanceof CelUint) return value.value === 0n;
  return value instanceof CelDuration && value.nanos === 0n;
}

function endOf(list: CelList, index: number): Evaluated {
  if (list.size === 0) return celNone;
  const item = list.at(index);
  return item instanceof CelFailure ? item : new CelOptional(item);
}

function unwrap(list: CelList): Evaluated {
  const values: CelValue[] = [];
  for (const item of list) {
    if (item instanceof CelFailure) return item;
    if (!(item instanceof CelOptional)) return noSuchOverload;
    if (item.value !== undefined) values.push(item.value);
  }
  return new ArrayList(values);
}

/** Values that may be absent. `or` and `orValue` are evaluated by the evaluator, as needed. */
export const optionals: readonly FunctionDeclaration[] = [
  declare(
    "optional.of",
    overload("optional_of", [a], optionalOfA, (value: CelValue) => new CelOptional(value)),
  ),
  declare(
    "optional.ofNonZeroValue",
    overload("optional_ofNonZeroValue", [a], optionalOfA, (value: CelValue) => (isZero(value) ? celNone : new CelOptional(value))),
  ),
  declare(
    "optional.none",
    overload("optional_none", [], optionalOfA, () => celNone),
  ),
  declare(
    "value",
    method("optional_value", [optionalOfA], a, ({ value }: CelOptional) => (value === undefined ? dereference : value)),
  ),
  declare(
    "hasValue",
    method("optional_hasValue", [optionalOfA], bool, ({ value }: CelOptional) => value !== undefined),
  ),
  singleton("or", () => noSuchOverload, [signature("optional_or_optional", [optionalOfA, optionalOfA], optionalOfA, true)]),
  singleton("orValue", () => noSuchOverload, [signature("optional_orValue_value", [optionalOfA, a], a, true)]),
  declare(
    "first",
    method("list_first", [listOfA], optionalOfA, (list: CelList) => endOf(list, 0)),
  ),
  declare(
    "last",
    method("list_last", [listOfA], optionalOfA, (list: CelList) => endOf(list, list.size - 1)),
  ),
  declare("optional.unwrap", overload("optional_unwrap", [listOfOptionals], listOfA, unwrap)),
  declare("unwrapOpt", method("optional_unwrapOpt", [listOfOptionals], listOfA, unwrap)),
];
