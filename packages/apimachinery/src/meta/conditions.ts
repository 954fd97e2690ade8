/** What {@link setCondition} needs; kinds with conditions of their own (Pod, Node) have more or fewer fields. */
export interface ConditionLike {
  type: string;
  status: string;
  lastTransitionTime?: string | null | undefined;
  reason?: string | undefined;
  message?: string | undefined;
}

/** The condition of this type. */
export function findCondition<T extends { type: string }>(conditions: readonly T[] | undefined, type: string): T | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/** Whether the condition is there and `True`. */
export function isConditionTrue(conditions: readonly { type: string; status: string }[] | undefined, type: string): boolean {
  return findCondition(conditions, type)?.status === "True";
}

/**
 * The conditions with `condition` added or brought up to date. `lastTransitionTime` becomes `now` (RFC 3339) only when the status
 * changes. Returns the array that was passed in when nothing changes, so callers can compare by identity.
 */
export function setCondition<T extends ConditionLike>(
  conditions: readonly T[] | undefined,
  condition: Omit<T, "lastTransitionTime">,
  now: string,
): readonly T[] {
  const all = conditions ?? [];
  const index = all.findIndex((each) => each.type === condition.type);
  const current = all[index];
  const hasSameStatus = current !== undefined && current.status === condition.status;
  const lastTransitionTime = hasSameStatus ? (current.lastTransitionTime ?? now) : now;
  const next = { ...current, ...condition, lastTransitionTime } as unknown as T;
  if (current === undefined) return [...all, next];
  const fields = next as Record<string, unknown>;
  const old = current as Record<string, unknown>;
  if (hasSameStatus && Object.keys(fields).every((name) => fields[name] === old[name])) return all;
  return all.with(index, next);
}

/** The conditions without the one of this type; the same array when it was not there. */
export function removeCondition<T extends { type: string }>(conditions: readonly T[] | undefined, type: string): readonly T[] {
  const all = conditions ?? [];
  return all.some((condition) => condition.type === type) ? all.filter((condition) => condition.type !== type) : all;
}
