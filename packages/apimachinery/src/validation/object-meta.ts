import { semanticEqual } from "../meta/deep.ts";
import { parseApiVersion, type ManagedFieldsEntry, type ObjectMeta, type OwnerReference } from "../meta/types.ts";
import type { FieldError } from "./field-error.ts";
import { forbiddenField, invalidField, requiredField, tooLongField } from "./field-errors.ts";
import { dnsLabelErrors, dnsSubdomainErrors, labelValueErrors, nameRule, qualifiedNameErrors } from "./names.ts";

/** All keys and values of an object's annotations together, in bytes. */
export const annotationsLimitBytes = 256 * 1024;
/** What {@link validateImmutable} says. */
export const immutableMessage = "field is immutable";
const managerLimitBytes = 128;
const subresourceLimitBytes = 256;

export interface ObjectMetaRules {
  readonly isNamespaced: boolean;
  /** Defaults to a DNS-1123 subdomain. */
  readonly validateName?: ((name: string, isPrefix: boolean) => readonly string[]) | undefined;
}

const defaultNameRule = nameRule(dnsSubdomainErrors);

/** Findings in the metadata of an object that is created; its name has been generated already. */
export function validateObjectMeta(meta: Readonly<ObjectMeta>, rules: ObjectMetaRules, path = "metadata"): FieldError[] {
  const validateName = rules.validateName ?? defaultNameRule;
  const errors: FieldError[] = [];
  const { generateName = "", name = "" } = meta;
  if (generateName !== "") {
    for (const detail of validateName(generateName, true)) errors.push(invalidField(`${path}.generateName`, generateName, detail));
  }
  if (name === "") errors.push(requiredField(`${path}.name`, "name or generateName is required"));
  else for (const detail of validateName(name, false)) errors.push(invalidField(`${path}.name`, name, detail));
  validateNamespace(meta, rules.isNamespaced, path, errors);
  if ((meta.generation ?? 0) < 0) {
    errors.push(invalidField(`${path}.generation`, meta.generation, "must be greater than or equal to 0"));
  }
  validateCommon(meta, path, errors);
  return errors;
}

/** Findings in the metadata of an object that takes the place of `old`. */
export function validateObjectMetaUpdate(meta: Readonly<ObjectMeta>, old: Readonly<ObjectMeta>, path = "metadata"): FieldError[] {
  const errors: FieldError[] = [];
  if (old.deletionTimestamp) {
    const added = [...new Set(meta.finalizers)].filter((name) => !old.finalizers?.includes(name)).sort();
    if (added.length > 0) {
      const list = `[]string{${added.map((name) => JSON.stringify(name)).join(", ")}}`;
      const detail = `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`;
      errors.push(forbiddenField(`${path}.finalizers`, detail));
    }
  }
  if (!meta.resourceVersion) errors.push(invalidField(`${path}.resourceVersion`, "", "must be specified for an update"));
  if ((meta.generation ?? 0) < (old.generation ?? 0)) {
    errors.push(invalidField(`${path}.generation`, meta.generation ?? 0, "must not be decremented"));
  }
  const immutable = ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"] as const;
  for (const field of immutable) errors.push(...validateImmutable(meta[field], old[field], `${path}.${field}`));
  validateCommon(meta, path, errors);
  return errors;
}

/** A finding when the two values differ. */
export function validateImmutable(value: unknown, old: unknown, field: string): FieldError[] {
  return semanticEqual(value, old) ? [] : [invalidField(field, value, immutableMessage)];
}

function validateNamespace(meta: Readonly<ObjectMeta>, isNamespaced: boolean, path: string, errors: FieldError[]): void {
  const { namespace = "" } = meta;
  const field = `${path}.namespace`;
  if (!isNamespaced) {
    if (namespace !== "") errors.push(forbiddenField(field, "not allowed on this type"));
  } else if (namespace === "") {
    errors.push(requiredField(field));
  } else {
    for (const detail of dnsLabelErrors(namespace)) errors.push(invalidField(field, namespace, detail));
  }
}

function validateCommon(meta: Readonly<ObjectMeta>, path: string, errors: FieldError[]): void {
  if (meta.labels) errors.push(...validateLabels(meta.labels, `${path}.labels`));
  if (meta.annotations) errors.push(...validateAnnotations(meta.annotations, `${path}.annotations`));
  if (meta.ownerReferences) errors.push(...validateOwnerReferences(meta.ownerReferences, `${path}.ownerReferences`));
  if (meta.finalizers) errors.push(...validateFinalizers(meta.finalizers, `${path}.finalizers`));
  if (meta.managedFields) errors.push(...validateManagedFields(meta.managedFields, `${path}.managedFields`));
}

