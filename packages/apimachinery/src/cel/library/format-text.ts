import { quoteText } from "../../validation/field-errors.ts";
import { formatDouble } from "../values/doubles.ts";
import { CelList } from "../values/list.ts";
import { CelMap } from "../values/map.ts";
import { compareText } from "../values/text.ts";
import { CelDuration, CelTimestamp, formatDurationSeconds, formatTimestamp } from "../values/times.ts";
import { typeOf } from "../values/type-of.ts";
import { valueText } from "../values/value-text.ts";
import { CelDouble, CelFailure, CelTypeValue, CelUint, type CelValue, type Evaluated } from "../values/value.ts";
import { fixed, scientific } from "./format-numbers.ts";

/** What a clause such as `%d` cannot format. */
export class FormatError extends Error {
  override readonly name = "FormatError";
}

const decoder = new TextDecoder();
const mostDigits = 1000;

/** `'%s has %d'.format(['x', 3])`, as the strings library (version 2) does it, in English. */
export function formatText(text: string, args: CelList): Evaluated {
  try {
    return formatClauses(text, (clause, index) => {
      if (index >= args.size) throw new FormatError(`index ${index} out of range`);
      const value = args.at(index);
      if (value instanceof CelFailure) throw new FormatError(value.message);
      return wrapped("error during formatting", () => formatValue(clause, value));
    });
  } catch (error) {
    if (error instanceof FormatError) return new CelFailure(error.message);
    throw error;
  }
}

export interface Clause {
  readonly verb: string;
  /** Digits after the point; undefined for the usual six. */
  readonly precision: number | undefined;
}

/**
 * Replaces each clause by what `format` makes of it.
 * @throws {FormatError}
 */
export function formatClauses(text: string, format: (clause: Clause, index: number) => string): string {
  let result = "";
  let count = 0;
  let rest = 0;
  for (let index = text.indexOf("%"); index >= 0; index = text.indexOf("%", rest)) {
    result += text.slice(rest, index);
    if (text[index + 1] === "%") {
      result += "%";
      rest = index + 2;
      continue;
    }
    if (index + 1 >= text.length) throw new FormatError(format === undefined ? "" : "unexpected end of string");
    const { clause, length } = parseClause(text.slice(index + 1));
    result += format(clause, count++);
    rest = index + 1 + length;
  }
  return result + text.slice(rest);
}

function parseClause(text: string): { clause: Clause; length: number } {
  const match = /^(?:\.([0-9]*))?/.exec(text) as RegExpExecArray;
  const digits = match[1];
  const problem = "could not parse formatting clause: ";
  if (digits === "")
    throw new FormatError(
      `${problem}error while parsing precision: error while converting precision to integer: strconv.Atoi: parsing "": invalid syntax`,
    );
  const verb = text[match[0].length];
  if (verb === undefined) throw new FormatError(`${problem}error while parsing precision: could not find end of precision specifier`);
  if (!"sdfebxXo".includes(verb)) throw new FormatError(`${problem}unrecognized formatting clause "${verb}"`);
  return { clause: { verb, precision: digits === undefined ? undefined : Number(digits) }, length: match[0].length + 1 };
}

function wrapped(prefix: string, format: () => string): string {
  try {
    return format();
  } catch (error) {
    if (error instanceof FormatError) throw new FormatError(`${prefix}: ${error.message}`);
    throw error;
  }
}

function formatValue({ verb, precision = 6 }: Clause, value: CelValue): string {
  switch (verb) {
    case "s":
      return formatAny(value);
    case "d":
      return decimal(value);
    case "f":
      return fixed(numberOf(value, "fixed-point"), Math.min(precision, mostDigits));
    case "e":
      return scientific(numberOf(value, "scientific"), Math.min(precision, mostDigits));
    case "b":
      return binary(value);
    case "o":
      return integerOf(value, "octal clause can only be used on integers").toString(8);
    default:
      return hexadecimal(value, verb === "X");
  }
}

/** The messages of clauses that do not fit, by what they can be used for. */
export const clauseProblems: Readonly<Record<string, string>> = {
  s: "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps",
  d: "decimal clause can only be used on integers",
  f: "fixed-point clause can only be used on doubles",
  e: "scientific clause can only be used on doubles",
  b: "only integers and bools can be formatted as binary",
  o: "octal clause can only be used on integers",
  x: "only integers, byte buffers, and strings can be formatted as hex",
  X: "only integers, byte buffers, and strings can be formatted as hex",
};

