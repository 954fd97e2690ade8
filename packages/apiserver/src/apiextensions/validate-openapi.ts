import {
  fieldPath,
  forbiddenField,
  indexPath,
  invalidField,
  keyPath,
  requiredField,
  unsupportedField,
  type FieldError,
} from "@coracle/apimachinery";
import { validateRules } from "./validate-rules.ts";
import type { JsonSchemaProps } from "./types.ts";

interface Place {
  readonly path: string;
  readonly isRoot: boolean;
  readonly isInsideMeta: boolean;
  /** Why there may be no default here. */
  readonly forbidsDefaults: string | undefined;
  readonly errors: FieldError[];
}

const types = ["array", "boolean", "integer", "number", "object", "string"];
const metaFields = new Set(["metadata", "kind", "apiVersion"]);

/** Checks what a schema may contain at all, structural or not. Findings in kube-apiserver's words. */
export function validateOpenApi(schema: JsonSchemaProps, path: string): FieldError[] {
  const errors: FieldError[] = [];
  visit(schema, { path, isRoot: true, isInsideMeta: false, forbidsDefaults: undefined, errors });
  return errors;
}

function visit(schema: JsonSchemaProps, place: Place): void {
  checkKeywords(schema, place);
  visitMaps(schema, place);
  const inside = (child: JsonSchemaProps, path: string): void => visit(child, { ...place, path, isRoot: false });
  if (schema.not !== undefined) inside(schema.not, fieldPath(place.path, "not"));
  for (const name of ["allOf", "oneOf", "anyOf"] as const) {
    for (const [index, branch] of (schema[name] ?? []).entries()) inside(branch, indexPath(fieldPath(place.path, name), index));
  }
  if (Array.isArray(schema.items)) {
    for (const [index, item] of schema.items.entries()) inside(item, indexPath(fieldPath(place.path, "items"), index));
  } else if (schema.items !== undefined) {
    inside(schema.items, fieldPath(place.path, "items"));
  }
  checkMapType(schema, place);
  checkListType(schema, place);
  checkListMapKeys(schema, place);
  validateRules(schema, fieldPath(place.path, "x-kubernetes-validations"), place.errors);
}

function checkKeywords(schema: JsonSchemaProps, { path, forbidsDefaults, isInsideMeta, errors }: Place): void {
  const forbid = (name: string, detail: string): void => void errors.push(forbiddenField(fieldPath(path, name), detail));
  const type = schema.type ?? "";
  if (type !== "" && !types.includes(type)) errors.push(unsupportedField(fieldPath(path, "type"), type, types));
  if (schema.default !== undefined && forbidsDefaults !== undefined) forbid("default", `must not be set ${forbidsDefaults}`);
  if ((schema.id ?? "") !== "") forbid("id", "id is not supported");
  if (schema.additionalItems !== undefined) forbid("additionalItems", "additionalItems is not supported");
  if (Object.keys(schema.patternProperties ?? {}).length > 0) forbid("patternProperties", "patternProperties is not supported");
  if (Object.keys(schema.definitions ?? {}).length > 0) forbid("definitions", "definitions is not supported");
  if (schema.dependencies !== undefined) forbid("dependencies", "dependencies is not supported");
  if (schema.$ref !== undefined) forbid("$ref", "$ref is not supported");
  if (type === "null") forbid("type", "type cannot be set to null, use nullable as an alternative");
  if (Array.isArray(schema.items) && schema.items.length > 0) forbid("items", "items must be a schema object and not an array");
  if (isInsideMeta && schema["x-kubernetes-embedded-resource"] === true) {
    forbid("x-kubernetes-embedded-resource", "must not be used inside of resource meta");
  }
  if (schema.uniqueItems === true)
    forbid("uniqueItems", "uniqueItems cannot be set to true since the runtime complexity becomes quadratic");
  const keepsUnknown = schema["x-kubernetes-preserve-unknown-fields"];
  if (keepsUnknown === false) {
    errors.push(invalidField(fieldPath(path, "x-kubernetes-preserve-unknown-fields"), false, "must be true or undefined"));
  }
}

function visitMaps(schema: JsonSchemaProps, place: Place): void {
  const { properties = {}, additionalProperties } = schema;
  if (additionalProperties !== undefined) {
    const path = fieldPath(place.path, "additionalProperties");
    if (Object.keys(properties).length > 0 && additionalProperties !== true) {
      place.errors.push(forbiddenField(path, "additionalProperties and properties are mutual exclusive"));
    }
    const forbidsDefaults = place.isInsideMeta ? "inside additionalProperties applying to object metadata" : place.forbidsDefaults;
    if (typeof additionalProperties === "object") visit(additionalProperties, { ...place, path, isRoot: false, forbidsDefaults });
  }
  for (const [name, child] of Object.entries(properties)) {
    const isMeta = (place.isRoot || schema["x-kubernetes-embedded-resource"] === true) && metaFields.has(name);
    visit(child, {
      ...place,
      path: keyPath(fieldPath(place.path, "properties"), name),
      isRoot: false,
      isInsideMeta: place.isInsideMeta || isMeta,
      forbidsDefaults: place.isRoot && isMeta ? `in top-level ${name}` : place.forbidsDefaults,
    });
  }
}

