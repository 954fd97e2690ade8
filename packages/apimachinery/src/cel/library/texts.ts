import { compileRegex } from "../regex.ts";
import { celTypes } from "../types/types.ts";
import type { CelInt } from "../values/integers.ts";
import { ArrayList, type CelList } from "../values/list.ts";
import { allowText, isPlain, sizeOfText, sliceText } from "../values/text.ts";
import { valueText } from "../values/value-text.ts";
import { CelFailure, noSuchOverload, type CelValue, type Evaluated } from "../values/value.ts";
import { declare, method, overload, signature, singleton, type FunctionDeclaration } from "./declaration.ts";
import { formatText } from "./format-text.ts";
import { bool, int, string, strings } from "./signatures.ts";

function outOfRange(index: CelInt): CelFailure {
  return new CelFailure(`index out of range: ${index}`);
}

function charAt(text: string, index: CelInt): Evaluated {
  const size = sizeOfText(text);
  if (index < 0 || index > size) return outOfRange(index);
  return sliceText(text, Number(index), Number(index) + 1);
}

/** Positions are in code points. */
function indexOf(text: string, part: string, offset: CelInt = 0): Evaluated {
  if (part === "") return offset;
  if (offset < 0) return outOfRange(offset);
  if (offset >= sizeOfText(text)) return -1;
  const from = Number(offset);
  if (isPlain(text)) return text.indexOf(part, from);
  const start = sliceText(text, 0, from).length;
  const found = text.indexOf(part, start);
  return found < 0 ? -1 : sizeOfText(text.slice(0, found));
}

function lastIndexOf(text: string, part: string, offset?: CelInt): Evaluated {
  const size = sizeOfText(text);
  if (part === "") return offset ?? size;
  if (offset === undefined && text.length < part.length) return -1;
  const last = offset ?? size - 1;
  if (last < 0) return outOfRange(last);
  if (last >= size) return -1;
  if (isPlain(text)) return text.lastIndexOf(part, Number(last));
  const found = text.lastIndexOf(part, sliceText(text, 0, Number(last)).length);
  return found < 0 ? -1 : sizeOfText(text.slice(0, found));
}

