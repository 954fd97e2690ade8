import { CelEvaluationError } from "../errors.ts";
import { CelLazy } from "../lazy.ts";
import type { CelType } from "../types/type.ts";
import { celTypes } from "../types/types.ts";
import { checkedInteger } from "./integers.ts";
import { JsonList, KeyedJsonList, SetJsonList } from "./json-list.ts";
import { JsonMap, JsonObject } from "./json-object.ts";
import { readFormat } from "./json-format.ts";
import { CelDouble, CelFailure, CelObjectValue, type Evaluated } from "./value.ts";

/**
 * JSON data as a value of its type; values of CEL stay as they are. Nothing below the top is looked at until an expression reads it.
 * Data that does not fit a schema is a failure, as upstream has it.
 */
export function fromData(data: unknown, type: CelType): Evaluated {
  switch (typeof data) {
    case "string":
      return type.kind === "string" || type.kind === "dyn" ? data : fromText(data, type);
    case "number":
      return fromNumber(data, type);
    case "bigint":
      return checkedInteger(data) ?? new CelFailure("integer overflow");
    case "boolean":
      return isSchemaType(type) && type.kind !== "bool" ? mismatch(type, data) : data;
    case "object":
      return data === null ? fromNull(type) : fromObject(data, type);
    default:
      return new CelFailure(`unsupported conversion to ref.Val: ${typeof data}`);
  }
}

function fromNull(type: CelType): Evaluated {
  if (type.json === undefined || type.json.isNullable === true) return null;
  return new CelFailure("invalid data, got null for schema with nullable=false");
}

function fromText(text: string, type: CelType): Evaluated {
  if (type.json?.format !== undefined) return readFormat(text, type.json.format);
  if (type.kind === "timestamp") return readFormat(text, "date-time");
  if (type.kind === "duration") return readFormat(text, "duration");
  return isSchemaType(type) ? mismatch(type, text) : text;
}

function fromNumber(value: number, type: CelType): Evaluated {
  if (type.kind === "double") return new CelDouble(value);
  if (isSchemaType(type) && type.kind !== "int" && type.json?.isIntOrString !== true) return mismatch(type, value);
  if (Number.isSafeInteger(value)) return value + 0;
  if (!Number.isInteger(value)) return type.kind === "int" ? mismatch(type, value) : new CelDouble(value);
  return checkedInteger(BigInt(value)) ?? new CelDouble(value);
}

function fromObject(data: object, type: CelType): Evaluated {
  if (data instanceof CelLazy) return fromLazy(data, type);
  if (data instanceof CelObjectValue || data instanceof Uint8Array) return data;
  if (Array.isArray(data)) return fromArray(data, type);
  if (type.json?.isIntOrString === true) return mismatch(type, data);
  if (type.kind === "object") return new JsonObject(data, type, fromData);
  if (type.kind === "map") return new JsonMap(data, type.parameters[1] ?? celTypes.dyn, fromData);
  return isSchemaType(type) ? mismatch(type, data) : new JsonMap(data, celTypes.dyn, fromData);
}

function fromArray(items: readonly unknown[], type: CelType): Evaluated {
  if (type.kind !== "list") return isSchemaType(type) ? mismatch(type, items) : new JsonList(items, celTypes.dyn, fromData);
  const of = type.parameters[0] ?? celTypes.dyn;
  if (type.json?.listType === "map") return new KeyedJsonList(items, of, fromData, type.json.listMapKeys ?? []);
  return type.json?.listType === "set" ? new SetJsonList(items, of, fromData) : new JsonList(items, of, fromData, type.json !== undefined);
}

function fromLazy(lazy: CelLazy, type: CelType): Evaluated {
  try {
    return fromData(lazy.get(), type);
  } catch (error) {
    if (error instanceof CelEvaluationError) return new CelFailure(error.message);
    throw error;
  }
}

/** Data of a schema must have the type that it says; other data is taken as it comes. */
function isSchemaType(type: CelType): boolean {
  return type.json !== undefined;
}

const expectations: Readonly<Record<string, string>> = {
  object: "a map for the provided schema with type=object",
  map: "a map for the provided schema with type=object",
  list: "an array for the provided schema with type=array",
};

function mismatch(type: CelType, data: unknown): CelFailure {
  if (type.json?.isIntOrString === true)
    return new CelFailure("invalid data, expected XIntOrString value to be either a string or integer");
  const expected = expectations[type.kind];
  if (expected !== undefined) return new CelFailure(`invalid data, expected ${expected}`);
  const name = type.kind === "double" ? "float" : type.kind === "int" || type.kind === "bool" ? type.kind : "string";
  return new CelFailure(`invalid data, expected ${name}, got ${goTypeOf(data)}`);
}

/** As upstream's messages name the types of JSON data. */
function goTypeOf(data: unknown): string {
  if (Array.isArray(data)) return "[]interface {}";
  if (typeof data === "number") return Number.isInteger(data) ? "int64" : "float64";
  if (typeof data === "boolean") return "bool";
  return typeof data === "string" ? "string" : "map[string]interface {}";
}
