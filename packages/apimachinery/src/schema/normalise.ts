import { canonicalQuantity } from "../quantity/quantity.ts";
import { cloneJson, isPlainObject, setField } from "../meta/deep.ts";
import { formatDuration, parseDuration } from "../time/duration.ts";
import { canonicalMicroTime, canonicalTime } from "../time/time.ts";
import { DecodeError, unmarshalError } from "./decode-error.ts";
import { formatPath } from "./prune.ts";
import type { Schema } from "./schema.ts";

/** What {@link normalise} found besides the value. */
export interface Normalised {
  /** The same object as was passed in, changed. */
  readonly value: unknown;
  /** Paths of the fields that the schema does not know; they are gone. At most a hundred. */
  readonly unknownFields: readonly string[];
}

const unknownLimit = 100;

export interface NormaliseOptions {
  /** Keeps zeros and empty lists and maps that Go would leave out, and adds none: who applies them means them. Defaults to false. */
  readonly keepsZeros?: boolean;
}

interface Walk {
  readonly root: Schema;
  readonly keepsZeros: boolean;
  readonly path: (string | number)[];
  readonly unknown: string[];
}

type Normaliser = (value: unknown, walk: Walk) => unknown;

const compiled = new WeakMap<Schema, Normaliser>();

/**
 * Gives decoded JSON the form it has after upstream's Go types have read and written it: unknown fields and nulls go, empty lists
 * and maps go unless the field is required, quantities, times and durations become canonical, fields that are always written get
 * their zeros. `value` is changed in place.
 * For built-in kinds only; custom resources are pruned and validated instead.
 *
 * Throws {@link DecodeError} where a value has the wrong type.
 */
export function normalise(schema: Schema, value: unknown, { keepsZeros = false }: NormaliseOptions = {}): Normalised {
  const walk: Walk = { root: schema, keepsZeros, path: [], unknown: [] };
  return { value: normaliserOf(schema)(value, walk), unknownFields: walk.unknown };
}

function normaliserOf(schema: Schema): Normaliser {
  let run = compiled.get(schema);
  if (run === undefined) {
    run = compile(schema);
    compiled.set(schema, run);
  }
  return run;
}

function compile(schema: Schema): Normaliser {
  if (schema.isIntOrString) return intOrString;
  switch (schema.type) {
    case "any":
      return (value) => value;
    case "string":
      return compileString(schema.format);
    case "integer":
      return integer(schema.format === "int64" ? Number.MAX_SAFE_INTEGER : 2 ** 31 - 1);
    case "number":
      return ofType("number");
    case "boolean":
      return ofType("boolean");
    case "array":
      return array(schema.items);
    case "object":
      return object(schema);
  }
}

function fail(value: unknown, walk: Walk): never {
  throw unmarshalError(walk.root, walk.path, value);
}

function ofType(type: "string" | "number" | "boolean"): Normaliser {
  return (value, walk) => (typeof value === type ? value : fail(value, walk));
}

/** Integers beyond 2^53 − 1 are refused: a double cannot hold them all. */
function integer(largest: number): Normaliser {
  const least = largest === Number.MAX_SAFE_INTEGER ? -largest : -largest - 1;
  return (value, walk) => {
    if (typeof value !== "number" || !Number.isInteger(value) || value > largest || value < least) return fail(value, walk);
    return value;
  };
}

function intOrString(value: unknown, walk: Walk): unknown {
  if (typeof value === "string") return value;
  if (typeof value === "number" && Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31) return value;
  return fail(value, walk);
}

function compileString(format: string | undefined): Normaliser {
  switch (format) {
    case "quantity":
      return (value) => converted(canonicalQuantity, typeof value === "number" ? value : typeof value === "string" ? value : "");
    case "date-time":
      return text(canonicalTime);
    case "micro-time":
      return text(canonicalMicroTime);
    case "duration":
      return text((value) => formatDuration(parseDuration(value)));
    case "byte":
      return (value, walk) => (typeof value === "string" ? converted(checkBase64, value) : fail(value, walk));
    default:
      return ofType("string");
  }
}

function text(convert: (value: string) => string): Normaliser {
  return (value, walk) => (typeof value === "string" ? converted(convert, value) : fail(value, walk));
}

