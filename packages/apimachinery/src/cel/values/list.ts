import type { CelType } from "../types/type.ts";
import { celTypes } from "../types/types.ts";
import { CelObjectValue, type CelValue, type Evaluated } from "./value.ts";

const listType = celTypes.list(celTypes.dyn);

/** A list. Items of JSON data are read when they are asked for, and may turn out to be failures. */
export abstract class CelList extends CelObjectValue {
  abstract readonly size: number;
  /** `index` is within the list. */
  abstract at(index: number): Evaluated;

  get celType(): CelType {
    return listType;
  }

  /** The items as data, where they are JSON. */
  abstract rawAt(index: number): unknown;

  /** The concatenation, in constant time. */
  concat(other: CelList): Evaluated {
    if (other.size === 0) return this;
    return this.size === 0 ? other : new JoinedList(this, other);
  }

  *[Symbol.iterator](): Iterator<Evaluated> {
    for (let index = 0; index < this.size; index++) yield this.at(index);
  }
}

/** Of values that the expression made. */
export class ArrayList extends CelList {
  readonly items: readonly CelValue[];

  constructor(items: readonly CelValue[]) {
    super();
    this.items = items;
  }

  get size(): number {
    return this.items.length;
  }

  at(index: number): CelValue {
    return this.items[index] as CelValue;
  }

  rawAt(index: number): unknown {
    return this.items[index];
  }
}

/** In which a loop collects its results: adding to it changes it, which nobody else can see. */
export class CollectingList extends CelList {
  readonly items: CelValue[] = [];

  get size(): number {
    return this.items.length;
  }

  at(index: number): CelValue {
    return this.items[index] as CelValue;
  }

  rawAt(index: number): unknown {
    return this.items[index];
  }

  override concat(other: CelList): Evaluated {
    for (const item of other) this.items.push(item as CelValue);
    return this;
  }

  /** The list when the loop is over. */
  finish(): ArrayList {
    return new ArrayList(this.items);
  }
}

class JoinedList extends CelList {
  readonly size: number;
  readonly #left: CelList;
  readonly #right: CelList;

  constructor(left: CelList, right: CelList) {
    super();
    this.#left = left;
    this.#right = right;
    this.size = left.size + right.size;
  }

  at(index: number): Evaluated {
    return index < this.#left.size ? this.#left.at(index) : this.#right.at(index - this.#left.size);
  }

  rawAt(index: number): unknown {
    return index < this.#left.size ? this.#left.rawAt(index) : this.#right.rawAt(index - this.#left.size);
  }
}
