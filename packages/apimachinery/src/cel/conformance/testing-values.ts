import { celTypes } from "../types/types.ts";
import type { CelType } from "../types/type.ts";
import { typeNames } from "../library/registry.ts";
import { equal } from "../values/equality.ts";
import { integer } from "../values/integers.ts";
import { bytesOfBase64 } from "../values/json-format.ts";
import { ArrayList, CelList } from "../values/list.ts";
import { CelMap, CollectingMap } from "../values/map.ts";
import { parseTimestamp } from "../values/times.ts";
import { typeOf } from "../values/type-of.ts";
import { timeFromText } from "../library/convert-times.ts";
import { CelDouble, CelFailure, CelTypeValue, CelUint, type CelValue } from "../values/value.ts";
import type { SuiteType, SuiteValue } from "./testing-suite.ts";

/** What this implementation has no form for: messages of protobuf and their types. */
export class NotRepresentable extends Error {
  override readonly name = "NotRepresentable";
}

const primitives = {
  BOOL: celTypes.bool,
  INT64: celTypes.int,
  UINT64: celTypes.uint,
  DOUBLE: celTypes.double,
  STRING: celTypes.string,
  BYTES: celTypes.bytes,
} as const;

/** @throws {NotRepresentable} */
export function typeOfSuite(type: SuiteType): CelType {
  if (type.primitive !== undefined) return primitives[type.primitive];
  if (type.null === null) return celTypes.null;
  if (type.dyn !== undefined) return celTypes.dyn;
  if (type.listType !== undefined) return celTypes.list(typeOfSuite(type.listType.elemType));
  if (type.mapType !== undefined) return celTypes.map(typeOfSuite(type.mapType.keyType), typeOfSuite(type.mapType.valueType));
  if (type.abstractType?.name === "optional_type") return celTypes.optional(typeOfSuite(type.abstractType.parameterTypes[0] as SuiteType));
  if (type.wellKnown === "DURATION" || type.messageType === "google.protobuf.Duration") return celTypes.duration;
  if (type.wellKnown === "TIMESTAMP" || type.messageType === "google.protobuf.Timestamp") return celTypes.timestamp;
  throw new NotRepresentable(JSON.stringify(type));
}

/** @throws {NotRepresentable} */
export function valueOfSuite(value: SuiteValue): CelValue {
  if (value.nullValue === null) return null;
  if (value.boolValue !== undefined) return value.boolValue;
  if (value.int64Value !== undefined) return integer(BigInt(value.int64Value));
  if (value.uint64Value !== undefined) return new CelUint(BigInt(value.uint64Value));
  if (value.doubleValue !== undefined) return new CelDouble(Number(value.doubleValue));
  if (value.stringValue !== undefined) return value.stringValue;
  if (value.bytesValue !== undefined) return bytesOfBase64(value.bytesValue) as Uint8Array;
  if (value.listValue !== undefined) return new ArrayList((value.listValue.values ?? []).map(valueOfSuite));
  if (value.mapValue !== undefined) return mapOf(value.mapValue.entries ?? []);
  if (value.typeValue !== undefined) return typeNamed(value.typeValue);
  return objectOf(value);
}

function mapOf(entries: readonly { readonly key: SuiteValue; readonly value: SuiteValue }[]): CelMap {
  const map = new CollectingMap();
  for (const { key, value } of entries) map.set(valueOfSuite(key), valueOfSuite(value));
  return map.finish();
}

function typeNamed(name: string): CelValue {
  const type = typeNames.get(name);
  if (type === undefined) throw new NotRepresentable(name);
  return new CelTypeValue(type);
}

function objectOf({ objectValue }: SuiteValue): CelValue {
  const kind = objectValue?.["@type"];
  const text = String(objectValue?.value);
  const time =
    kind === "type.googleapis.com/google.protobuf.Timestamp"
      ? parseTimestamp(text)
      : kind === "type.googleapis.com/google.protobuf.Duration"
        ? timeFromText("duration", text)
        : undefined;
  if (time === undefined || time instanceof CelFailure) throw new NotRepresentable(String(kind));
  return time;
}

/** Equal and of the same type, all the way down; a NaN is what a NaN is. */
export function isSame(left: CelValue, right: CelValue): boolean {
  if (typeOf(left).name !== typeOf(right).name) return false;
  if (left instanceof CelDouble && right instanceof CelDouble) return Object.is(left.value, right.value) || left.value === right.value;
  if (left instanceof CelList && right instanceof CelList) return isSameList(left, right);
  if (!(left instanceof CelMap) || !(right instanceof CelMap)) return equal(left, right) === true;
  const keys = [...left.keys()];
  return left.size === right.size && keys.every((key) => isSameEntry(left, right, key));
}

function isSameList(left: CelList, right: CelList): boolean {
  const others = [...right];
  return left.size === right.size && [...left].every((item, index) => isSame(item as CelValue, others[index] as CelValue));
}

function isSameEntry(left: CelMap, right: CelMap, key: CelValue): boolean {
  const other = right.find(key);
  return other !== undefined && isSame(left.find(key) as CelValue, other as CelValue);
}
