import type { MessageReader } from "./reader.ts";
import { formatTimestamp } from "./timestamps.ts";
import { WireError } from "./wire-error.ts";

/** How the value of a field is read. Undefined is the absent value. */
export interface ValueReader {
  /** 0 varint, 1 eight bytes, 2 bytes with their length. */
  readonly wireType: 0 | 1 | 2;
  read(from: MessageReader, depth: number): unknown;
}

/** The last value of each field number. */
export interface PlainFields {
  readonly numbers: readonly (number | undefined)[];
  readonly bytes: readonly (Buffer | undefined)[];
}

const plainLimit = 4;

/** Reads a message whose fields are numbers and bytes, and no more than four. */
export function readPlainFields(reader: MessageReader): PlainFields {
  const numbers: (number | undefined)[] = [];
  const bytes: (Buffer | undefined)[] = [];
  while (!reader.isAtEnd) {
    const tag = reader.tag();
    const number = Math.floor(tag / 8);
    const wireType = number > plainLimit ? -1 : tag & 7;
    if (wireType === 0) numbers[number] = reader.varint();
    else if (wireType === 2) bytes[number] = reader.bytes();
    else reader.skip(tag & 7);
  }
  return { numbers, bytes };
}

/** The text in field 1 of a message. */
function readText(from: MessageReader, message: string): string {
  return readPlainFields(from.message(message)).bytes[1]?.toString() ?? "";
}

function jsonReader(message: string): ValueReader {
  return {
    wireType: 2,
    read(from) {
      const raw = readText(from, message);
      try {
        return raw === "" ? undefined : (JSON.parse(raw) as unknown);
      } catch (error) {
        throw new WireError((error as Error).message);
      }
    },
  };
}

function timestampReader(message: string, digits: 0 | 6): ValueReader {
  return {
    wireType: 2,
    read(from) {
      const { numbers } = readPlainFields(from.message(message));
      // An empty message is Go's zero time, which JSON writes as null.
      return numbers.length === 0 ? undefined : formatTimestamp({ seconds: numbers[1] ?? 0, nanos: numbers[2] ?? 0 }, digits);
    },
  };
}

/** The readers of all types that are no messages of their own. */
export const valueReaders: Readonly<Record<string, ValueReader>> = {
  string: { wireType: 2, read: (from) => from.text() },
  int32: { wireType: 0, read: (from) => from.varint() | 0 },
  int64: { wireType: 0, read: (from) => from.varint() },
  bool: { wireType: 0, read: (from) => from.varint() !== 0 },
  double: { wireType: 1, read: (from) => from.double() },
  bytes: { wireType: 2, read: (from) => from.bytes().toString("base64") },
  time: timestampReader("Time", 0),
  microTime: timestampReader("MicroTime", 6),
  quantity: { wireType: 2, read: (from) => readText(from, "Quantity") },
  intOrString: {
    wireType: 2,
    read(from) {
      const { numbers, bytes } = readPlainFields(from.message("IntOrString"));
      return numbers[1] === 1 ? (bytes[3]?.toString() ?? "") : (numbers[2] ?? 0) | 0;
    },
  },
  raw: jsonReader("RawExtension"),
  json: jsonReader("JSON"),
  fieldsV1: jsonReader("FieldsV1"),
};

/** What a map's value is whose entry does not say. */
export const zeroValues: Readonly<Record<string, unknown>> = { string: "", bytes: "", int32: 0, int64: 0, bool: false, quantity: "0" };
