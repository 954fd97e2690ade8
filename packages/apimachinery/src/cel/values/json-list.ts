import type { CelType } from "../types/type.ts";
import { equal, equalEvaluated, equalLists } from "./equality.ts";
import { CelList } from "./list.ts";
import { CelMap } from "./map.ts";
import { CelFailure, noSuchOverload, type CelValue, type Evaluated } from "./value.ts";

/** How the items of an array, or the fields of an object, are read. */
export type DataReader = (data: unknown, type: CelType) => Evaluated;

/** An array of JSON data. */
export class JsonList extends CelList {
  readonly items: readonly unknown[];
  readonly of: CelType;
  protected readonly read: DataReader;
  /** Lists of a schema compare with nothing but lists. */
  readonly #isStrict: boolean;

  constructor(items: readonly unknown[], of: CelType, read: DataReader, isStrict = false) {
    super();
    this.read = read;
    this.items = items;
    this.of = of;
    this.#isStrict = isStrict;
  }

  get size(): number {
    return this.items.length;
  }

  at(index: number): Evaluated {
    return this.read(this.items[index], this.of);
  }

  rawAt(index: number): unknown {
    return this.items[index];
  }

  override equals(other: CelValue): boolean | CelFailure | undefined {
    if (!this.#isStrict) return undefined;
    return other instanceof CelList ? equalLists(this, other) : noSuchOverload;
  }
}

/** `x-kubernetes-list-type: set`: the order does not matter, and adding adds only what is new. */
export class SetJsonList extends JsonList {
  override equals(other: CelValue): boolean | CelFailure {
    if (!(other instanceof CelList)) return noSuchOverload;
    if (other.size !== this.size) return false;
    const mine = new Set(this.#keys(this));
    return this.#keys(other).every((key) => mine.has(key));
  }

  override concat(other: CelList): Evaluated {
    const mine = new Set(this.#keys(this));
    const items = [...this.items];
    for (let index = 0; index < other.size; index++) {
      const key = keyOf(other.at(index));
      if (mine.has(key)) continue;
      mine.add(key);
      items.push(other.rawAt(index));
    }
    return new SetJsonList(items, this.of, this.read);
  }

  #keys(list: CelList): unknown[] {
    return [...list].map(keyOf);
  }
}

/** `x-kubernetes-list-type: map`: items are told apart by the values of their keys. */
export class KeyedJsonList extends JsonList {
  readonly #keys: readonly string[];

  constructor(items: readonly unknown[], of: CelType, read: DataReader, keys: readonly string[]) {
    super(items, of, read);
    this.#keys = keys;
  }

  override equals(other: CelValue): boolean | CelFailure {
    if (!(other instanceof CelList)) return noSuchOverload;
    if (other.size !== this.size) return false;
    const mine = new Map<string, number>();
    for (let index = 0; index < this.size; index++) mine.set(this.#keyOf(this.at(index)), index);
    for (const item of other) {
      const position = mine.get(this.#keyOf(item));
      if (position === undefined) return false;
      const result = equalEvaluated(this.at(position), item);
      if (result !== true) return result;
    }
    return true;
  }

  /** Items of `other` replace those of the same keys where they are, and the rest follow. */
  override concat(other: CelList): Evaluated {
    const items = [...this.items];
    const positions = new Map<string, number>();
    for (let index = 0; index < this.size; index++) positions.set(this.#keyOf(this.at(index)), index);
    for (let index = 0; index < other.size; index++) {
      const position = positions.get(this.#keyOf(other.at(index)));
      if (position === undefined) items.push(other.rawAt(index));
      else items[position] = other.rawAt(index);
    }
    return new KeyedJsonList(items, this.of, this.read, this.#keys);
  }

  #keyOf(item: Evaluated): string {
    if (!(item instanceof CelMap)) return "";
    return JSON.stringify(this.#keys.map((key) => keyOf(item.find(key) ?? null)));
  }
}

/** Something that is the same for equal scalars only. */
function keyOf(value: Evaluated): unknown {
  if (value instanceof CelFailure) return value;
  if (typeof value === "bigint") return `int ${value}`;
  if (typeof value !== "object" || value === null) return value;
  return "value" in value && equal(value, value) === true ? String(value.value) : value;
}
