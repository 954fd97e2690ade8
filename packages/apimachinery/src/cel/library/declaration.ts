import type { CelType } from "../types/type.ts";
import { isDynOrError } from "../types/relate.ts";
import { CelList } from "../values/list.ts";
import { CelMap } from "../values/map.ts";
import { typeOf } from "../values/type-of.ts";
import { CelFailure, CelOptional, noSuchOverload, type CelValue, type Evaluated } from "../values/value.ts";

/** One signature of a function, and what it does. */
export interface Overload {
  /** cel-go's name for it, by which costs are found: `string_to_int64`. */
  readonly id: string;
  /** Whether it is called as `x.f()`; the first parameter is then `x`. */
  readonly isMember: boolean;
  readonly parameters: readonly CelType[];
  readonly result: CelType;
  /** Gets arguments of the declared types, without failures among them. */
  readonly evaluate: (...args: never[]) => Evaluated;
}

export interface FunctionDeclaration {
  readonly name: string;
  readonly overloads: readonly Overload[];
  /** Does the work of all overloads, and looks at the values itself. */
  readonly evaluate?: Overload["evaluate"];
}

/** A function called as `f(x)`. */
export function overload(id: string, parameters: readonly CelType[], result: CelType, evaluate: Overload["evaluate"]): Overload {
  return { id, isMember: false, parameters, result, evaluate };
}

/** A function called as `x.f(y)`; `x` is the first parameter. */
export function method(id: string, parameters: readonly CelType[], result: CelType, evaluate: Overload["evaluate"]): Overload {
  return { id, isMember: true, parameters, result, evaluate };
}

/** Declares overloads that one function evaluates. */
export function singleton(name: string, evaluate: Overload["evaluate"], overloads: readonly Overload[]): FunctionDeclaration {
  return { name, overloads, evaluate };
}

/** Declares a function whose overloads each do their own work. */
export function declare(name: string, ...overloads: Overload[]): FunctionDeclaration {
  return { name, overloads };
}

/** A signature within a {@link singleton}. */
export function signature(id: string, parameters: readonly CelType[], result: CelType, isMember = false): Overload {
  return { id, isMember, parameters, result, evaluate: () => noSuchOverload };
}

/** Whether a value may be passed for a parameter. Of lists and maps the first item is looked at, which tells overloads apart. */
export function isOfType(value: CelValue, type: CelType): boolean {
  switch (type.kind) {
    case "dyn":
    case "param":
      return true;
    case "string":
      return typeof value === "string";
    case "int":
      return typeof value === "number" || typeof value === "bigint";
    case "bool":
      return typeof value === "boolean";
    case "bytes":
      return value instanceof Uint8Array;
    case "list":
      return value instanceof CelList && (value.size === 0 || isItemOfType(value.at(0), type.parameters[0]));
    case "map":
      return value instanceof CelMap && isMapOfType(value, type);
    default:
      if (type.name === "optional_type") return value instanceof CelOptional;
      return isDynOrError(type) || typeOf(value).name === type.name;
  }
}

function isItemOfType(item: Evaluated | undefined, type: CelType | undefined): boolean {
  return type === undefined || item === undefined || item instanceof CelFailure || isOfType(item, type);
}

function isMapOfType(map: CelMap, { parameters: [keyType, valueType] }: CelType): boolean {
  for (const key of map.keys()) return isItemOfType(key, keyType) && isItemOfType(map.find(key), valueType);
  return true;
}
