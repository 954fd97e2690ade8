import { newBadRequest } from "../errors/errors.ts";
import { cloneJson, isPlainObject, setField } from "../meta/deep.ts";

/** JSON Merge Patch (RFC 7386): a new value; neither input is changed. Nulls in the patch delete. */
export function applyMergePatch(original: unknown, patch: unknown): unknown {
  if (!isPlainObject(patch)) throw newBadRequest("Invalid JSON Patch");
  return mergeValue(original, patch);
}

function mergeValue(original: unknown, patch: unknown): unknown {
  if (!isPlainObject(patch)) return cloneJson(patch);
  const merged: Record<string, unknown> = isPlainObject(original) ? (cloneJson(original) as Record<string, unknown>) : {};
  for (const key of Object.keys(patch)) {
    const value = patch[key];
    if (value === null) delete merged[key];
    else setField(merged, key, mergeValue(Object.hasOwn(merged, key) ? merged[key] : undefined, value));
  }
  return merged;
}
