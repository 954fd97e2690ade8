import type { FieldError } from "./field-error.ts";

const typeTexts: Readonly<Record<FieldError["type"], string>> = {
  FieldValueRequired: "Required value",
  FieldValueDuplicate: "Duplicate value",
  FieldValueInvalid: "Invalid value",
  FieldValueNotSupported: "Unsupported value",
  FieldValueForbidden: "Forbidden",
  FieldValueTooLong: "Too long",
  FieldValueTooMany: "Too many",
  FieldValueTypeInvalid: "Invalid value",
  FieldValueNotFound: "Not found",
  InternalError: "Internal error",
};

/** In place of a value that is not to be shown: `spec: Invalid value: must be …`. */
export const omittedValue: unique symbol = Symbol("omitted");

/** A value must be there and is not. */
export function requiredField(field: string, detail = ""): FieldError {
  return { type: "FieldValueRequired", field, badValue: "", detail };
}

/** The value breaks a rule that `detail` tells: `must be greater than or equal to 0`. */
export function invalidField(field: string, badValue: unknown, detail: string): FieldError {
  return { type: "FieldValueInvalid", field, badValue, detail };
}

/** The value has the wrong type. */
export function typeInvalidField(field: string, badValue: unknown, detail: string): FieldError {
  return { type: "FieldValueTypeInvalid", field, badValue, detail };
}

/** The value is not one of `supported`, which are shown in the order given. */
export function unsupportedField(field: string, badValue: unknown, supported: readonly string[]): FieldError {
  const detail = supported.length === 0 ? "" : `supported values: ${supported.map((value) => quoteText(value)).join(", ")}`;
  return { type: "FieldValueNotSupported", field, badValue, detail };
}

/** The field may not be set, or not be set like this, under these circumstances. */
export function forbiddenField(field: string, detail: string): FieldError {
  return { type: "FieldValueForbidden", field, badValue: "", detail };
}

/** The value occurs twice where it must be unique. */
export function duplicateField(field: string, badValue: unknown): FieldError {
  return { type: "FieldValueDuplicate", field, badValue, detail: "" };
}

/** The reference points to something that does not exist. */
export function notFoundField(field: string, badValue: unknown): FieldError {
  return { type: "FieldValueNotFound", field, badValue, detail: "" };
}

/** The value is longer than `maxBytes`; it is not shown. */
export function tooLongField(field: string, maxBytes: number): FieldError {
  return {
    type: "FieldValueTooLong",
    field,
    badValue: "<value omitted>",
    detail: `may not be more than ${maxBytes} ${maxBytes === 1 ? "byte" : "bytes"}`,
  };
}

/** The list has `actual` items where `maxItems` are allowed. */
export function tooManyField(field: string, actual: number, maxItems: number): FieldError {
  return {
    type: "FieldValueTooMany",
    field,
    badValue: actual,
    detail: maxItems === 1 ? "must have at most 1 item" : `must have at most ${maxItems} items`,
  };
}

/** Validation itself failed. */
export function internalField(field: string, detail: string): FieldError {
  return { type: "InternalError", field, badValue: "", detail };
}

/** The finding without its field, as `details.causes[].message` has it: `Invalid value: -1: must be …`. */
export function fieldErrorBody(error: FieldError): string {
  const text = typeTexts[error.type];
  const detail = error.detail === "" ? "" : `: ${error.detail}`;
  switch (error.type) {
    case "FieldValueRequired":
    case "FieldValueForbidden":
    case "FieldValueTooLong":
    case "InternalError":
      return text + detail;
    default:
      if (error.badValue === omittedValue) return text + detail;
      return `${text}: ${formatBadValue(error.badValue)}${detail}`;
  }
}

/** The finding as clients read it: `spec.replicas: Invalid value: -1: must be greater than or equal to 0`. */
export function formatFieldError(error: FieldError): string {
  return `${error.field}: ${fieldErrorBody(error)}`;
}

function formatBadValue(value: unknown): string {
  if (typeof value === "string") return quoteText(value);
  if (value === undefined) return "null";
  return goJson(value);
}

/** JSON as Go writes it: `<`, `>`, `&` and the two line separators are escaped. */
export function goJson(value: unknown, indent = ""): string {
  const text = JSON.stringify(value, undefined, indent) ?? "null";
  return /[<>&\u2028\u2029]/.test(text) ? text.replaceAll(/[<>&\u2028\u2029]/g, escapeCharacter) : text;
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** A string in double quotes, escaped as Go's `%q` does. */
export function quoteText(text: string): string {
  let quoted = JSON.stringify(text);
  if (quoted.includes("\\u00")) quoted = quoted.replaceAll(/\\u00([01][0-9a-f])/g, (_, code: string) => goEscapes[code] ?? `\\x${code}`);
  return quoted.replaceAll("\u007f", "\\x7f");
}

const goEscapes: Readonly<Record<string, string>> = { "07": "\\a", "0b": "\\v" };
