/** An impossible state was reached: a bug in Coracle, never an operating error. Nothing should catch it to go on. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

/** Stops at an impossible state. For bad input or failed I/O throw a typed error instead. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** Makes the compiler prove that a `switch` is exhaustive. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${JSON.stringify(value)}`);
}
