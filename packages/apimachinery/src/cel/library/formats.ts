import { formatCheck } from "../../schema/formats.ts";
import {
  dns1035LabelErrors,
  dnsLabelErrors,
  dnsSubdomainErrors,
  labelValueErrors,
  nameRule,
  qualifiedNameErrors,
} from "../../validation/names.ts";
import { celTypes } from "../types/types.ts";
import { ArrayList } from "../values/list.ts";
import { CelOpaque } from "../values/opaque.ts";
import { celNone, CelOptional } from "../values/value.ts";
import { declare, method, overload, type FunctionDeclaration } from "./declaration.ts";
import { parseUrl, UrlError } from "./parse-url.ts";
import { string, strings } from "./signatures.ts";

/** A named format of strings. */
export interface NamedFormat {
  readonly errorsOf: (text: string) => readonly string[];
  /** The length of its pattern, by which checks are charged. */
  readonly patternSize: number;
}

type FormatValue = CelOpaque<NamedFormat>;
const formatType = celTypes.format;

function named(rule: (value: string) => readonly string[], patternSize: number, isPrefix = false): NamedFormat {
  return { errorsOf: (text) => nameRule(rule)(text, isPrefix), patternSize };
}

function openApi(format: string, message: string, patternSize: number): NamedFormat {
  const isValid = formatCheck(format);
  return { errorsOf: (text) => (isValid?.(text) === true ? [] : [message]), patternSize };
}

function uriErrors(text: string): string[] {
  try {
    parseUrl(text);
    return [];
  } catch (error) {
    if (error instanceof UrlError) return [error.message];
    throw error;
  }
}

const formats: Readonly<Record<string, NamedFormat>> = {
  dns1123Label: named(dnsLabelErrors, 30),
  dns1123Subdomain: named(dnsSubdomainErrors, 60),
  dns1035Label: named(dns1035LabelErrors, 30),
  qualifiedName: { errorsOf: qualifiedNameErrors, patternSize: 60 },
  dns1123LabelPrefix: named(dnsLabelErrors, 30, true),
  dns1123SubdomainPrefix: named(dnsSubdomainErrors, 60, true),
  dns1035LabelPrefix: named(dns1035LabelErrors, 30, true),
  labelValue: { errorsOf: labelValueErrors, patternSize: 40 },
  uri: { errorsOf: uriErrors, patternSize: 1103 },
  uuid: openApi("uuid", "does not match the UUID format", 70),
  byte: openApi("byte", "invalid base64", 84),
  date: openApi("date", "invalid date", 71),
  datetime: openApi("datetime", "invalid datetime", 71),
};

const values = new Map(Object.entries(formats).map(([name, format]) => [name, new CelOpaque(formatType, format, { key: name })]));

function validate({ value }: FormatValue, text: string): CelOptional {
  const errors = value.errorsOf(text);
  return errors.length === 0 ? celNone : new CelOptional(new ArrayList([...errors]));
}

function find(name: string): CelOptional {
  const format = values.get(name);
  return format === undefined ? celNone : new CelOptional(format);
}

/** `format.dns1123Label().validate(name)`: what is wrong with a string, if anything is. */
export const namedFormats: readonly FunctionDeclaration[] = [
  ...Array.from(values, ([name, format]) =>
    declare(
      `format.${name}`,
      overload(`format.${name}`, [], formatType, () => format),
    ),
  ),
  declare("validate", method("format-validate", [formatType, string], celTypes.optional(strings), validate)),
  declare("format.named", overload("format-named", [string], celTypes.optional(formatType), find)),
];
