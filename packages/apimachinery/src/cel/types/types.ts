import type { CelFields, CelKind, CelType } from "./type.ts";

const none: readonly CelType[] = [];

function simple(kind: CelKind, name: string): CelType {
  return { kind, name, parameters: none };
}

/** Of types that have functions only. */
export const noFields: CelFields = { get: () => undefined, names: () => [] };

/** A type that has functions and no fields. */
function closed(name: string): CelType {
  return { kind: "object", name, parameters: none, fields: noFields };
}

const dyn = simple("dyn", "dyn");

/** The types that expressions know, and the makers of those with parameters. */
export const celTypes = {
  dyn,
  null: simple("null", "null_type"),
  bool: simple("bool", "bool"),
  int: simple("int", "int"),
  uint: simple("uint", "uint"),
  double: simple("double", "double"),
  string: simple("string", "string"),
  bytes: simple("bytes", "bytes"),
  timestamp: simple("timestamp", "google.protobuf.Timestamp"),
  duration: simple("duration", "google.protobuf.Duration"),

  quantity: closed("kubernetes.Quantity"),
  url: closed("kubernetes.URL"),
  ip: simple("opaque", "net.IP"),
  cidr: simple("opaque", "net.CIDR"),
  semver: closed("kubernetes.Semver"),
  format: closed("kubernetes.NamedFormat"),
  authorizer: closed("kubernetes.authorization.Authorizer"),
  pathCheck: closed("kubernetes.authorization.PathCheck"),
  groupCheck: closed("kubernetes.authorization.GroupCheck"),
  resourceCheck: closed("kubernetes.authorization.ResourceCheck"),
  decision: closed("kubernetes.authorization.Decision"),

  /** `maxItems` is for the estimated cost. */
  list: (of: CelType, maxItems?: number): CelType => ({ kind: "list", name: "list", parameters: [of], ...sized(maxItems) }),
  /** `maxProperties` is for the estimated cost. */
  map: (key: CelType, value: CelType, maxProperties?: number): CelType => ({
    kind: "map",
    name: "map",
    parameters: [key, value],
    ...sized(maxProperties),
  }),
  optional: (of: CelType): CelType => ({ kind: "opaque", name: "optional_type", parameters: [of] }),
  /** The type of a type: `type(1)` is of `type(int)`. */
  type: (of?: CelType): CelType => ({ kind: "type", name: "type", parameters: of === undefined ? none : [of] }),
  /** A type parameter of a function's declaration. */
  param: (name: string): CelType => simple("param", name),
  /** An object with named fields; names as expressions write them. `fields` may be computed, for recursive types. */
  object: (name: string, fields: Readonly<Record<string, CelType>> | CelFields): CelType => ({
    kind: "object",
    name,
    parameters: none,
    fields: isFields(fields) ? fields : fieldsOf(fields),
  }),
} as const;

function sized(maxElements: number | undefined): { readonly maxElements?: number } {
  return maxElements === undefined ? {} : { maxElements };
}

function isFields(fields: Readonly<Record<string, CelType>> | CelFields): fields is CelFields {
  return typeof fields["get"] === "function" && typeof fields["names"] === "function";
}

function fieldsOf(fields: Readonly<Record<string, CelType>>): CelFields {
  return {
    get: (name) => (Object.hasOwn(fields, name) ? fields[name] : undefined),
    names: () => Object.keys(fields),
  };
}
