import type { Condition } from "../meta/types.ts";
import { supportedValues, type Findings } from "./findings.ts";
import { indexPath } from "./field-path.ts";
import { patternMessage } from "./names.ts";

const statuses = supportedValues("False", "True", "Unknown");
const reasonLimitBytes = 1024;
const messageLimitBytes = 32 * 1024;

const reason = "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?";
const reasonPattern = new RegExp(`^${reason}$`);
const reasonText =
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'";

/** Checks a list of `meta/v1.Condition`, as kinds that use the common type do (KEP-1623). */
export function validateConditions(conditions: readonly Condition[] | undefined, at: string, out: Findings): void {
  const types = new Set<string>();
  for (const [index, condition] of (conditions ?? []).entries()) {
    const here = indexPath(at, index);
    if (types.has(condition.type)) out.duplicate(`${here}.type`, condition.type);
    types.add(condition.type);
    validateCondition(condition, here, out);
  }
}

function validateCondition(condition: Readonly<Condition>, at: string, out: Findings): void {
  out.qualifiedName(condition.type ?? "", `${at}.type`);
  out.oneOf(condition.status, statuses, `${at}.status`);
  if ((condition.observedGeneration ?? 0) < 0)
    out.invalid(`${at}.observedGeneration`, condition.observedGeneration, "must be greater than or equal to zero");
  if (!condition.lastTransitionTime) out.required(`${at}.lastTransitionTime`);
  if (out.present(condition.reason, `${at}.reason`)) {
    if (!reasonPattern.test(condition.reason)) {
      const examples = ["my_name", "MY_NAME", "MyName", "ReasonA,ReasonB", "ReasonA:ReasonB"];
      out.invalid(`${at}.reason`, condition.reason, patternMessage(reasonText, reason, ...examples));
    }
    if (condition.reason.length > reasonLimitBytes) out.tooLong(`${at}.reason`, reasonLimitBytes);
  }
  if ((condition.message ?? "").length > messageLimitBytes) out.tooLong(`${at}.message`, messageLimitBytes);
}
