import type { CelType } from "../types/type.ts";
import { CelObjectValue, type CelValue } from "./value.ts";

/** A value of one of Kubernetes' libraries: a quantity, an address. Two are the same if their `key` is. */
export class CelOpaque<T> extends CelObjectValue {
  readonly celType: CelType;
  readonly value: T;
  readonly #key: string;
  /** For the cost of functions that depend on it. */
  readonly size: number;

  constructor(celType: CelType, value: T, { key, size = 1 }: { readonly key: string; readonly size?: number }) {
    super();
    this.celType = celType;
    this.value = value;
    this.#key = key;
    this.size = size;
  }

  override equals(other: CelValue): boolean {
    return other instanceof CelOpaque && other.celType === this.celType && other.#key === this.#key;
  }
}
