import type { CelType } from "../types/type.ts";
import { celTypes } from "../types/types.ts";

/**
 * A value during evaluation. What JSON and CEL share is represented by itself: null, booleans, strings, integers. An `int` is a number
 * when that is exact, otherwise a bigint, so that equal ints are the same JavaScript value; a `double` is always a {@link CelDouble}.
 * (Measured: numbers make integer expressions ten times as fast as bigints do, and JSON needs no conversion.)
 */
export type CelValue = null | boolean | number | bigint | string | Uint8Array | CelObjectValue;

/** Every value that has a class of its own. */
export abstract class CelObjectValue {
  /** What `type(x)` says. */
  abstract readonly celType: CelType;

  /** Whether it equals a value of any type. Undefined leaves it to identity. */
  equals(_other: CelValue): boolean | CelFailure | undefined {
    return undefined;
  }
}

/** There is no value: an error of the expression, which `&&` and `||` may absorb. Not thrown, for that would be slow. */
export class CelFailure {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

/** What evaluating a part of an expression gives. */
export type Evaluated = CelValue | CelFailure;

/** `double`. */
export class CelDouble extends CelObjectValue {
  readonly value: number;

  constructor(value: number) {
    super();
    this.value = value;
  }

  get celType(): CelType {
    return celTypes.double;
  }
}

/** `uint`: 0 to 2⁶⁴ − 1. */
export class CelUint extends CelObjectValue {
  readonly value: bigint;

  constructor(value: bigint) {
    super();
    this.value = value;
  }

  get celType(): CelType {
    return celTypes.uint;
  }
}

/** A type as a value: `int`, `type(x)`. */
export class CelTypeValue extends CelObjectValue {
  readonly type: CelType;

  constructor(type: CelType) {
    super();
    this.type = type;
  }

  get celType(): CelType {
    return celTypes.type();
  }

  override equals(other: CelValue): boolean {
    return other instanceof CelTypeValue && other.type.name === this.type.name;
  }
}

/** `optional.of(x)`, or `optional.none()` when there is no value. */
export class CelOptional extends CelObjectValue {
  readonly value: CelValue | undefined;

  constructor(value: CelValue | undefined) {
    super();
    this.value = value;
  }

  get celType(): CelType {
    return optionalType;
  }
}

const optionalType = celTypes.optional(celTypes.dyn);

export const celNone = new CelOptional(undefined);
export const noSuchOverload = new CelFailure("no such overload");
