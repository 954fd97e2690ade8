/**
 * `@coracle/apimachinery`: what an API object is, without saying which kinds exist. No I/O; runs in a browser.
 *
 * (The tour follows the data: bytes → decode → default → validate → patch/apply → encode.)
 */
export * from "./meta/types.ts";
export type { Schema, ValueValidations } from "./schema/schema.ts";
export * from "./resource/definition.ts";
export * from "./errors/status-error.ts";
export type { FieldError } from "./validation/field-error.ts";
