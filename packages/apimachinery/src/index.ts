/**
 * `@coracle/apimachinery`: what an API object is, without saying which kinds exist. No I/O; runs in a browser.
 *
 * The tour follows the data: bytes → decode (serializer) → normalise or prune, default, validate (schema, validation) → select
 * (labels, fields) → patch/apply → encode (serializer). Values with a form of their own — quantities, times, int-or-string —
 * have a folder each; everything that goes wrong becomes a StatusError (errors).
 */
export * from "./meta/types.ts";
export * from "./meta/deep.ts";
export * from "./meta/gvk.ts";
export * from "./meta/owners.ts";
export * from "./meta/conditions.ts";
export { JsonPath, jsonPath } from "./meta/json-path.ts";

export type { Schema, ValidationRule, ValueValidations } from "./schema/schema.ts";
export { applyDefaults, hasDefaults } from "./schema/defaults.ts";
export { prune, formatPath, type PruneOptions } from "./schema/prune.ts";
export { normalise, type Normalised, type NormaliseOptions } from "./schema/normalise.ts";
export { pastItems, validateStructural } from "./schema/validate.ts";
export { compilePattern, loadPatterns, type Pattern, type PatternError } from "./schema/patterns.ts";
export {
  cannotHandleMessage,
  DecodeError,
  jsonKindOf,
  strictDecodingMessage,
  strictDecodingTexts,
  typeMetaMismatch,
} from "./schema/decode-error.ts";

export * from "./resource/definition.ts";

export * from "./errors/status-error.ts";
export * from "./errors/errors.ts";
export * from "./errors/generic-response.ts";

export type { FieldError } from "./validation/field-error.ts";
export * from "./validation/field-errors.ts";
export * from "./validation/field-path.ts";
export * from "./validation/findings.ts";
export * from "./validation/names.ts";
export * from "./validation/addresses.ts";
export * from "./validation/ip-rules.ts";
export * from "./validation/validate-conditions.ts";
export * from "./validation/object-meta.ts";

export * from "./labels/selector.ts";
export { parseLabelSelector } from "./labels/parse.ts";
export * from "./fields/selector.ts";

export * from "./quantity/quantity.ts";
export * from "./int-or-string/int-or-string.ts";
export * from "./time/duration.ts";
export * from "./time/time.ts";

export { JsonSyntaxError, scanJson } from "./serializer/json-scan.ts";
export * from "./serializer/json.ts";
export * from "./serializer/encode.ts";
export * from "./serializer/yaml.ts";

export * from "./patch/index.ts";
export { goText } from "./patch/strategic-errors.ts";
export * from "./apply/index.ts";

// Types only: the engine itself is `@coracle/apimachinery/cel`, loaded when there is an expression.
export type * from "./cel/index.ts";