/** The formats' own errors become decoding errors, with their text. */
function converted<T>(convert: (value: T) => string, value: T): string {
  try {
    return convert(value);
  } catch (error) {
    throw new DecodeError((error as Error).message, { cause: error });
  }
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Line breaks are allowed and dropped, as Go does. */
function checkBase64(value: string): string {
  const plain = value.includes("\n") || value.includes("\r") ? value.replaceAll(/[\r\n]/g, "") : value;
  if (base64.test(plain)) return plain;
  const bad = /[^A-Za-z0-9+/]/.exec(plain);
  throw new Error(`illegal base64 data at input byte ${bad?.index ?? Math.max(0, plain.length - (plain.length % 4 || 4))}`);
}

function array(items: Schema | undefined): Normaliser {
  let run: Normaliser | undefined;
  return (value, walk) => {
    if (!Array.isArray(value)) return fail(value, walk);
    if (items === undefined) return value;
    run ??= normaliserOf(items);
    const depth = walk.path.length;
    for (let index = 0; index < value.length; index++) {
      walk.path[depth] = index;
      value[index] = run(value[index] ?? zeroOf(items), walk);
    }
    walk.path.length = depth;
    return value;
  };
}

/** What Go makes of a null inside a list or a map. */
function zeroOf(schema: Schema): unknown {
  switch (schema.type) {
    case "string":
      return schema.format === "quantity" ? "0" : "";
    case "integer":
    case "number":
      return 0;
    case "boolean":
      return false;
    case "object":
      return {};
    default:
      return null;
  }
}

interface Field {
  readonly schema: Schema;
  /** An empty list or map, and a zero where the schema says so, is as good as none. */
  readonly dropsEmpty: boolean;
  readonly dropsZero: boolean;
  run?: Normaliser;
}

function object(schema: Schema): Normaliser {
  const { properties, additionalProperties } = schema;
  if (properties === undefined && additionalProperties === undefined)
    return (value, walk) => (isPlainObject(value) ? value : fail(value, walk));
  const fields = new Map<string, Field>();
  for (const [name, property] of Object.entries(properties ?? {})) {
    const isRequired = schema.required?.includes(name) === true;
    const isMap = property.type === "object" && property.properties === undefined && property.additionalProperties !== undefined;
    const isCollection = property.type === "array" || isMap;
    const dropsEmpty = !isRequired && isCollection;
    fields.set(name, { schema: property, dropsEmpty, dropsZero: property.isZeroOmitted === true });
  }
  const entry: Field | undefined = additionalProperties && { schema: additionalProperties, dropsEmpty: false, dropsZero: false };
  const keepsUnknown = schema.preserveUnknownFields === true;
  let fillZeros: ((target: Record<string, unknown>) => void) | undefined;
  return (value, walk) => {
    if (!isPlainObject(value)) return fail(value, walk);
    const depth = walk.path.length;
    for (const key of Object.keys(value)) {
      const field = fields.get(key) ?? entry;
      if (field !== undefined) {
        walk.path[depth] = key;
        normaliseField(value, key, { field, isEntry: field === entry }, walk);
      } else if (!keepsUnknown) {
        walk.path[depth] = key;
        if (walk.unknown.length < unknownLimit) walk.unknown.push(formatPath(walk.path));
        delete value[key];
      }
    }
    walk.path.length = depth;
    if (!walk.keepsZeros) (fillZeros ??= zeroFiller(schema))(value);
    return value;
  };
}

/** Sets the fields that are always written and absent, those inside structs included. */
function zeroFiller(schema: Schema): (target: Record<string, unknown>) => void {
  const zeros = Object.entries(schema.properties ?? {}).filter(([, { zero }]) => zero !== undefined);
  const plain = zeros.map(([name, property]) => [name, zeroValue(property)] as const);
  return (target) => {
    for (const [name, value] of plain) if (target[name] === undefined) target[name] = typeof value === "object" ? cloneJson(value) : value;
  };
}

/** What an absent field of this schema is written as, `undefined` if it is left out. */
export function zeroValue(schema: Schema): unknown {
  if (!isPlainObject(schema.zero)) return schema.zero;
  const value: Record<string, unknown> = {};
  zeroFiller(schema)(value);
  return value;
}

function normaliseField(target: Record<string, unknown>, key: string, at: { field: Field; isEntry: boolean }, walk: Walk): void {
  const { field } = at;
  const before = target[key];
  if (before === null || before === undefined) {
    if (at.isEntry && before === null) setField(target, key, zeroOf(field.schema));
    else delete target[key];
    return;
  }
  field.run ??= normaliserOf(field.schema);
  const after = field.run(before, walk);
  const isNothing = (field.dropsEmpty && isEmptyCollection(after)) || (field.dropsZero && (after === "" || after === 0 || after === false));
  if (isNothing && !walk.keepsZeros) delete target[key];
  else if (after !== before) setField(target, key, after);
}

function isEmptyCollection(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  for (const key in value as object) if (Object.hasOwn(value as object, key)) return false;
  return true;
}
