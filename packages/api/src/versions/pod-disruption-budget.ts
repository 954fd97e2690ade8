import { deepEqual, setField } from "@coracle/apimachinery";
import { objectAt, objectsAt } from "./fields.ts";
import type { VersionForm } from "./version-form.ts";

const label = "pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match";
const never = { matchExpressions: [{ key: label, operator: "Exists" }] };
const always = { matchExpressions: [{ key: label, operator: "DoesNotExist" }] };

/** `policy/v1beta1`: the empty selector matches no pod, in `v1` every pod. Upstream's label, which no pod has, stands for the other meaning. */
export const podDisruptionBudgetForm: VersionForm = {
  toStorage(object) {
    const spec = objectAt(object, "spec");
    const selector = objectAt(spec, "selector");
    if (spec === undefined || selector === undefined) return;
    if (isEmpty(selector)) setField(spec, "selector", structuredClone(never));
    else if (deepEqual(selector, always)) setField(spec, "selector", {});
    else stripLabel(selector);
  },
  fromStorage(object) {
    const spec = objectAt(object, "spec");
    const selector = objectAt(spec, "selector");
    if (spec === undefined || selector === undefined) return;
    if (deepEqual(selector, never)) setField(spec, "selector", {});
    else if (isEmpty(selector)) setField(spec, "selector", structuredClone(always));
  },
};

function isEmpty(selector: Readonly<Record<string, unknown>>): boolean {
  return Object.values(selector).every((value) => Object.keys((value ?? {}) as object).length === 0);
}

/** Beside terms of the user the label means nothing. */
function stripLabel(selector: Record<string, unknown>): void {
  const terms = objectsAt(selector, "matchExpressions");
  if (terms.length > 0) selector["matchExpressions"] = terms.filter((term) => term["key"] !== label);
}
