import { newBadRequest } from "../errors/errors.ts";
import { isPlainObject } from "../meta/deep.ts";
import { formatGvk, gvkOf } from "../meta/gvk.ts";
import type { UnstructuredObject } from "../meta/types.ts";
import type { Schema } from "../schema/schema.ts";
import { fieldElement, formatElement } from "./path-element.ts";
import { elementOf } from "./list-items.ts";
import { deducedSchema, fieldSchema, fitsShape, shapeOf } from "./shape.ts";

const findingsLimit = 10;

/** Refuses a configuration that the schema cannot type: undeclared fields, list items without or with the same keys. */
export function checkTyped(schema: Schema, applied: Readonly<UnstructuredObject>): void {
  const text = typingProblems(schema, applied);
  if (text === undefined) return;
  const { name = "", namespace = "" } = applied.metadata;
  const what = `${namespace}/${name}; ${formatGvk(gvkOf(applied))}`;
  const message = `failed to create typed patch object (${what}): ${text}`;
  // Upstream answers 500, which has clients try again what can never work.
  throw newBadRequest(message);
}

/** Why the schema cannot type a configuration, in upstream's words; undefined when it can. */
export function typingProblems(schema: Schema, applied: Readonly<Record<string, unknown>>): string | undefined {
  const findings: string[] = [];
  for (const name of Object.keys(applied)) {
    if (name !== "apiVersion" && name !== "kind" && name !== "metadata") checkField(schema, name, applied[name], { path: "", findings });
  }
  if (findings.length === 0) return undefined;
  return findings.length === 1 ? findings[0] : `errors:\n  ${findings.join("\n  ")}`;
}

interface Place {
  readonly path: string;
  readonly findings: string[];
}

function checkField(schema: Schema, name: string, value: unknown, place: Place): void {
  const path = place.path + formatElement(fieldElement(name));
  const isDeclared =
    (schema.properties !== undefined && Object.hasOwn(schema.properties, name)) || schema.additionalProperties !== undefined;
  if (!isDeclared && schema.preserveUnknownFields !== true && schema.type !== "any") {
    if (place.findings.length < findingsLimit) place.findings.push(`${path}: field not declared in schema`);
    return;
  }
  checkValue(fieldSchema(schema, name), value, { path, findings: place.findings });
}

function checkValue(schema: Schema, value: unknown, place: Place): void {
  const shape = shapeOf(schema);
  if (shape === "leaf" || value === null || value === undefined) return;
  if (!fitsShape(shape, value)) {
    // Nobody said that it is a map: scalars and lists without a schema are leaves.
    if (schema.type === "any") return;
    const found = Array.isArray(value) ? "list" : isPlainObject(value) ? "map" : "scalar";
    place.findings.push(
      `${place.path}: expected ${shape === "map" ? "map" : "list"}, got ${found === "scalar" ? goForm(value) : `&{${found}}`}`,
    );
    return;
  }
  if (shape === "map") {
    for (const name of Object.keys(value)) checkField(schema, name, (value as Record<string, unknown>)[name], place);
    return;
  }
  checkItems(schema, value as unknown[], place);
}

function goForm(value: unknown): string {
  return `&{${typeof value === "string" ? value : JSON.stringify(value)}}`;
}

function checkItems(schema: Schema, items: readonly unknown[], place: Place): void {
  const seen = new Set<string>();
  for (const [index, item] of items.entries()) {
    const element = elementOf(schema, item, index);
    if (element.startsWith("i:")) {
      const keys = (schema.listMapKeys ?? []).map((key) => JSON.stringify(key)).join(", ");
      const which = (schema.listMapKeys?.length ?? 0) === 1 ? `key field ${keys}` : `all key fields ${keys}`;
      const detail = `associative list with keys has an element that omits ${which} (and doesn't have default value)`;
      place.findings.push(`${place.path}: element ${index}: ${detail}`);
      continue;
    }
    if (seen.has(element)) place.findings.push(`${place.path}: duplicate entries for key ${formatElement(element)}`);
    seen.add(element);
    if (place.findings.length >= findingsLimit) return;
    checkValue(schema.items ?? deducedSchema, item, { path: place.path + formatElement(element), findings: place.findings });
  }
}
