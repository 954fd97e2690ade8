import { choiceTypes } from "./choice-types.ts";
import { fieldsOfMessage, type MessageField } from "./message-types.ts";
import type { ReverseWriter } from "./reverse-writer.ts";
import { delimited, valueWriters, type ValueWriter } from "./value-writers.ts";

type Fields = Readonly<Record<string, unknown>>;
type FieldWriter = (out: ReverseWriter, object: Fields) => void;

const nothing: Fields = {};
const compiled = new Map<string, ValueWriter>();

/**
 * The writer of a message type, made once from its declaration. It writes as Go's generated code does: fields by ascending number, lists
 * unpacked, maps by key, and the zero value of every absent field that is no pointer, list or map.
 */
export function messageWriter(type: string): ValueWriter {
  let writer = compiled.get(type);
  if (writer === undefined) compiled.set(type, (writer = compileMessage(type)));
  return writer;
}

function compileMessage(type: string): ValueWriter {
  // Types refer to themselves, so the fields are compiled with the first message.
  let fields: readonly FieldWriter[] | undefined;
  const writeFields = (out: ReverseWriter, object: Fields): void => {
    fields ??= fieldsOfMessage(type)
      .map((field) => compileField(field))
      .reverse();
    for (let index = 0; index < fields.length; index++) (fields[index] as FieldWriter)(out, object);
  };
  const choice = choiceTypes[type];
  if (choice !== undefined) return delimited((out, value) => writeFields(out, choice.toFields(value)));
  return delimited((out, value) => writeFields(out, typeof value === "object" && value !== null ? (value as Fields) : nothing));
}

function compileField(field: MessageField): FieldWriter {
  const { number, name, type, isPointer, isWrapped } = field;
  if (type.startsWith("[]") && isWrapped) return compileValue(name, number, wrappedList(type.slice(2)), true);
  if (type.startsWith("[]")) return compileList(name, number, writerOf(type.slice(2)));
  if (type.startsWith("{}")) {
    const element = type.slice(2);
    return compileMap(name, number, isWrapped ? wrappedList(element.slice(2)) : writerOf(element), element === "bytes");
  }
  // Go's nil slice of bytes is absent, as its nil pointers are.
  return compileValue(name, number, writerOf(type), isPointer || type === "bytes");
}

function writerOf(type: string): ValueWriter {
  return valueWriters[type] ?? messageWriter(type);
}

function compileValue(name: string, number: number, writer: ValueWriter, isOptional: boolean): FieldWriter {
  const tag = number * 8 + writer.wireType;
  if (name === "") {
    return (out, object) => {
      writer.write(out, object);
      out.varint(tag);
    };
  }
  return (out, object) => {
    const value = object[name];
    if (isOptional && (value === undefined || value === null)) return;
    writer.write(out, value);
    out.varint(tag);
  };
}

function compileList(name: string, number: number, writer: ValueWriter): FieldWriter {
  const tag = number * 8 + writer.wireType;
  return (out, object) => {
    const items = object[name];
    if (!Array.isArray(items)) return;
    for (let index = items.length - 1; index >= 0; index--) {
      writer.write(out, items[index]);
      out.varint(tag);
    }
  };
}

/** A list inside of a message of its own. */
function wrappedList(itemType: string): ValueWriter {
  const write = compileList("items", 1, writerOf(itemType));
  return delimited((out, items) => write(out, { items }));
}

/** Maps are lists of entries: 1 is the key, 2 the value. */
function compileMap(name: string, number: number, writer: ValueWriter, isNullAbsent: boolean): FieldWriter {
  const tag = number * 8 + 2;
  const valueTag = 2 * 8 + writer.wireType;
  const keyWriter = writerOf("string");
  return (out, object) => {
    const map = object[name];
    if (typeof map !== "object" || map === null) return;
    const keys = sortedKeys(map);
    for (let index = keys.length - 1; index >= 0; index--) {
      const key = keys[index] as string;
      const value = (map as Fields)[key];
      const mark = out.written;
      if (!isNullAbsent || (value !== undefined && value !== null)) {
        writer.write(out, value);
        out.byte(valueTag);
      }
      keyWriter.write(out, key);
      out.byte(1 * 8 + 2);
      out.lengthSince(mark);
      out.varint(tag);
    }
  };
}

const surrogate = /[\ud800-\udfff]/;

/** By their bytes, as Go sorts; JavaScript sorts by UTF-16 units, which differs beyond the first 65,536 characters. */
function sortedKeys(map: object): string[] {
  const keys = Object.keys(map);
  if (keys.length < 2) return keys;
  if (keys.some((key) => surrogate.test(key))) return keys.sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
  return keys.sort();
}
