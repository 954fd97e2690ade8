import type { CelType } from "../types/type.ts";
import { equal } from "./equality.ts";
import { CelFailure, CelObjectValue, type CelValue } from "./value.ts";

/** An `Object{}` or `JSONPatch{}` that an expression put together. */
export class CelMessage extends CelObjectValue {
  readonly celType: CelType;
  readonly fields: ReadonlyMap<string, CelValue>;

  constructor(celType: CelType, fields: ReadonlyMap<string, CelValue>) {
    super();
    this.celType = celType;
    this.fields = fields;
  }

  override equals(other: CelValue): boolean | CelFailure {
    if (!(other instanceof CelMessage) || other.celType.name !== this.celType.name || other.fields.size !== this.fields.size) return false;
    for (const [name, value] of this.fields) {
      const theirs = other.fields.get(name);
      if (theirs === undefined) return false;
      const result = equal(value, theirs);
      if (result !== true) return result;
    }
    return true;
  }
}
