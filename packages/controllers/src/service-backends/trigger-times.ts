import type { Pod, Service } from "@coracle/api";
import { findCondition, objectKey } from "@coracle/apimachinery";

/** When the change happened that an endpoints object shows, for measuring how long it took. */
export const triggerTimeAnnotation = "endpoints.kubernetes.io/last-change-trigger-time";

interface Seen {
  readonly pods: ReadonlyMap<string, string>;
  readonly service: string;
}

/**
 * Finds the time that {@link triggerTimeAnnotation} carries: the earliest among the changes since the last look — a pod that became ready or
 * unready, the Service's creation. Times are RFC 3339 texts of equal form, so that they compare as texts.
 */
export class TriggerTimes {
  readonly #seen = new Map<string, Seen>();

  /** Looks at the present state; the trigger time, or undefined when nothing that has a time changed. */
  update(service: Service, pods: readonly Pod[]): string | undefined {
    const key = objectKey(service);
    const before = this.#seen.get(key);
    const podTimes = new Map<string, string>();
    const changes: string[] = [];
    for (const pod of pods) {
      const time = findCondition(pod.status?.conditions, "Ready")?.lastTransitionTime ?? "";
      if (time === "") continue;
      const podKey = objectKey(pod);
      podTimes.set(podKey, time);
      if (time > (before?.pods.get(podKey) ?? "")) changes.push(time);
    }
    const created = service.metadata.creationTimestamp ?? "";
    if (created > (before?.service ?? "")) changes.push(created);
    this.#seen.set(key, { pods: podTimes, service: created });
    return changes.sort()[0];
  }

  forget(serviceKey: string): void {
    this.#seen.delete(serviceKey);
  }
}
