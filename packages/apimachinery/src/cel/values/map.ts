import type { CelType } from "../types/type.ts";
import { celTypes } from "../types/types.ts";
import { CelDouble, CelFailure, CelObjectValue, CelUint, type CelValue, type Evaluated } from "./value.ts";

const mapType = celTypes.map(celTypes.dyn, celTypes.dyn);

/** A map, or an object of JSON data. */
export abstract class CelMap extends CelObjectValue {
  abstract readonly size: number;
  /** Undefined when there is no such key. */
  abstract find(key: CelValue): Evaluated | undefined;
  abstract keys(): Iterable<CelValue>;

  get celType(): CelType {
    return mapType;
  }
}

/** Equal keys have the same hash, numbers of different types included. Undefined for what cannot be a key. */
export function hashOfKey(key: CelValue): unknown {
  if (key === null || typeof key !== "object") return key;
  if (key instanceof CelUint) return key.value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(key.value) : key.value;
  if (!(key instanceof CelDouble)) return undefined;
  // A key of 2⁵³ and more must meet the same int.
  return Number.isInteger(key.value) && !Number.isSafeInteger(key.value) ? BigInt(key.value) : key.value;
}

interface Entry {
  readonly key: CelValue;
  readonly value: CelValue;
}

/** Made by the expression. */
export class EntryMap extends CelMap {
  readonly entries: ReadonlyMap<unknown, Entry>;

  constructor(entries: ReadonlyMap<unknown, Entry>) {
    super();
    this.entries = entries;
  }

  get size(): number {
    return this.entries.size;
  }

  find(key: CelValue): Evaluated | undefined {
    return this.entries.get(hashOfKey(key))?.value;
  }

  *keys(): Iterable<CelValue> {
    for (const { key } of this.entries.values()) yield key;
  }
}

/** Puts together a map. A later entry replaces an earlier one. */
export class CollectingMap extends CelMap {
  readonly #entries = new Map<unknown, Entry>();

  get size(): number {
    return this.#entries.size;
  }

  find(key: CelValue): Evaluated | undefined {
    return this.#entries.get(hashOfKey(key))?.value;
  }

  *keys(): Iterable<CelValue> {
    for (const { key } of this.#entries.values()) yield key;
  }

  /** Undefined, or what is wrong with the key. */
  set(key: CelValue, value: CelValue): CelFailure | undefined {
    const hash = hashOfKey(key);
    if (hash === undefined) return new CelFailure("unsupported key type");
    this.#entries.set(hash, { key, value });
    return undefined;
  }

  delete(key: CelValue): void {
    this.#entries.delete(hashOfKey(key));
  }

  finish(): EntryMap {
    return new EntryMap(this.#entries);
  }
}
