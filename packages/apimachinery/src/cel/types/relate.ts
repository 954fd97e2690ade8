import type { CelType } from "./type.ts";
import { celTypes } from "./types.ts";

export const errorType: CelType = { kind: "error", name: "!error!", parameters: [] };

export function isDyn(type: CelType): boolean {
  return type.kind === "dyn";
}

/** Whether the type says nothing about the value. */
export function isDynOrError(type: CelType): boolean {
  return type.kind === "dyn" || type.kind === "error";
}

export function isOptionalType(type: CelType): boolean {
  return type.kind === "opaque" && type.name === "optional_type";
}

/** The type within an optional, or the type itself. */
export function unwrapOptional(type: CelType): CelType {
  return isOptionalType(type) ? (type.parameters[0] as CelType) : type;
}

/** The same kind, name and parameters. */
export function isExactType(left: CelType, right: CelType): boolean {
  if (left === right) return true;
  if (left.kind !== right.kind || left.name !== right.name || left.parameters.length !== right.parameters.length) return false;
  return left.parameters.every((parameter, index) => isExactType(parameter, right.parameters[index] as CelType));
}

/** As messages of the type checker write a type: `list(int)`, `timestamp`. */
export function formatType(type: CelType): string {
  const short = shortNames[type.kind];
  if (short !== undefined) return short;
  if (type.parameters.length === 0) return type.name;
  return `${type.name}(${type.parameters.map(formatType).join(", ")})`;
}

const shortNames: Partial<Record<CelType["kind"], string>> = {
  duration: "duration",
  timestamp: "timestamp",
  null: "null",
  error: "!error!",
};

/** As messages about the result write a type: `google.protobuf.Timestamp`, `list(int)`. */
export function describeType(type: CelType): string {
  if (type.kind === "param") return `<${type.name}>`;
  if (type.parameters.length === 0) return type.name;
  return `${type.name}(${type.parameters.map(describeType).join(", ")})`;
}

/** The same type with other parameters. */
export function withParameters(type: CelType, parameters: readonly CelType[]): CelType {
  if (type.kind === "type") return celTypes.type(parameters[0]);
  return parameters.every((parameter, index) => parameter === type.parameters[index]) ? type : { ...type, parameters };
}
