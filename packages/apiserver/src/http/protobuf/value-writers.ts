import type { ReverseWriter } from "./reverse-writer.ts";
import { parseTimestamp } from "./timestamps.ts";

/** How the value of a field is written, after (in the bytes: before) which comes its tag. */
export interface ValueWriter {
  /** 0 varint, 1 eight bytes, 2 bytes with their length. */
  readonly wireType: 0 | 1 | 2;
  /** Undefined and null write the zero value. */
  write(out: ReverseWriter, value: unknown): void;
}

/** Writes what `content` writes, with its length. */
export function delimited(content: (out: ReverseWriter, value: unknown) => void): ValueWriter {
  return {
    wireType: 2,
    write(out, value) {
      const mark = out.written;
      content(out, value);
      out.lengthSince(mark);
    },
  };
}

const integer: ValueWriter = {
  wireType: 0,
  write: (out, value) => out.varint(typeof value === "number" && Number.isFinite(value) ? Math.trunc(value) : 0),
};

const text = delimited((out, value) => {
  if (typeof value === "string") out.text(value);
});

const field = (number: number, wireType: number): number => number * 8 + wireType;

/** Field 1: what JSON has here, as bytes. */
const json = delimited((out, value) => {
  if (value === undefined || value === null) return;
  const mark = out.written;
  out.text(JSON.stringify(value));
  out.lengthSince(mark);
  out.byte(field(1, 2));
});

function timestamp(hasFraction: boolean): ValueWriter {
  return delimited((out, value) => {
    const time = parseTimestamp(value);
    if (time === undefined) return;
    // Go keeps whole seconds of all but micro times.
    out.varint(hasFraction ? time.nanos - (time.nanos % 1000) : 0);
    out.byte(field(2, 0));
    out.varint(time.seconds);
    out.byte(field(1, 0));
  });
}

/** The writers of all types that are no messages of their own. */
export const valueWriters: Readonly<Record<string, ValueWriter>> = {
  string: text,
  int32: integer,
  int64: integer,
  bool: { wireType: 0, write: (out, value) => out.byte(value === true ? 1 : 0) },
  double: { wireType: 1, write: (out, value) => out.double(typeof value === "number" ? value : 0) },
  bytes: delimited((out, value) => {
    if (typeof value === "string") out.bytes(Buffer.from(value, "base64"));
  }),
  time: timestamp(false),
  microTime: timestamp(true),
  quantity: delimited((out, value) => {
    const mark = out.written;
    out.text(typeof value === "string" || typeof value === "number" ? String(value) : "0");
    out.lengthSince(mark);
    out.byte(field(1, 2));
  }),
  intOrString: delimited((out, value) => {
    const isText = typeof value === "string";
    text.write(out, isText ? value : "");
    out.byte(field(3, 2));
    integer.write(out, isText ? 0 : value);
    out.byte(field(2, 0));
    out.byte(isText ? 1 : 0);
    out.byte(field(1, 0));
  }),
  raw: json,
  json,
  fieldsV1: json,
};
