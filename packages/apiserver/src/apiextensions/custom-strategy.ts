import {
  cloneJson,
  deepEqual,
  validateStructural,
  type FieldError,
  type ResourceStrategy,
  type Schema,
  type UnstructuredObject,
} from "@coracle/apimachinery";

/** The strategy of a custom resource; `schema` is its storage version's. */
export function customResourceStrategy(schema: Schema, hasStatus: boolean): ResourceStrategy {
  return {
    allowCreateOnUpdate: false,
    allowUnconditionalUpdate: false,
    prepareForCreate(object) {
      if (hasStatus) delete object["status"];
      object.metadata.generation = 1;
    },
    prepareForUpdate(object, old, { subresource }) {
      if (subresource === "status") keepAllButStatus(object, old);
      else if (hasStatus) keepStatus(object, old);
      const generation = old.metadata.generation ?? 0;
      const isSame = subresource === "status" || deepEqual(specOf(object, hasStatus), specOf(old, hasStatus));
      object.metadata.generation = isSame ? generation : generation + 1;
    },
    validateCreate: (object) => validateStructural(schema, object),
    validateUpdate: (object, old) => newErrors(validateStructural(schema, object), object, old),
  };
}

/** A status write changes the status, and who owns it. */
function keepAllButStatus(object: UnstructuredObject, old: Readonly<UnstructuredObject>): void {
  const status = object["status"];
  const { managedFields } = object.metadata;
  const hasStatus = Object.hasOwn(object, "status");
  const { resourceVersion } = object.metadata;
  for (const name of Object.keys(object)) if (name !== "apiVersion" && name !== "kind") delete object[name];
  for (const [name, value] of Object.entries(old)) if (name !== "apiVersion" && name !== "kind") object[name] = cloneJson(value);
  if (hasStatus) object["status"] = status;
  else delete object["status"];
  if (managedFields !== undefined) object.metadata.managedFields = managedFields;
  else delete object.metadata.managedFields;
  if (resourceVersion !== undefined) object.metadata.resourceVersion = resourceVersion;
}

function keepStatus(object: UnstructuredObject, old: Readonly<UnstructuredObject>): void {
  if (Object.hasOwn(old, "status")) object["status"] = cloneJson(old["status"]);
  else delete object["status"];
}

/** What a change of raises the generation. */
function specOf(object: Readonly<UnstructuredObject>, hasStatus: boolean): Record<string, unknown> {
  const { apiVersion: _a, kind: _k, metadata: _m, status, ...rest } = object;
  return hasStatus ? rest : { ...rest, status };
}

/** Leaves out what was wrong before and has not been touched (KEP-4008), so that a stricter schema does not block every write. */
function newErrors(errors: readonly FieldError[], object: Readonly<UnstructuredObject>, old: Readonly<UnstructuredObject>): FieldError[] {
  return errors.filter((error) => {
    const steps = stepsOf(error.field);
    const parent = steps.slice(0, -1);
    if (parent.length > 0 && deepEqual(at(object, parent), at(old, parent))) return false;
    const value = at(object, steps);
    return value === undefined || !deepEqual(value, at(old, steps));
  });
}

/** `spec.list[0].x` → spec, list, 0, x. */
function stepsOf(field: string): string[] {
  return field.split(/[.[\]]/).filter((step) => step !== "");
}

function at(value: unknown, steps: readonly string[]): unknown {
  let current = value;
  for (const step of steps) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, step)) return undefined;
    current = (current as Record<string, unknown>)[step];
  }
  return current;
}
