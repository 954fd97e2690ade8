import type { Random } from "@coracle/base";
import { fieldsOfMessage, type MessageField } from "./message-types.ts";

type Fields = Record<string, unknown>;

const depthLimit = 7;
const texts = ["a", "kube-system", "x/y", "Größe", "日本", "🚢", "\u0000", " ", 'quo"te', "a".repeat(200)];

/**
 * Random objects of any message type in the one form that they have after Go has read and written them, for tests: no zero values where Go leaves
 * them out, no empty lists or maps, all fields that Go always writes.
 */
export class RandomObjects {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  object(type: string, depth = 0): Fields {
    const target: Fields = {};
    for (const field of fieldsOfMessage(type)) {
      if (field.name === "") Object.assign(target, this.object(field.type, depth + 1));
      else {
        const value = this.#field(field, depth);
        if (value !== undefined) target[field.name] = value;
      }
    }
    return target;
  }

  #field({ type, isPointer, isZeroOmitted, isWrapped }: MessageField, depth: number): unknown {
    const isContainer = type.startsWith("[]") || type.startsWith("{}");
    const mayBeAbsent = isPointer || isContainer || ["bytes", "time", "microTime", "raw", "json", "fieldsV1"].includes(type);
    if (mayBeAbsent && (depth > depthLimit || this.#random.next() < 0.3 + depth / 10)) return undefined;
    const element = type.replace(/^(\[\]|\{\})/, "");
    if (type.startsWith("[]")) return this.#list(() => this.#value(element, depth + 1), 1);
    if (type.startsWith("{}")) return this.#map(() => this.#mapValue(element, isWrapped, depth + 1));
    const value = this.#value(type, depth + 1);
    return isZeroOmitted && !isPointer && (value === "" || value === 0 || value === false) ? undefined : value;
  }

  #mapValue(type: string, isWrapped: boolean, depth: number): unknown {
    return isWrapped ? this.#list(() => this.#value(type.slice(2), depth), 0) : this.#value(type, depth);
  }

  #list(item: () => unknown, least: number): unknown[] {
    return Array.from({ length: this.#integer(least, 3) }, item);
  }

  #map(value: () => unknown): Fields {
    return Object.fromEntries(Array.from({ length: this.#integer(1, 3) }, () => [this.#text(), value()]));
  }

  #value(type: string, depth: number): unknown {
    const special = this.#special(type, depth);
    return special === undefined ? this.object(type, depth) : special();
  }

  #special(type: string, depth: number): (() => unknown) | undefined {
    const one = (choices: readonly (() => unknown)[]) => (): unknown => (choices[this.#integer(0, choices.length - 1)] as () => unknown)();
    const schema = (): unknown => this.object("apiextensions/v1.JSONSchemaProps", depth + 1);
    const values: Readonly<Record<string, () => unknown>> = {
      string: one([() => "", () => this.#text()]),
      bool: () => this.#random.next() < 0.5,
      int32: one([() => 0, () => this.#integer(-(2 ** 31), 2 ** 31 - 1)]),
      int64: one([() => 0, () => this.#integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER), () => this.#integer(0, 300)]),
      double: one([() => 0, () => (this.#random.next() - 0.5) * 1e9]),
      bytes: () => Buffer.from(this.#random.bytes(this.#integer(1, 40))).toString("base64"),
      time: () => this.#time(0),
      microTime: () => this.#time(6),
      quantity: one([() => "0", () => `${this.#integer(1, 999)}Mi`, () => "1500m"]),
      intOrString: one([() => this.#integer(-5, 70_000), () => "http", () => "25%"]),
      raw: () => ({ a: [this.#text(), null, 1.5] }),
      json: one([() => ({ b: {} }), () => [true], () => "text", () => 7]),
      fieldsV1: () => ({ "f:spec": { [`f:${this.#text()}`]: {}, ".": {} } }),
      "apiextensions/v1.JSONSchemaPropsOrArray": one([schema, () => this.#list(schema, 1)]),
      "apiextensions/v1.JSONSchemaPropsOrBool": one([schema, () => true, () => false]),
      "apiextensions/v1.JSONSchemaPropsOrStringArray": one([schema, () => this.#list(() => this.#text(), 1)]),
    };
    return values[type];
  }

  #text(): string {
    return texts[this.#integer(0, texts.length - 1)] as string;
  }

  #integer(least: number, most: number): number {
    return least + Math.floor(this.#random.next() * (most - least + 1));
  }

  #time(digits: 0 | 6): string {
    const whole = new Date(this.#integer(-60_000_000_000, 250_000_000_000) * 1000).toISOString().slice(0, 19);
    return digits === 0 ? `${whole}Z` : `${whole}.${String(this.#integer(0, 999_999)).padStart(6, "0")}Z`;
  }
}
