import type { FieldError } from "../validation/field-error.ts";
import { formatPath } from "./prune.ts";
import type { Schema } from "./schema.ts";

/** Where a structural check is, and what it has found. */
export interface Findings {
  readonly path: (string | number)[];
  errors: FieldError[];
}

/** A compiled part of a schema. `old` is what was at the same place before; undefined when nothing was, or nobody asks. */
export type Check = (value: unknown, findings: Findings, old?: unknown) => void;
export type CheckOf = (schema: Schema) => Check;

/** The path as findings have it; upstream prints a missing path like this. */
export function fieldOf(findings: Findings): string {
  return findings.path.length === 0 ? "<nil>" : formatPath(findings.path);
}