function lowerAscii(text: string): string {
  return text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function upperAscii(text: string): string {
  return text.replaceAll(/[a-z]+/g, (letters) => letters.toUpperCase());
}

function replace(text: string, old: string, by: string, limit: CelInt = -1): string {
  const count = limit < 0 ? Number.POSITIVE_INFINITY : Number(limit);
  if (old === "") return spread(text, by, count);
  const parts = text.split(old);
  const replaced = Math.min(count, parts.length - 1);
  allowText(text.length + replaced * (by.length - old.length));
  return [parts.slice(0, replaced + 1).join(by), ...parts.slice(replaced + 1)].join(old);
}

/** Puts text before each character and at the end, at most so often. */
function spread(text: string, by: string, limit: number): string {
  const characters = Array.from(text);
  const count = Math.min(limit, characters.length + 1);
  allowText(text.length + count * by.length);
  const before = characters.slice(0, count).map((character) => by + character);
  return before.join("") + characters.slice(count).join("") + (count > characters.length ? by : "");
}

function split(text: string, separator: string, limit: CelInt = -1): ArrayList {
  if (limit === 0) return new ArrayList([]);
  const parts = separator === "" ? Array.from(text) : text.split(separator);
  const count = limit < 0 ? parts.length : Math.min(parts.length, Number(limit));
  if (count >= parts.length) return new ArrayList(parts);
  return new ArrayList([...parts.slice(0, count - 1), parts.slice(count - 1).join(separator)]);
}

function substring(text: string, start: CelInt, end?: CelInt): Evaluated {
  const size = sizeOfText(text);
  if (end !== undefined && start > end) return new CelFailure(`invalid substring range. start: ${start}, end: ${end}`);
  if (start < 0 || start > size) return outOfRange(start);
  if (end !== undefined && end > size) return outOfRange(end);
  return sliceText(text, Number(start), end === undefined ? size : Number(end));
}

/** What Unicode calls white space, which is not all that JavaScript trims. */
function trim(text: string): string {
  return text.replaceAll(/^[\p{White_Space}]+|[\p{White_Space}]+$/gu, "");
}

const escapes: Readonly<Record<string, string>> = {
  "\u0007": String.raw`\a`,
  "\b": String.raw`\b`,
  "\f": String.raw`\f`,
  "\n": String.raw`\n`,
  "\r": String.raw`\r`,
  "\t": String.raw`\t`,
  "\v": String.raw`\v`,
  "\\": String.raw`\\`,
  '"': String.raw`\"`,
};

function quote(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return `"${text.replaceAll(/[\u0007\b\f\n\r\t\v\\"]/g, (character) => escapes[character] as string)}"`;
}

function join(list: CelList, separator = ""): Evaluated {
  const parts: string[] = [];
  let length = 0;
  for (const item of list) {
    if (item instanceof CelFailure) return item;
    if (typeof item !== "string") return new CelFailure(`join: invalid input: ${valueText(item)}`);
    parts.push(item);
    length += item.length + separator.length;
    allowText(length);
  }
  return parts.join(separator);
}

function matches(text: CelValue, pattern: CelValue): Evaluated {
  if (typeof text !== "string" || typeof pattern !== "string") return noSuchOverload;
  const regex = compileRegex(pattern);
  return regex instanceof CelFailure ? regex : regex.test(text);
}

function find(text: string, pattern: string): Evaluated {
  const regex = compileRegex(pattern);
  return regex instanceof CelFailure ? new CelFailure(`Illegal regex: ${regex.message}`) : (regex.find(text, 1)[0] ?? "");
}

function findAll(text: string, pattern: string, limit: CelInt = -1): Evaluated {
  const regex = compileRegex(pattern);
  if (regex instanceof CelFailure) return new CelFailure(`Illegal regex: ${regex.message}`);
  return new ArrayList(regex.find(text, limit < 0 ? Number.POSITIVE_INFINITY : Number(limit)));
}

/** The standard functions of strings, the strings library (version 2) and Kubernetes' regular expressions. */
export const texts: readonly FunctionDeclaration[] = [
  declare(
    "contains",
    method("contains_string", [string, string], bool, (text: string, part: string) => text.includes(part)),
  ),
  declare(
    "endsWith",
    method("ends_with_string", [string, string], bool, (text: string, part: string) => text.endsWith(part)),
  ),
  declare(
    "startsWith",
    method("starts_with_string", [string, string], bool, (text: string, part: string) => text.startsWith(part)),
  ),
  singleton("matches", matches, [signature("matches", [string, string], bool), signature("matches_string", [string, string], bool, true)]),
  declare("charAt", method("string_char_at_int", [string, int], string, charAt)),
  declare(
    "indexOf",
    method("string_index_of_string", [string, string], int, indexOf),
    method("string_index_of_string_int", [string, string, int], int, indexOf),
  ),
  declare(
    "lastIndexOf",
    method("string_last_index_of_string", [string, string], int, lastIndexOf),
    method("string_last_index_of_string_int", [string, string, int], int, lastIndexOf),
  ),
  declare("lowerAscii", method("string_lower_ascii", [string], string, lowerAscii)),
  declare("upperAscii", method("string_upper_ascii", [string], string, upperAscii)),
  declare(
    "replace",
    method("string_replace_string_string", [string, string, string], string, replace),
    method("string_replace_string_string_int", [string, string, string, int], string, replace),
  ),
  declare(
    "split",
    method("string_split_string", [string, string], strings, split),
    method("string_split_string_int", [string, string, int], strings, split),
  ),
  declare(
    "substring",
    method("string_substring_int", [string, int], string, substring),
    method("string_substring_int_int", [string, int, int], string, substring),
  ),
  declare("trim", method("string_trim", [string], string, trim)),
  declare("format", method("string_format", [string, celTypes.list(celTypes.dyn)], string, formatText)),
  declare("strings.quote", overload("strings_quote", [string], string, quote)),
  declare("join", method("list_join", [strings], string, join), method("list_join_string", [strings, string], string, join)),
  declare("find", method("string_find_string", [string, string], string, find)),
  declare(
    "findAll",
    method("string_find_all_string", [string, string], strings, findAll),
    method("string_find_all_string_int", [string, string, int], strings, findAll),
  ),
];
