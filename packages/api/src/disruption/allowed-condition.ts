import { setCondition, type Condition } from "@coracle/apimachinery";

const type = "DisruptionAllowed";

/** The conditions of a budget that allows `disruptionsAllowed` more, in upstream's words. `now` is RFC 3339. */
export function withDisruptionAllowed(
  conditions: readonly Condition[] | undefined,
  status: { readonly disruptionsAllowed: number; readonly observedGeneration: number },
  now: string,
): Condition[] {
  const { disruptionsAllowed, observedGeneration } = status;
  const isAllowed = disruptionsAllowed > 0;
  const reason = isAllowed ? "SufficientPods" : "InsufficientPods";
  return [...setCondition(conditions, { type, status: isAllowed ? "True" : "False", reason, message: "", observedGeneration }, now)];
}

/** The same for a budget that could not be worked out. */
export function withSyncFailed(
  conditions: readonly Condition[] | undefined,
  failure: { readonly message: string; readonly observedGeneration: number },
  now: string,
): Condition[] {
  return [...setCondition(conditions, { type, status: "False", reason: "SyncFailed", ...failure }, now)];
}
