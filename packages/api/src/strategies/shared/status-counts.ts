import type { Findings } from "@coracle/apimachinery";

type Counts = Readonly<Record<string, unknown>>;

/** Counters of a status that are not negative. */
export function validateCounts<T extends object>(status: Readonly<T>, names: readonly (keyof T & string)[], out: Findings): void {
  for (const name of names) out.nonNegative(status[name] as number | undefined, `status.${name}`);
}

/** Counters of pods that are not higher than that of all pods. */
export function validateShares<T extends { replicas?: number | undefined }>(
  status: Readonly<T>,
  names: readonly (keyof T & string)[],
  out: Findings,
): void {
  const { replicas = 0 } = status;
  for (const name of names) {
    const count = ((status as Counts)[name] as number | undefined) ?? 0;
    if (count > replicas) out.invalid(`status.${name}`, count, "cannot be greater than status.replicas");
  }
}

/** Pods are available after they are ready. `shown` is what the message calls the counter of ready pods. */
export function validateAvailable(
  status: { readonly readyReplicas?: number | undefined; readonly availableReplicas?: number | undefined },
  out: Findings,
  shown = "readyReplicas",
): void {
  const { readyReplicas = 0, availableReplicas = 0 } = status;
  if (availableReplicas > readyReplicas) out.invalid("status.availableReplicas", availableReplicas, `cannot be greater than ${shown}`);
}

/** Names of revisions are made from it, so that it only grows. */
export function validateCollisions(count: number | undefined, old: number | undefined, out: Findings): void {
  if (old !== undefined && (count ?? -1) < old) out.invalid("status.collisionCount", count ?? 0, "cannot be decremented");
}
