/**
 * How a type behaves; `opaque` types have functions only, `param` types stand for a type still to be found, `error` is what an expression
 * has that does not fit (and never the type of a program).
 */
export type CelKind =
  | "dyn"
  | "null"
  | "bool"
  | "int"
  | "uint"
  | "double"
  | "string"
  | "bytes"
  | "timestamp"
  | "duration"
  | "list"
  | "map"
  | "object"
  | "opaque"
  | "type"
  | "param"
  | "error";

/** The fields of an object type. `any` types (of `Object{}`) answer for every name. */
export interface CelFields {
  get(name: string): CelType | undefined;
  /** The names, as expressions write them; nothing for types that accept every name. */
  names(): Iterable<string>;
}

/** A type of the Common Expression Language. Types are immutable and may be recursive through `fields`. */
export interface CelType {
  readonly kind: CelKind;
  /** As messages and `type(x)` write it, without parameters: `int`, `list`, `google.protobuf.Timestamp`, `kubernetes.Quantity`. */
  readonly name: string;
  /** Of lists, maps, `optional_type` and `type`. */
  readonly parameters: readonly CelType[];
  /** Of object types. */
  readonly fields?: CelFields;
  /** The most characters, bytes, items or entries a value may have, for the estimated cost. Absent means 0, as upstream has it. */
  readonly maxElements?: number;
  /** How JSON data of this type is read where that differs from what `kind` says. */
  readonly json?: CelJsonForm;
}

/** What a schema says of JSON data beyond its type. */
export interface CelJsonForm {
  readonly format?: "byte" | "date" | "date-time" | "duration";
  readonly listType?: "set" | "map";
  readonly listMapKeys?: readonly string[];
  readonly isNullable?: boolean;
  readonly isIntOrString?: boolean;
  /** Field names are escaped in expressions (`__namespace__`) and not in the data. */
  readonly isEscaped?: boolean;
  /** Property names mapped to the types of properties that expressions cannot see. They still take part in equality. */
  readonly typeOfKey?: (key: string) => CelType | undefined;
}
