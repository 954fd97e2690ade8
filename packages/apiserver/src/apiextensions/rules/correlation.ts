import { deepEqual } from "@coracle/apimachinery";

/**
 * What a value was before a write, as far as that can be told (KEP-4008). A finding in something that is as it was, or inside of it, does
 * not count.
 */
export class Correlation {
  readonly #value: unknown;
  readonly #old: unknown;
  #isSame: boolean | undefined;

  constructor(value: unknown, old: unknown) {
    this.#value = value;
    this.#old = old;
  }

  get isSame(): boolean {
    return (this.#isSame ??= this.#old !== undefined && deepEqual(this.#value, this.#old));
  }
}
