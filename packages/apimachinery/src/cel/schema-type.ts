import type { Schema } from "../schema/schema.ts";
import type { CelType } from "./types/type.ts";

export interface CelSchemaOptions {
  /** The root's type name, which messages show; nested types are `<name>.spec`, `<name>.list.@idx`. Defaults to `object`. */
  readonly name?: string;
  /** Adds `apiVersion`, `kind`, `metadata.name` and `metadata.generateName`, which the root of a resource always has. */
  readonly isResourceRoot?: boolean;
}

/**
 * The type of JSON data that a schema describes. Undefined for data that expressions cannot see: without a type, or
 * lists and maps of such. Field names are escaped as Kubernetes does (`__namespace__`, `a__dot__b`).
 */
export function celTypeOfSchema(schema: Schema, options: CelSchemaOptions = {}): CelType | undefined {
  throw new Error(`not yet: ${schema.type} ${options.name}`);
}
