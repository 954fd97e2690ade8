/** A copy of JSON data that shares nothing with the original. Several times faster than `structuredClone`. */
export function cloneJson<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const copy = Array.from({ length: value.length }) as unknown[];
    for (let index = 0; index < value.length; index++) copy[index] = cloneJson(value[index] as unknown);
    return copy as T;
  }
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) setField(copy, key, cloneJson((value as Record<string, unknown>)[key]));
  return copy as T;
}

/** {@link cloneJson} under the name that callers with an API object in hand look for. */
export function cloneObject<T>(object: Readonly<T>): T {
  return cloneJson(object) as T;
}

/** Sets an own field even when it is called `__proto__`, which assignment would not. */
export function setField(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    target[key] = value;
  }
}

/** Whether `value` is a JSON object (neither null nor an array). */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Equality of JSON data. A field that is `undefined` equals an absent one; the order of fields does not matter. */
export function deepEqual(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) {
    return Number.isNaN(left) && Number.isNaN(right);
  }
  if (Array.isArray(left)) {
    if (!Array.isArray(right) || left.length !== right.length) return false;
    return left.every((item, index) => deepEqual(item, right[index]));
  }
  return !Array.isArray(right) && objectsEqual(left as Record<string, unknown>, right as Record<string, unknown>);
}

function objectsEqual(left: Record<string, unknown>, right: Record<string, unknown>): boolean {
  let present = 0;
  for (const key of Object.keys(left)) {
    const value = left[key];
    if (value === undefined) continue;
    present++;
    if (!Object.hasOwn(right, key) || !deepEqual(value, right[key])) return false;
  }
  for (const key of Object.keys(right)) if (right[key] !== undefined) present--;
  return present === 0;
}

/** Like {@link deepEqual}, but absent, null, `{}`, `[]` and `""` are all the same (upstream's `equality.Semantic`). */
export function semanticEqual(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (isEmptyValue(left)) return isEmptyValue(right);
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false;
  if (Array.isArray(left)) {
    return Array.isArray(right) && left.length === right.length && left.every((item, index) => semanticEqual(item, right[index]));
  }
  if (Array.isArray(right)) return false;
  const leftFields = left as Record<string, unknown>;
  const rightFields = right as Record<string, unknown>;
  for (const key of Object.keys(leftFields)) if (!semanticEqual(leftFields[key], own(rightFields, key))) return false;
  for (const key of Object.keys(rightFields)) if (!Object.hasOwn(leftFields, key) && !isEmptyValue(rightFields[key])) return false;
  return true;
}

function own(fields: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(fields, key) ? fields[key] : undefined;
}

function isEmptyValue(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return true;
  if (typeof value !== "object") return false;
  if (Array.isArray(value)) return value.length === 0;
  for (const key in value) if (Object.hasOwn(value, key)) return false;
  return true;
}