function requireType(schema: JsonSchemaProps, wanted: string, extension: string, { path, errors }: Place): boolean {
  const type = schema.type ?? "";
  if (type === wanted) return true;
  const at = fieldPath(path, "type");
  const detail = `must be ${wanted} if ${extension} is specified`;
  errors.push(type === "" ? requiredField(at, detail) : invalidField(at, type, detail));
  return false;
}

function checkMapType(schema: JsonSchemaProps, place: Place): void {
  const name = "x-kubernetes-map-type";
  const mapType = schema[name];
  if (mapType === undefined) return;
  requireType(schema, "object", name, place);
  const known = ["atomic", "granular"];
  if (!known.includes(mapType)) place.errors.push(unsupportedField(fieldPath(place.path, name), mapType, known));
}

function checkListType(schema: JsonSchemaProps, place: Place): void {
  const name = "x-kubernetes-list-type";
  const listType = schema[name];
  if (listType === undefined) return;
  const isArray = requireType(schema, "array", name, place);
  const items = Array.isArray(schema.items) ? undefined : schema.items;
  const inner = fieldPath(place.path, "items");
  if (isArray && listType === "set" && items !== undefined) {
    const detail = "must be atomic as item of a list with x-kubernetes-list-type=set";
    const itemType = items[name];
    if (items.type === "array" && itemType !== undefined && itemType !== "atomic") {
      place.errors.push(invalidField(fieldPath(inner, name), itemType, detail));
    } else if (items.type === "object" && items["x-kubernetes-map-type"] !== "atomic") {
      place.errors.push(invalidField(fieldPath(inner, "x-kubernetes-map-type"), itemType ?? null, detail));
    }
  }
  const known = ["atomic", "set", "map"];
  if (!known.includes(listType)) place.errors.push(unsupportedField(fieldPath(place.path, name), listType, known));
  if (items?.nullable === true && (listType === "set" || listType === "map")) {
    place.errors.push(forbiddenField(fieldPath(inner, "nullable"), `cannot be nullable when ${name} is ${listType}`));
  }
}

function checkListMapKeys(schema: JsonSchemaProps, place: Place): void {
  const { path, errors } = place;
  const listType = schema["x-kubernetes-list-type"];
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  if (keys.length > 0 && listType !== "map") {
    const at = fieldPath(path, "x-kubernetes-list-type");
    const detail = "must be map if x-kubernetes-list-map-keys is non-empty";
    errors.push(listType === undefined ? requiredField(at, detail) : invalidField(at, listType, detail));
  }
  if (listType !== "map") return;
  const at = fieldPath(path, "x-kubernetes-list-map-keys");
  if (keys.length === 0) errors.push(requiredField(at, "must not be empty if x-kubernetes-list-type is map"));
  if (schema.items === undefined) {
    errors.push(requiredField(fieldPath(path, "items"), "must have a schema if x-kubernetes-list-type is map"));
    return;
  }
  if (Array.isArray(schema.items)) return;
  const inner = fieldPath(path, "items");
  if (schema.items.type !== "object") {
    const detail = "must be object if parent array's x-kubernetes-list-type is map";
    errors.push(invalidField(fieldPath(inner, "type"), schema.items.type ?? "", detail));
    return;
  }
  checkKeyProperties(schema.items, keys, { ...place, path: inner }, at);
}

function checkKeyProperties(items: JsonSchemaProps, keys: readonly string[], { path, errors }: Place, at: string): void {
  const seen = new Set<string>();
  for (const key of keys) {
    const property = items.properties?.[key];
    if (property === undefined) {
      errors.push(invalidField(at, keys, "entries must all be names of item properties"));
    } else {
      const place = keyPath(fieldPath(path, "properties"), key);
      if (property.type === "array" || property.type === "object") {
        errors.push(invalidField(`${place}.type`, items.type, "must be a scalar type if parent array's x-kubernetes-list-type is map"));
      }
      if (items.required?.includes(key) !== true && property.default === undefined) {
        const detail = "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property";
        errors.push(requiredField(`${place}.default`, detail));
      }
      if (property.nullable === true) {
        errors.push(forbiddenField(`${place}.nullable`, "this property is in x-kubernetes-list-map-keys, so it cannot be nullable"));
      }
    }
    if (seen.has(key)) errors.push(invalidField(at, keys, "must not contain duplicate entries"));
    seen.add(key);
  }
}
