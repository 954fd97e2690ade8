import type { CelType } from "../types/type.ts";
import { celTypes } from "../types/types.ts";
import { CelObjectValue, type CelValue } from "./value.ts";

/** The type of a value as it is known during evaluation: without parameters. */
export function typeOf(value: CelValue): CelType {
  switch (typeof value) {
    case "boolean":
      return celTypes.bool;
    case "number":
    case "bigint":
      return celTypes.int;
    case "string":
      return celTypes.string;
    default:
      if (value === null) return celTypes.null;
      return value instanceof CelObjectValue ? value.celType : celTypes.bytes;
  }
}
