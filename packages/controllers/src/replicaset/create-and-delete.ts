import type { Pod } from "@coracle/api";
import type { Expectations } from "../pod-control/expectations.ts";
import { podFromTemplate, slowStart, type PodControl } from "../pod-control/pod-control.ts";
import { compareForDeletion } from "../pod-control/pod-status.ts";
import type { Replicated } from "./replicas-status.ts";

/** The most pods that one reconcile creates or deletes; upstream's `burstReplicas`. */
const burstReplicas = 500;

/** Creates what is missing of a set's pods or deletes what is too much, and keeps account of it until caches show it. */
export class PodCounter {
  readonly #expectations: Expectations;
  readonly #podControl: PodControl;

  constructor(expectations: Expectations, podControl: PodControl) {
    this.#expectations = expectations;
    this.#podControl = podControl;
  }

  /** Returns the first error instead of throwing, since the status must say it. */
  async bringToCount(key: string, set: Replicated, pods: readonly Pod[]): Promise<unknown> {
    const difference = pods.length - (set.spec?.replicas ?? 1);
    if (difference < 0) return this.#create(key, set, Math.min(-difference, burstReplicas));
    if (difference > 0) return this.#delete(key, set, leastMissed(pods).slice(0, Math.min(difference, burstReplicas)));
    return undefined;
  }

  async #create(key: string, set: Replicated, count: number): Promise<unknown> {
    this.#expectations.expectCreations(key, count);
    const { successes, error } = await slowStart(count, async () => {
      try {
        await this.#podControl.create(set, podFromTemplate(set, set.spec?.template ?? {}));
      } catch (cause) {
        this.#expectations.creationObserved(key);
        throw cause;
      }
    });
    // Those that were not even tried will not be seen either.
    const untried = error === undefined ? 0 : Math.max(0, count - endOfBatch(successes, count));
    for (let index = 0; index < untried; index++) this.#expectations.creationObserved(key);
    return error;
  }

  async #delete(key: string, set: Replicated, doomed: readonly Pod[]): Promise<unknown> {
    for (const pod of doomed) this.#expectations.expectDeletion(key, pod.metadata.uid ?? "");
    const results = await Promise.allSettled(
      doomed.map(async (pod) => {
        try {
          await this.#podControl.delete(set, pod);
        } catch (cause) {
          this.#expectations.deletionObserved(key, pod.metadata.uid ?? "");
          throw cause;
        }
      }),
    );
    return results.find((result) => result.status === "rejected")?.reason;
  }
}

function leastMissed(pods: readonly Pod[]): Pod[] {
  const perNode = new Map<string, number>();
  const crowd = (pod: Pod): number => perNode.get(pod.spec?.nodeName ?? "") ?? 0;
  for (const pod of pods) perNode.set(pod.spec?.nodeName ?? "", crowd(pod) + 1);
  return pods.toSorted((a, b) => compareForDeletion(a, b, crowd));
}

/** Pods tried when `successes` came before the first failure: the end of the batch in which it happened. */
function endOfBatch(successes: number, count: number): number {
  let end = 0;
  for (let batch = 1; end <= successes && end < count; batch *= 2) end = Math.min(count, end + batch);
  return end;
}