function unfit(problem: string, value: CelValue): FormatError {
  return new FormatError(`${problem}, was given ${typeOf(value).name}`);
}

function integerOf(value: CelValue, problem: string): bigint {
  if (typeof value === "number" || typeof value === "bigint") return BigInt(value);
  if (value instanceof CelUint) return value.value;
  throw unfit(problem, value);
}

function decimal(value: CelValue): string {
  return integerOf(value, clauseProblems["d"] as string).toString();
}

const wordsForNumbers: Readonly<Record<string, number>> = { NaN: Number.NaN, Infinity: Infinity, "-Infinity": -Infinity };

function numberOf(value: CelValue, name: string): number {
  if (value instanceof CelDouble) return value.value;
  if (typeof value === "string" && Object.hasOwn(wordsForNumbers, value)) return wordsForNumbers[value] as number;
  throw unfit(`${name} clause can only be used on doubles`, value);
}

function binary(value: CelValue): string {
  if (typeof value === "boolean") return value ? "1" : "0";
  return integerOf(value, clauseProblems["b"] as string).toString(2);
}

function hexadecimal(value: CelValue, isUpper: boolean): string {
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
  const text =
    bytes instanceof Uint8Array
      ? Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
      : integerOf(value, clauseProblems["x"] as string).toString(16);
  return isUpper ? text.toUpperCase() : text;
}

/** `%s`: anything that has a form as text. */
function formatAny(value: CelValue): string {
  if (value instanceof CelDouble) return formatDouble(value.value);
  if (value instanceof CelTimestamp) return formatTimestamp(value);
  if (value instanceof CelDuration) return formatDurationSeconds(value);
  return formatNested(value);
}

/** Within lists and maps numbers have six digits, and times say what they are. */
function formatNested(value: CelValue): string {
  if (value === null) return "null";
  if (value instanceof CelList) return `[${[...value].map(quotedItem).join(", ")}]`;
  if (value instanceof CelMap) return formatMap(value);
  if (value instanceof CelDouble) return goFixed(value.value);
  if (value instanceof CelTimestamp) return `timestamp("${formatTimestamp(value)}")`;
  if (value instanceof CelDuration) return `duration("${formatDurationSeconds(value)}")`;
  if (value instanceof Uint8Array) return decoder.decode(value);
  if (value instanceof CelUint) return String(value.value);
  if (value instanceof CelTypeValue) return value.type.name;
  if (typeof value === "object") throw unfit(clauseProblems["s"] as string, value);
  return String(value);
}

function goFixed(value: number): string {
  if (Number.isFinite(value)) return value.toFixed(6);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}

function quotedItem(item: Evaluated): string {
  if (item instanceof CelFailure) throw new FormatError(item.message);
  const text = formatNestedOrFail(item);
  if (typeof item === "string") return quoteText(text);
  if (item instanceof Uint8Array) return `b${quoteText(text)}`;
  return item instanceof CelDouble && !Number.isFinite(item.value) ? quoteText(text) : text;
}

function formatNestedOrFail(item: CelValue): string {
  const isKnown = typeof item !== "object" || item === null || item instanceof Uint8Array || isFormattable(item);
  if (!isKnown) throw new FormatError(`no formatting function for ${typeOf(item).name}`);
  return formatNested(item);
}

function isFormattable(value: CelValue): boolean {
  return [CelList, CelMap, CelDouble, CelTimestamp, CelDuration, CelUint, CelTypeValue].some((type) => value instanceof type);
}

function formatMap(map: CelMap): string {
  const entries = [...map.keys()].map((key): [string, string] => [formatKey(key), quotedItem(map.find(key) ?? null)]);
  entries.sort(([left], [right]) => compareText(left, right));
  return `{${entries.map(([key, value]) => `${key}:${value}`).join(", ")}}`;
}

function formatKey(key: CelValue): string {
  if (typeof key === "string") return quoteText(key);
  const isScalar = typeof key === "boolean" || typeof key === "number" || typeof key === "bigint" || key instanceof CelUint;
  if (!isScalar) throw new FormatError(`no formatting function for map key of type ${typeOf(key).name}`);
  return valueText(key);
}
