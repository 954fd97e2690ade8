import { isPlainObject, setField } from "@coracle/apimachinery";

export type Fields = Record<string, unknown>;

/** The object below these names; undefined when there is none. */
export function objectAt(object: unknown, ...path: readonly string[]): Fields | undefined {
  let value = object;
  for (const name of path) value = isPlainObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return isPlainObject(value) ? value : undefined;
}

/** The objects of the list below these names. */
export function objectsAt(object: unknown, ...path: readonly string[]): Fields[] {
  const owner = objectAt(object, ...path.slice(0, -1));
  const list = owner?.[path.at(-1) ?? ""];
  return Array.isArray(list) ? list.filter(isPlainObject) : [];
}

/** Gives a field another name. A field of that name that is there already goes. */
export function rename(fields: Fields | undefined, from: string, to: string): void {
  if (fields === undefined || !Object.hasOwn(fields, from)) return;
  setField(fields, to, fields[from]);
  delete fields[from];
}

/** Sets a field that is absent. */
export function setDefault(fields: Fields, name: string, value: unknown): void {
  if (fields[name] === undefined) setField(fields, name, value);
}

/** Sets an annotation, or removes it; an object without annotations has no empty map of them. */
export function setAnnotation(
  object: { metadata: { annotations?: Record<string, string> } },
  name: string,
  value: string | undefined,
): void {
  const { metadata } = object;
  const { [name]: _, ...rest } = metadata.annotations ?? {};
  const annotations = value === undefined ? rest : { ...rest, [name]: value };
  if (Object.keys(annotations).length > 0) metadata.annotations = annotations;
  else delete metadata.annotations;
}
