import { goText, invalidField, isPlainObject, type FieldError, type UnstructuredObject } from "@coracle/apimachinery";
import type { CustomResourceVersion } from "./types.ts";

type Scale = NonNullable<NonNullable<CustomResourceVersion["subresources"]>["scale"]>;

const maxReplicas = 2 ** 31 - 1;

/** Checks what the paths of the scale subresource lead to, in upstream's words: replicas are counts, the selector is text. */
export function scaleErrors(scale: Scale, object: Readonly<UnstructuredObject>): FieldError[] {
  const { specReplicasPath, statusReplicasPath, labelSelectorPath } = scale;
  const errors = [replicasError(specReplicasPath, object), replicasError(statusReplicasPath, object)];
  if (labelSelectorPath !== undefined && labelSelectorPath !== null) errors.push(selectorError(labelSelectorPath, object));
  return errors.filter((error) => error !== undefined);
}

function replicasError(path: string, object: Readonly<UnstructuredObject>): FieldError | undefined {
  const { value, problem } = valueAt(path, object);
  if (problem !== undefined) return invalidField(path, 0, problem);
  if (value === undefined) return undefined;
  if (!Number.isInteger(value)) return invalidField(path, 0, accessorError(path, value, "int64"));
  if ((value as number) < 0) return invalidField(path, value, "should be a non-negative integer");
  return (value as number) > maxReplicas ? invalidField(path, value, `should be less than or equal to ${maxReplicas}`) : undefined;
}

function selectorError(path: string, object: Readonly<UnstructuredObject>): FieldError | undefined {
  const { value, problem } = valueAt(path, object);
  if (problem !== undefined) return invalidField(path, "", problem);
  if (value === undefined || typeof value === "string") return undefined;
  return invalidField(path, "", accessorError(path, value, "string"));
}

function valueAt(path: string, object: Readonly<UnstructuredObject>): { readonly value?: unknown; readonly problem?: string } {
  let value: unknown = object;
  let walked = "";
  for (const name of path.replace(/^\./, "").split(".")) {
    walked += `.${name}`;
    if (value === null) return {};
    if (!isPlainObject(value)) return { problem: accessorError(walked, value, "map[string]interface{}") };
    if (!Object.hasOwn(value, name)) return {};
    value = value[name];
  }
  return { value };
}

function accessorError(path: string, value: unknown, expected: string): string {
  return `${path} accessor error: ${goText(value)} is of the type ${goType(value)}, expected ${expected}`;
}

function goType(value: unknown): string {
  if (value === null) return "<nil>";
  if (Array.isArray(value)) return "[]interface {}";
  if (typeof value === "number") return Number.isInteger(value) ? "int64" : "float64";
  if (typeof value === "boolean") return "bool";
  return typeof value === "string" ? "string" : "map[string]interface {}";
}
