import type { Clock } from "@coracle/base";
import type { Condition } from "@coracle/apimachinery";

/** The least that every kind's conditions have in common. */
export interface ConditionLike {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string | null;
  observedGeneration?: number;
}

export function findCondition<C extends ConditionLike>(conditions: readonly C[] | undefined, type: string): C | undefined {
  return conditions?.find((condition) => condition.type === type);
}

export function isConditionTrue(conditions: readonly ConditionLike[] | undefined, type: string): boolean {
  return findCondition(conditions, type)?.status === "True";
}

/**
 * `conditions` with `condition` in place of the one of its type. `lastTransitionTime` moves only when the status changes; when nothing
 * changes the same array comes back, so that `===` tells whether there is something to write.
 */
export function withCondition<C extends ConditionLike = Condition>(
  conditions: readonly C[] | undefined,
  condition: Omit<C, "lastTransitionTime"> & { lastTransitionTime?: string },
  clock: Clock,
): readonly C[] {
  const old = findCondition(conditions, condition.type);
  const isTransition = old?.status !== condition.status;
  const lastTransitionTime = isTransition ? (condition.lastTransitionTime ?? timestamp(clock)) : old?.lastTransitionTime;
  const next = { ...condition, lastTransitionTime } as unknown as C;
  if (old === undefined) return [...(conditions ?? []), next];
  const isSame =
    !isTransition &&
    (old.reason ?? "") === (next.reason ?? "") &&
    (old.message ?? "") === (next.message ?? "") &&
    old.observedGeneration === next.observedGeneration;
  if (isSame) return conditions as readonly C[];
  return (conditions ?? []).map((present) => (present === old ? next : present));
}

/** `conditions` without that of `type`; the same array when there was none. */
export function withoutCondition<C extends ConditionLike>(conditions: readonly C[] | undefined, type: string): readonly C[] {
  const present = conditions ?? [];
  return present.some((condition) => condition.type === type) ? present.filter((condition) => condition.type !== type) : present;
}

/** The clock's time as `metav1.Time` has it: RFC 3339 in UTC, whole seconds. */
export function timestamp(clock: Clock): string {
  return `${new Date(clock.now()).toISOString().slice(0, 19)}Z`;
}