/** Findings in a map of labels. */
export function validateLabels(labels: Readonly<Record<string, string>>, field: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const key of Object.keys(labels)) {
    const value = labels[key] as string;
    for (const detail of qualifiedNameErrors(key)) errors.push(invalidField(field, key, detail));
    for (const detail of labelValueErrors(value)) errors.push(invalidField(field, value, detail));
  }
  return errors;
}

/** Findings in a map of annotations: keys as for labels but in any case, and a total size. */
export function validateAnnotations(annotations: Readonly<Record<string, string>>, field: string): FieldError[] {
  const errors: FieldError[] = [];
  let characters = 0;
  for (const key of Object.keys(annotations)) {
    characters += key.length + (annotations[key] as string).length;
    for (const detail of qualifiedNameErrors(key.toLowerCase())) errors.push(invalidField(field, key, detail));
  }
  // One UTF-16 unit is at most three bytes of UTF-8, so few objects need the exact count.
  if (characters * 3 > annotationsLimitBytes) {
    const encoder = new TextEncoder();
    let bytes = 0;
    for (const [key, value] of Object.entries(annotations)) bytes += encoder.encode(key).length + encoder.encode(value).length;
    if (bytes > annotationsLimitBytes) errors.push(tooLongField(field, annotationsLimitBytes));
  }
  return errors;
}

/** Findings in owner references; at most one may be the controller. */
export function validateOwnerReferences(references: readonly OwnerReference[], field: string): FieldError[] {
  const errors: FieldError[] = [];
  let controller = "";
  for (const reference of references) {
    const { version } = parseApiVersion(reference.apiVersion ?? "");
    if (version === "") errors.push(invalidField(`${field}.apiVersion`, reference.apiVersion ?? "", "version must not be empty"));
    for (const name of ["kind", "name", "uid"] as const) {
      if (!reference[name]) errors.push(invalidField(`${field}.${name}`, "", "must not be empty"));
    }
    if (reference.apiVersion === "v1" && reference.kind === "Event") {
      errors.push(invalidField(field, reference, "/v1, Kind=Event is disallowed from being an owner"));
    }
    if (reference.controller !== true) continue;
    const current = `${reference.kind}/${reference.name}`;
    if (controller === "") controller = current;
    else {
      const found = `Found "true" in references for ${controller} and ${current}`;
      errors.push(invalidField(field, references, `Only one reference can have Controller set to true. ${found}`));
    }
  }
  return errors;
}

/** Findings in finalizers. */
export function validateFinalizers(finalizers: readonly string[], field: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of finalizers) for (const detail of qualifiedNameErrors(name)) errors.push(invalidField(field, name, detail));
  if (finalizers.includes("orphan") && finalizers.includes("foregroundDeletion")) {
    errors.push(invalidField(field, finalizers, "finalizer orphan and foregroundDeletion cannot be both set"));
  }
  return errors;
}

function validateManagedFields(entries: readonly ManagedFieldsEntry[], field: string): FieldError[] {
  const errors: FieldError[] = [];
  entries.forEach((entry, index) => {
    const at = `${field}[${index}]`;
    if (entry.operation !== "Apply" && entry.operation !== "Update") {
      errors.push(invalidField(`${at}.operation`, entry.operation ?? "", "must be `Apply` or `Update`"));
    }
    if (entry.fieldsType && entry.fieldsType !== "FieldsV1") {
      errors.push(invalidField(`${at}.fieldsType`, entry.fieldsType, "must be `FieldsV1`"));
    }
    errors.push(...validateFieldManager(entry.manager ?? "", `${at}.manager`));
    if ((entry.subresource ?? "").length > subresourceLimitBytes) errors.push(tooLongField(`${at}.subresource`, subresourceLimitBytes));
  });
  return errors;
}

/** Findings in the name of a field manager, which is also the `fieldManager` parameter. */
export function validateFieldManager(manager: string, field: string): FieldError[] {
  if (manager.length > managerLimitBytes) return [tooLongField(field, managerLimitBytes)];
  // The bound above keeps this to one short pass.
  return /^[\P{C}]*$/u.test(manager) ? [] : [invalidField(field, manager, "should only contain printable characters")];
}
