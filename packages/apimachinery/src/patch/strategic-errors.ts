import { newBadRequest } from "../errors/errors.ts";
import { newGenericServerResponse } from "../errors/generic-response.ts";
import type { StatusError } from "../errors/status-error.ts";
import { isPlainObject } from "../meta/deep.ts";

/** 400: the patch itself is malformed. */
export function badFormat(what: "primitive list" | "retainKeys" | "setElementOrder list"): StatusError {
  return newBadRequest(`invalid patch format of ${what}`);
}

/** 422: the patch is well-formed but does not apply. */
export function unprocessable(message: string): StatusError {
  return newGenericServerResponse({ code: 422, method: "", serverMessage: message });
}

/** 400: a mistake of the client that upstream did not foresee, and answers with 500; that would have clients try again. */
export function unforeseen(message: string): StatusError {
  return newBadRequest(message);
}

/** An item of a list of maps lacks its key. */
export function noMergeKey(item: unknown, mergeKey: string): StatusError {
  return unforeseen(`map: ${goText(item)} does not contain declared merge key: ${mergeKey}`);
}

/** Text in Go's `%v`: `map[image:nginx ports:[80]]`. */
export function goText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goText).join(" ")}]`;
  if (isPlainObject(value)) {
    const names = Object.keys(value).sort();
    return `map[${names.map((name) => `${name}:${goText(value[name])}`).join(" ")}]`;
  }
  return value === null || value === undefined ? "<nil>" : String(value as string | number | boolean);
}
