import type { Findings } from "@coracle/apimachinery";

/** Conditions of a status: each type once, and named. */
export function validateConditionTypes(conditions: readonly { readonly type?: string | undefined }[], out: Findings): void {
  const seen = new Set<string>();
  for (const [index, { type = "" }] of conditions.entries()) {
    const at = `status.conditions[${index}].type`;
    if (seen.has(type)) out.duplicate(at, type);
    seen.add(type);
    out.present(type, at);
  }
}
