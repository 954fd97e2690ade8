import { escapeField, unescapeField } from "../escaping.ts";
import type { CelType } from "../types/type.ts";
import { deepEqual } from "../../meta/deep.ts";
import { equalEvaluated } from "./equality.ts";
import type { DataReader } from "./json-list.ts";
import { CelMap } from "./map.ts";
import { CelFailure, noSuchOverload, type CelValue, type Evaluated } from "./value.ts";

type Data = Readonly<Record<string, unknown>>;

/** A map of JSON data: any string may be a key. */
export class JsonMap extends CelMap {
  readonly data: Data;
  readonly of: CelType;
  readonly #read: DataReader;
  #size: number | undefined;

  constructor(data: object, of: CelType, read: DataReader) {
    super();
    this.#read = read;
    this.data = data as Data;
    this.of = of;
  }

  get size(): number {
    this.#size ??= Object.keys(this.data).length;
    return this.#size;
  }

  find(key: CelValue): Evaluated | undefined {
    if (typeof key !== "string" || !Object.hasOwn(this.data, key)) return undefined;
    const value = this.data[key];
    return value === undefined ? undefined : this.#read(value, this.of);
  }

  keys(): Iterable<CelValue> {
    return Object.keys(this.data);
  }
}

/** An object whose type says which fields it has. What is null there is absent. */
export class JsonObject extends CelMap {
  readonly data: Data;
  readonly type: CelType;
  readonly #read: DataReader;
  #size: number | undefined;

  constructor(data: object, type: CelType, read: DataReader) {
    super();
    this.#read = read;
    this.data = data as Data;
    this.type = type;
  }

  get size(): number {
    this.#size ??= Object.keys(this.data).length;
    return this.#size;
  }

  find(key: CelValue): Evaluated | undefined {
    if (typeof key !== "string") return noSuchOverload;
    const field = this.type.fields?.get(key);
    if (field === undefined) return undefined;
    const name = this.type.json?.isEscaped === true ? unescapeField(key) : key;
    if (name === undefined || !Object.hasOwn(this.data, name)) return undefined;
    const value = this.data[name];
    return value === null || value === undefined ? undefined : this.#read(value, field);
  }

  *keys(): Iterable<CelValue> {
    for (const name of Object.keys(this.data)) {
      const key = this.type.json?.isEscaped === true ? escapeField(name) : name;
      if (key !== undefined && this.type.fields?.get(key) !== undefined) yield key;
    }
  }

  /** Fields that the type does not know take part as plain data. */
  override equals(other: CelValue): boolean | CelFailure {
    if (!(other instanceof CelMap)) return noSuchOverload;
    if (other.size !== this.size) return false;
    for (const name of Object.keys(this.data)) {
      const key = this.type.json?.isEscaped === true ? escapeField(name) : name;
      const isKnown = key !== undefined && this.type.fields?.get(key) !== undefined;
      const result = isKnown ? this.#equalField(key, other) : this.#equalData(name, other);
      if (result !== true) return result;
    }
    return true;
  }

  #equalField(key: string, other: CelMap): boolean | CelFailure {
    const [mine, theirs] = [this.find(key), other.find(key)];
    if (mine === undefined || theirs === undefined) return mine === theirs;
    return equalEvaluated(mine, theirs);
  }

  #equalData(name: string, other: CelMap): boolean | CelFailure {
    if (!(other instanceof JsonObject)) return noSuchOverload;
    return !Object.hasOwn(other.data, name) || deepEqual(this.data[name], other.data[name]);
  }
}
