import { CelCostError } from "../errors.ts";
import type { CelType } from "../types/type.ts";
import { fromData } from "../values/json-data.ts";
import { isOptionalType, unwrapOptional } from "../types/relate.ts";
import { CelFailure, celNone, CelObjectValue, CelOptional, type Evaluated } from "../values/value.ts";

/** The state of one evaluation. */
export class Frame {
  /** The variables of loops; undefined until they are first read. */
  readonly slots: (Evaluated | undefined)[];
  cost = 0;
  readonly #limit: number;
  readonly #bindings: Readonly<Record<string, unknown>>;
  readonly #variables = new Map<string, Evaluated>();

  constructor(bindings: Readonly<Record<string, unknown>>, limit: number, slotCount: number) {
    this.#bindings = bindings;
    this.#limit = limit;
    this.slots = Array.from({ length: slotCount });
  }

  /** @throws {CelCostError} */
  charge(cost: number): void {
    this.cost += cost;
    if (this.cost > this.#limit) throw new CelCostError("call", "operation cancelled: actual cost limit exceeded");
  }

  variable(name: string, type: CelType): Evaluated {
    const known = this.#variables.get(name);
    if (known !== undefined) return known;
    if (!Object.hasOwn(this.#bindings, name)) return new CelFailure(`no such attribute(s): ${name}`);
    const value = isOptionalType(type) ? optionalFrom(this.#bindings[name], type) : fromData(this.#bindings[name], type);
    this.#variables.set(name, value);
    return value;
  }
}

/** A variable that may have no value is bound to its value, or to nothing. */
function optionalFrom(data: unknown, type: CelType): Evaluated {
  if (data === undefined) return celNone;
  if (data instanceof CelObjectValue && isOptionalType(data.celType)) return data;
  const value = fromData(data, unwrapOptional(type));
  return value instanceof CelFailure ? value : new CelOptional(value);
}

/** A part of an expression, ready to be evaluated. */
export type Step = (frame: Frame) => Evaluated;
