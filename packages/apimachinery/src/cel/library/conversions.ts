import { checkedInteger, isInt64, type CelInt } from "../values/integers.ts";
import { formatDouble, parseDouble } from "../values/doubles.ts";
import { formatDurationSeconds, formatTimestamp, type CelDuration, type CelTimestamp } from "../values/times.ts";
import { CelDouble, CelFailure, CelUint, type Evaluated } from "../values/value.ts";
import { conversionError, timeFromText, timestampFromSeconds } from "./convert-times.ts";
import { declare, overload, type FunctionDeclaration } from "./declaration.ts";
import { bool, bytes, double, duration, int, string, timestamp, uint } from "./signatures.ts";

const intOverflow = new CelFailure("integer overflow");
const uintOverflow = new CelFailure("unsigned integer overflow");
const same = (value: Evaluated): Evaluated => value;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const trueWords = new Set(["1", "t", "T", "TRUE", "true", "True"]);
const falseWords = new Set(["0", "f", "F", "FALSE", "false", "False"]);

function boolFromText(text: string): Evaluated {
  if (trueWords.has(text)) return true;
  return falseWords.has(text) ? false : conversionError("string", "bool");
}

function intFromText(text: string): Evaluated {
  if (!/^[+-]?[0-9]+$/.test(text) || text.length > 40) return conversionError("string", "int");
  return checkedInteger(BigInt(text.replace(/^\+/, ""))) ?? conversionError("string", "int");
}

/** Towards zero. The largest double below 2⁶³ is an int, 2⁶³ is not. */
function intFromDouble({ value }: CelDouble): Evaluated {
  if (!(value > -(2 ** 63) && value < 2 ** 63)) return intOverflow;
  return checkedInteger(BigInt(Math.trunc(value))) ?? intOverflow;
}

function uintFromText(text: string): Evaluated {
  if (!/^[0-9]+$/.test(text) || text.length > 40) return conversionError("string", "uint");
  const value = BigInt(text);
  return value < 2n ** 64n ? new CelUint(value) : conversionError("string", "uint");
}

function uintFromDouble({ value }: CelDouble): Evaluated {
  return value >= 0 && value < 2 ** 64 ? new CelUint(BigInt(Math.trunc(value))) : uintOverflow;
}

function uintFromInt(value: CelInt): Evaluated {
  return value < 0 ? uintOverflow : new CelUint(BigInt(value));
}

function doubleFromText(text: string): Evaluated {
  const value = parseDouble(text);
  return value === undefined ? conversionError("string", "double") : new CelDouble(value);
}

function textFromBytes(value: Uint8Array): Evaluated {
  try {
    return decoder.decode(value);
  } catch {
    return new CelFailure("invalid UTF-8 in bytes, cannot convert to string");
  }
}

/** `int(x)`, `string(x)` and the other types as functions. */
export const conversions: readonly FunctionDeclaration[] = [
  declare("bool", overload("bool_to_bool", [bool], bool, same), overload("string_to_bool", [string], bool, boolFromText)),
  declare(
    "bytes",
    overload("bytes_to_bytes", [bytes], bytes, same),
    overload("string_to_bytes", [string], bytes, (text: string) => encoder.encode(text)),
  ),
  declare(
    "double",
    overload("double_to_double", [double], double, same),
    overload("int64_to_double", [int], double, (value: CelInt) => new CelDouble(Number(value))),
    overload("string_to_double", [string], double, doubleFromText),
    overload("uint64_to_double", [uint], double, ({ value }: CelUint) => new CelDouble(Number(value))),
  ),
  declare(
    "duration",
    overload("duration_to_duration", [duration], duration, same),
    overload("int64_to_duration", [int], duration, () => conversionError("int", "google.protobuf.Duration")),
    overload("string_to_duration", [string], duration, (text: string) => timeFromText("duration", text)),
  ),
  declare(
    "int",
    overload("int64_to_int64", [int], int, same),
    overload("double_to_int64", [double], int, intFromDouble),
    overload("duration_to_int64", [duration], int, ({ nanos }: CelDuration) => checkedInteger(nanos) ?? intOverflow),
    overload("string_to_int64", [string], int, intFromText),
    overload("timestamp_to_int64", [timestamp], int, ({ seconds }: CelTimestamp) => seconds),
    overload("uint64_to_int64", [uint], int, ({ value }: CelUint) =>
      isInt64(value) ? (checkedInteger(value) ?? intOverflow) : intOverflow,
    ),
  ),
  declare(
    "string",
    overload("string_to_string", [string], string, same),
    overload("bool_to_string", [bool], string, String),
    overload("bytes_to_string", [bytes], string, textFromBytes),
    overload("double_to_string", [double], string, ({ value }: CelDouble) => formatDouble(value)),
    overload("duration_to_string", [duration], string, formatDurationSeconds),
    overload("int64_to_string", [int], string, String),
    overload("timestamp_to_string", [timestamp], string, formatTimestamp),
    overload("uint64_to_string", [uint], string, ({ value }: CelUint) => String(value)),
  ),
  declare(
    "timestamp",
    overload("timestamp_to_timestamp", [timestamp], timestamp, same),
    overload("int64_to_timestamp", [int], timestamp, timestampFromSeconds),
    overload("string_to_timestamp", [string], timestamp, (text: string) => timeFromText("timestamp", text)),
  ),
  declare(
    "uint",
    overload("uint64_to_uint64", [uint], uint, same),
    overload("double_to_uint64", [double], uint, uintFromDouble),
    overload("int64_to_uint64", [int], uint, uintFromInt),
    overload("string_to_uint64", [string], uint, uintFromText),
  ),
];
