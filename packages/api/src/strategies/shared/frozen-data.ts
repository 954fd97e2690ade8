import { semanticEqual, type Findings } from "@coracle/apimachinery";

/** `immutable: true` freezes the data, and itself. */
export function validateFrozen<T extends { immutable?: boolean | undefined }>(
  object: Readonly<T>,
  old: Readonly<T>,
  fields: readonly (keyof T & string)[],
  out: Findings,
): void {
  if (old.immutable !== true) return;
  const text = "field is immutable when `immutable` is set";
  if (object.immutable !== true) out.forbidden("immutable", text);
  for (const field of fields) if (!semanticEqual(object[field], old[field])) out.forbidden(field, text);
}

/** What all values of a ConfigMap or Secret may have together. */
export const dataLimitBytes = 1024 * 1024;

/** Bytes of UTF-8. One UTF-16 unit is at most three, so that few texts need the exact count. */
export function sizeOfTexts(texts: readonly string[], limit: number): number {
  const characters = texts.reduce((sum, text) => sum + text.length, 0);
  if (characters * 3 <= limit) return characters;
  const encoder = new TextEncoder();
  return texts.reduce((sum, text) => sum + encoder.encode(text).length, 0);
}

/** Bytes that texts of base64 stand for. */
export function sizeOfBase64(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + Math.floor((text.replace(/=+$/, "").length * 3) / 4), 0);
}
