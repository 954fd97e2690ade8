import { setField } from "@coracle/apimachinery";
import { choiceTypes } from "./choice-types.ts";
import { fieldsOfMessage, type MessageField } from "./message-types.ts";
import type { MessageReader } from "./reader.ts";
import { valueReaders, zeroValues, type ValueReader } from "./value-readers.ts";
import { WireError } from "./wire-error.ts";

type Fields = Record<string, unknown>;

interface FieldReader {
  readonly wireType: number;
  /** Go's, for errors. */
  readonly name: string;
  read(target: Fields, from: MessageReader, depth: number): void;
}

const depthLimit = 100;
const messageReaders = new Map<string, ValueReader>();
const fieldReaders = new Map<string, ReadonlyMap<number, FieldReader>>();

/** The name of a message type as errors have it. */
export function messageName(type: string): string {
  return type.slice(type.lastIndexOf(".") + 1);
}

/**
 * Reads a message as the JSON object it stands for, into `target`. Fields that the type does not have are passed over, as Go does.
 * @throws {WireError}
 */
export function readMessage(target: Fields, type: string, reader: MessageReader, depth = 0): Fields {
  if (depth > depthLimit) throw new WireError("exceeded max depth");
  const fields = fieldReadersOf(type);
  while (!reader.isAtEnd) {
    const tag = reader.tag();
    const wireType = tag & 7;
    const field = fields.get(Math.floor(tag / 8));
    if (field === undefined) reader.skip(wireType);
    else if (field.wireType === wireType) field.read(target, reader, depth);
    else if (wireType === 2 && field.wireType === 0) readPacked(target, field, reader.message(field.name));
    else throw new WireError(`proto: wrong wireType = ${wireType} for field ${field.name}`);
  }
  return target;
}

/** The numbers of a list may come in one piece. */
function readPacked(target: Fields, field: FieldReader, reader: MessageReader): void {
  while (!reader.isAtEnd) field.read(target, reader, 0);
}

function fieldReadersOf(type: string): ReadonlyMap<number, FieldReader> {
  let readers = fieldReaders.get(type);
  if (readers === undefined) {
    readers = new Map(fieldsOfMessage(type).map((field) => [field.number, compileField(field)]));
    fieldReaders.set(type, readers);
  }
  return readers;
}

/** The reader of a message type as the value of a field, made once. */
function messageReader(type: string): ValueReader {
  let reader = messageReaders.get(type);
  if (reader === undefined) {
    const name = messageName(type);
    const choice = choiceTypes[type];
    const read = (from: MessageReader, depth: number): Fields => readMessage({}, type, from.message(name), depth + 1);
    reader = { wireType: 2, read: choice === undefined ? read : (from, depth) => choice.toJson(read(from, depth)) };
    messageReaders.set(type, reader);
  }
  return reader;
}

function readerOf(type: string): ValueReader {
  return valueReaders[type] ?? messageReader(type);
}

function compileField(field: MessageField): FieldReader {
  const { name, type, isWrapped } = field;
  if (name === "") {
    const inner = messageName(type);
    return { wireType: 2, name: inner, read: (target, from, depth) => void readMessage(target, type, from.message(inner), depth + 1) };
  }
  const element = type.replace(/^(\[\]|\{\})/, "");
  if (type.startsWith("{}")) return compileMap(name, element, isWrapped ? wrappedList(element.slice(2)) : readerOf(element));
  if (type.startsWith("[]") && isWrapped) return compileValue(field, wrappedList(element));
  return type.startsWith("[]") ? compileList(name, readerOf(element)) : compileValue(field, readerOf(type));
}

/** Go's names of fields are those of JSON with a capital, but for this one. */
function goName(name: string): string {
  return name === "metadata" ? "ObjectMeta" : `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

function compileValue({ name, isZeroOmitted }: MessageField, reader: ValueReader): FieldReader {
  return {
    wireType: reader.wireType,
    name: goName(name),
    read(target, from, depth) {
      const value = reader.read(from, depth);
      const isZero = value === 0 || value === "" || value === false;
      if (value !== undefined && !(isZero && isZeroOmitted)) setField(target, name, value);
    },
  };
}

function compileList(name: string, reader: ValueReader): FieldReader {
  return {
    wireType: reader.wireType,
    name: goName(name),
    read(target, from, depth) {
      const value = reader.read(from, depth) ?? null;
      const items = Object.hasOwn(target, name) ? (target[name] as unknown[]) : undefined;
      if (items === undefined) setField(target, name, [value]);
      else items.push(value);
    },
  };
}

/** Maps are lists of entries: 1 is the key, 2 the value. */
function compileMap(name: string, valueType: string, reader: ValueReader): FieldReader {
  return {
    wireType: 2,
    name: goName(name),
    read(target, from, depth) {
      const entry = from.message(`${goName(name)}Entry`);
      let key = "";
      let value = zeroValues[valueType] ?? null;
      while (!entry.isAtEnd) {
        const tag = entry.tag();
        if (tag === 1 * 8 + 2) key = entry.text();
        else if (tag === 2 * 8 + reader.wireType) value = reader.read(entry, depth) ?? null;
        else entry.skip(tag & 7);
      }
      if (!Object.hasOwn(target, name)) setField(target, name, {});
      setField(target[name] as Fields, key, value);
    },
  };
}

/** A list inside of a message of its own, whose only field it is. */
function wrappedList(itemType: string): ValueReader {
  const items = compileList("items", readerOf(itemType));
  return {
    wireType: 2,
    read(from, depth) {
      const list = from.message("items");
      const target: Fields = { items: [] };
      while (!list.isAtEnd) {
        const tag = list.tag();
        if (tag === 1 * 8 + items.wireType) items.read(target, list, depth);
        else list.skip(tag & 7);
      }
      return target["items"];
    },
  };
}
