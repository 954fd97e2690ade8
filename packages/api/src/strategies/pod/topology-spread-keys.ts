import type { Findings, LabelSelector } from "@coracle/apimachinery";
import type { TopologySpreadConstraint } from "../../generated/types.ts";

interface KeyedTerm {
  readonly labelSelector?: LabelSelector | undefined;
  readonly matchLabelKeys?: readonly string[] | undefined;
  readonly mismatchLabelKeys?: readonly string[] | undefined;
}

/** Keys that the API server merges into the selector when the pod is made, with the values of the pod's own labels (KEP-3633). */
export function validateLabelKeys(term: KeyedTerm, at: string, out: Findings): void {
  const { labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] } = term;
  validateKeys(matchLabelKeys, `${at}.matchLabelKeys`, labelSelector, out);
  validateKeys(mismatchLabelKeys, `${at}.mismatchLabelKeys`, labelSelector, out);
  // A key may stand in the selector once: merging puts it there.
  const selected = new Set(Object.keys(labelSelector?.matchLabels ?? {}));
  for (const { key } of labelSelector?.matchExpressions ?? []) {
    const index = matchLabelKeys.lastIndexOf(key);
    if (index >= 0 && selected.has(key)) out.invalid(`${at}[${index}]`, key, "exists in both matchLabelKeys and labelSelector");
    selected.add(key);
  }
  for (const [index, key] of matchLabelKeys.entries())
    if (mismatchLabelKeys.includes(key))
      out.invalid(`${at}.matchLabelKeys[${index}]`, key, "exists in both matchLabelKeys and mismatchLabelKeys");
}

function validateKeys(keys: readonly string[], at: string, selector: LabelSelector | undefined, out: Findings): void {
  if (keys.length === 0) return;
  if (selector === undefined) return out.forbidden(at, "must not be specified when labelSelector is not set");
  for (const [index, key] of keys.entries()) out.qualifiedName(key, `${at}[${index}]`);
}

/** Keys of a spread constraint. */
export function validateSpreadKeys(constraint: Readonly<TopologySpreadConstraint>, at: string, out: Findings): void {
  const { matchLabelKeys, labelSelector } = constraint;
  if (matchLabelKeys !== undefined) validateLabelKeys({ matchLabelKeys, labelSelector }, at, out);
}

/** Keys as they were judged before 1.34, when they were not merged: none may stand in the selector. */
export function validateUnmergedSpreadKeys(constraint: Readonly<TopologySpreadConstraint>, at: string, out: Findings): void {
  const { matchLabelKeys = [], labelSelector } = constraint;
  if (matchLabelKeys.length === 0) return;
  if (labelSelector === undefined) out.forbidden(at, "must not be specified when labelSelector is not set");
  const selected = new Set(Object.keys(labelSelector?.matchLabels ?? {}));
  for (const { key } of labelSelector?.matchExpressions ?? []) selected.add(key);
  for (const [index, key] of matchLabelKeys.entries()) {
    out.qualifiedName(key, `${at}[${index}]`);
    if (selected.has(key)) out.invalid(`${at}[${index}]`, key, "exists in both matchLabelKeys and labelSelector");
  }
}
