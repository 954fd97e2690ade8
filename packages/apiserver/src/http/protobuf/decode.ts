import { setField } from "@coracle/apimachinery";
import { wireKinds, wireTypes } from "./generated/wire-types.ts";
import { readFields, readPacked, WireError, type WireField } from "./reader.ts";
import { signed, specialTypes, textOf } from "./special.ts";

interface FieldType {
  /** Empty: the fields of the message belong to the one around it. */
  readonly name: string;
  /** `[]T`, `{}T`, or T. */
  readonly type: string;
  readonly isZeroOmitted: boolean;
  readonly isWrapped: boolean;
}

type Fields = Record<string, unknown>;

const magic = Buffer.from("k8s\0");
const depthLimit = 100;
const parsed = new Map<string, ReadonlyMap<number, FieldType>>();

/**
 * Reads an object in Kubernetes' protobuf envelope as JSON data. Some clients send the built-in kinds in no other way.
 * @throws {WireError} for what is no such object, or a kind that has no protobuf form here.
 */
export function decodeProtobuf(data: Uint8Array): Fields {
  if (!magic.equals(data.subarray(0, 4)))
    throw new WireError("provided data does not appear to be a protobuf message, expected prefix 6b 38 73 00");
  const envelope = new Map([...readFields(data.subarray(4))].map((field) => [field.number, field.bytes]));
  const typeMeta = new Map([...readFields(envelope.get(1) ?? new Uint8Array())].map((field) => [field.number, textOf(field.bytes)]));
  const apiVersion = typeMeta.get(1) ?? "";
  const kind = typeMeta.get(2) ?? "";
  const type = wireKinds[`${apiVersion} ${kind}`] ?? (kind === "DeleteOptions" ? wireKinds[`v1 ${kind}`] : undefined);
  if (type === undefined) throw new WireError(`no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)}`);
  return { apiVersion, kind, ...decodeMessage(type, envelope.get(2) ?? new Uint8Array(), 0) };
}

function decodeMessage(type: string, bytes: Uint8Array, depth: number): Fields {
  if (depth > depthLimit) throw new WireError("exceeded max depth");
  const types = fieldTypes(type);
  const target: Fields = {};
  for (const field of readFields(bytes)) {
    const known = types.get(field.number);
    if (known === undefined) continue;
    if (known.name === "") Object.assign(target, decodeMessage(known.type, field.bytes ?? new Uint8Array(), depth + 1));
    else put(target, known, field, depth);
  }
  return target;
}

function put(target: Fields, { name, type, isZeroOmitted, isWrapped }: FieldType, field: WireField, depth: number): void {
  const present = Object.hasOwn(target, name) ? target[name] : undefined;
  if (type.startsWith("[]") && isWrapped) {
    setField(target, name, wrappedItems(field, type.slice(2), depth));
  } else if (type.startsWith("[]")) {
    const items = (present ?? []) as unknown[];
    items.push(...decodeItems(type.slice(2), field, depth));
    setField(target, name, items);
  } else if (type.startsWith("{}")) {
    const map = (present ?? {}) as Fields;
    const [key, value] = decodeEntry(type.slice(2), field.bytes ?? new Uint8Array(), isWrapped, depth);
    setField(map, key, value);
    setField(target, name, map);
  } else {
    const value = decodeValue(type, field, depth);
    const isZero = value === 0 || value === "" || value === false;
    if (value !== undefined && !(isZero && isZeroOmitted)) setField(target, name, value);
  }
}

function decodeItems(type: string, field: WireField, depth: number): unknown[] {
  const isPacked = field.bytes !== undefined && (type === "int32" || type === "int64" || type === "bool");
  if (!isPacked) return [decodeValue(type, field, depth)];
  return readPacked(field.bytes).map((value) => (type === "bool" ? value !== 0n : signed(value)));
}

/** Maps are lists of entries: 1 is the key, 2 the value. */
function decodeEntry(type: string, bytes: Uint8Array, isWrapped: boolean, depth: number): [string, unknown] {
  let key = "";
  let value: WireField = { number: 2, value: 0n, bytes: undefined, isFixed64: false };
  for (const field of readFields(bytes)) {
    if (field.number === 1) key = textOf(field.bytes);
    else if (field.number === 2) value = field;
  }
  return [key, isWrapped ? wrappedItems(value, type.slice(2), depth) : decodeValue(type, value, depth)];
}

/** A list inside of a message of its own, whose only field it is. */
function wrappedItems(field: WireField, type: string, depth: number): unknown[] {
  return [...readFields(field.bytes ?? new Uint8Array())].map((item) => decodeValue(type, item, depth + 1));
}

function decodeValue(type: string, field: WireField, depth: number): unknown {
  switch (type) {
    case "string":
      return textOf(field.bytes);
    case "bytes":
      return Buffer.from(field.bytes ?? new Uint8Array()).toString("base64");
    case "bool":
      return field.value !== 0n;
    case "int":
    case "int32":
    case "int64":
      return signed(field.value);
    case "double": {
      const buffer = Buffer.alloc(8);
      buffer.writeBigUInt64LE(field.value);
      return buffer.readDoubleLE();
    }
    default: {
      const bytes = field.bytes ?? new Uint8Array();
      const special = specialTypes[type];
      return special === undefined ? decodeMessage(type, bytes, depth + 1) : special(bytes);
    }
  }
}

function fieldTypes(type: string): ReadonlyMap<number, FieldType> {
  let fields = parsed.get(type);
  if (fields === undefined) {
    fields = new Map(
      (wireTypes[type] ?? "")
        .split(",")
        .filter((text) => text !== "")
        .map(parseField),
    );
    parsed.set(type, fields);
  }
  return fields;
}

function parseField(text: string): [number, FieldType] {
  const [number = "", name = "", type = "", ...flags] = text.split(" ");
  return [Number(number), { name: name === "-" ? "" : name, type, isZeroOmitted: flags.includes("z"), isWrapped: flags.includes("w") }];
}
