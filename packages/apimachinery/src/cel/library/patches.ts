import type { CelFields, CelType } from "../types/type.ts";
import { celTypes } from "../types/types.ts";
import { declare, overload, type FunctionDeclaration } from "./declaration.ts";
import { string } from "./signatures.ts";

/** Every name is a field, of any type: nothing is known of the object that a policy changes. */
const anyFields: CelFields = { get: () => celTypes.dyn, names: () => [] };

const jsonPatch = celTypes.object("JSONPatch", { op: string, path: string, from: string, value: celTypes.dyn });

/** `JSONPatch`, `Object` and `Object.spec`, which mutating policies put together. */
export function patchType(name: string): CelType | undefined {
  if (name === "JSONPatch") return jsonPatch;
  return name === "Object" || name.startsWith("Object.") ? celTypes.object(name, anyFields) : undefined;
}

function escapeKey(key: string): string {
  return key.replaceAll(/[~/]/g, (character) => (character === "/" ? "~1" : "~0"));
}

/** `jsonpatch.escapeKey`: a key as a part of a path. */
export const patches: readonly FunctionDeclaration[] = [
  declare("jsonpatch.escapeKey", overload("string_jsonpatch_escapeKey_string", [string], string, escapeKey)),
];
