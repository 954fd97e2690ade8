import { deepEqual, type FieldError, type UnstructuredObject } from "@coracle/apimachinery";

/**
 * Leaves out the findings in what was the same before (KEP-4008), so that a schema that has become stricter does not block every write. Both
 * objects are in the version whose schema was used.
 */
export function withoutOldMistakes(
  errors: readonly FieldError[],
  object: Readonly<UnstructuredObject>,
  old: Readonly<UnstructuredObject>,
): FieldError[] {
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
