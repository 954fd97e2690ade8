import { indexPath, JsonPath, validateConditions, type Findings } from "@coracle/apimachinery";
import type { ValidatingAdmissionPolicyStatus } from "../../generated/types.ts";

/** Checks what the type checker writes down. */
export function validatePolicyStatus(status: Readonly<ValidatingAdmissionPolicyStatus> | undefined, out: Findings): void {
  const at = "status.typeChecking.expressionWarnings";
  for (const [index, { warning, fieldRef }] of (status?.typeChecking?.expressionWarnings ?? []).entries()) {
    const here = indexPath(at, index);
    out.present(warning, `${here}.warning`);
    if (out.present(fieldRef.trim(), `${here}.fieldRef`)) validateFieldRef(fieldRef.trim(), `${here}.fieldRef`, out);
  }
  validateConditions(status?.conditions, "status.conditions", out);
}

function validateFieldRef(fieldRef: string, at: string, out: Findings): void {
  try {
    JsonPath.parse(`.${fieldRef}`);
  } catch (error) {
    out.invalid(at, fieldRef, `invalid JSONPath: ${(error as Error).message}`);
  }
}
