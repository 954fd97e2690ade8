const computed: unique symbol = Symbol("computed");

/** A binding, or a field of one, that is computed when an expression first reads it. */
export class CelLazy {
  readonly #compute: () => unknown;
  #value: unknown = computed;

  constructor(compute: () => unknown) {
    this.#compute = compute;
  }

  /** The value, computed once. An error is thrown each time. */
  get(): unknown {
    if (this.#value === computed) this.#value = this.#compute();
    return this.#value;
  }
}

/**
 * A variable of a policy: JSON data or the result of another program, computed at most once. What `compute` throws as a
 * CelEvaluationError is an error of the expression that reads the variable (`||` may absorb it); other errors pass through.
 */
export function lazy(compute: () => unknown): CelLazy {
  return new CelLazy(compute);
}
