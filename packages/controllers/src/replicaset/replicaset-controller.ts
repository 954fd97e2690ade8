import { deepEqual, formatTime, hasReason, isControlledBy, setCondition } from "@coracle/apimachinery";
import { resources, type Pod, type ReplicaSet, type ReplicaSetCondition, type ReplicaSetStatus } from "@coracle/api";
import { watchFor, type ControllerContext, type ControllerDefinition, type ReconcileResult } from "@coracle/operator";
import { Expectations } from "../pod-control/expectations.ts";
import { addOwnerIndexes, candidatesOf } from "../pod-control/owner-index.ts";
import { claimObjects } from "../pod-control/ownership.ts";
import { createPodControl, podFromTemplate, slowStart, type PodControl } from "../pod-control/pod-control.ts";
import { availableAtMs, compareForDeletion, isActive, isAvailable, isReady } from "../pod-control/pod-status.ts";
import { podSource } from "../pod-control/pod-watch.ts";

/** The most pods that one reconcile creates or deletes; upstream's `burstReplicas`. */
const burstReplicas = 500;

/** Keeps the number of pods that a ReplicaSet asks for. */
export function createReplicaSetController(context: ControllerContext): ControllerDefinition {
  const controller = new ReplicaSetController(context);
  const { client, signal } = context;
  return {
    name: "replicaset-controller",
    concurrency: 5,
    sources: [
      watchFor(resources.replicaSets),
      podSource({
        client,
        kind: "ReplicaSet",
        workloads: client.informer(resources.replicaSets),
        selectorOf: (set) => set.spec?.selector,
        expectations: controller.expectations,
        signal,
      }),
    ],
    reconcile: (key) => controller.reconcile(key),
  };
}

class ReplicaSetController {
  readonly expectations: Expectations;
  readonly #context: ControllerContext;
  readonly #podControl: PodControl;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.expectations = new Expectations(context.clock);
    this.#podControl = createPodControl(context.client, context.events);
    addOwnerIndexes<Pod>(context.client.informer(resources.pods));
  }

  async reconcile(key: string): Promise<ReconcileResult | void> {
    const { client, clock } = this.#context;
    const set = client.informer(resources.replicaSets).get(key);
    if (set === undefined) {
      this.expectations.forget(key);
      return;
    }
    const selector = set.spec?.selector;
    const candidates = candidatesOf(client.informer(resources.pods), set).filter((pod) => isActive(pod));
    const claimed = await claimObjects<Pod>(candidates, { client, owner: set, selector, resource: resources.pods });
    const terminating = candidatesOf(client.informer(resources.pods), set).filter(
      (pod) => pod.metadata.deletionTimestamp !== undefined,
    ).length;
    let failure: unknown;
    if (set.metadata.deletionTimestamp === undefined && this.expectations.isSatisfied(key)) failure = await this.#manage(key, set, claimed);
    const nowMs = clock.now();
    const minReadySeconds = set.spec?.minReadySeconds ?? 0;
    // Read again: in one process, what was created just now is there already.
    const current = candidatesOf(client.informer(resources.pods), set).filter((pod) => isActive(pod) && isControlledBy(pod, set));
    await this.#writeStatus(set, this.#statusOf(set, current, { failure, terminating, nowMs }));
    if (failure !== undefined) throw failure;
    const waits = current.map((pod) => availableAtMs(pod, minReadySeconds, nowMs)).filter((atMs) => atMs !== undefined);
    if (waits.length > 0) return { requeueAfterMs: Math.min(...waits) - nowMs + 1 };
  }

  /** Creates what is missing or deletes what is too much. Returns the first error instead of throwing, since the status must say it. */
  async #manage(key: string, set: ReplicaSet, pods: readonly Pod[]): Promise<unknown> {
    const difference = pods.length - (set.spec?.replicas ?? 1);
    if (difference < 0) return this.#createPods(key, set, Math.min(-difference, burstReplicas));
    if (difference > 0) return this.#deletePods(key, set, pods, Math.min(difference, burstReplicas));
    return undefined;
  }

  async #createPods(key: string, set: ReplicaSet, count: number): Promise<unknown> {
    this.expectations.expectCreations(key, count);
    const { successes, error } = await slowStart(count, async () => {
      try {
        await this.#podControl.create(set, podFromTemplate(set, set.spec?.template ?? {}));
      } catch (cause) {
        this.expectations.creationObserved(key);
        throw cause;
      }
    });
    // Those that were not even tried will not be seen either.
    const untried = error === undefined ? 0 : Math.max(0, count - nextBatchEnd(successes, count));
    for (let index = 0; index < untried; index++) this.expectations.creationObserved(key);
    return error;
  }

  async #deletePods(key: string, set: ReplicaSet, pods: readonly Pod[], count: number): Promise<unknown> {
    const perNode = new Map<string, number>();
    for (const pod of pods) perNode.set(pod.spec?.nodeName ?? "", (perNode.get(pod.spec?.nodeName ?? "") ?? 0) + 1);
    const ranked = pods.toSorted((a, b) => compareForDeletion(a, b, (pod) => perNode.get(pod.spec?.nodeName ?? "") ?? 0));
    const doomed = ranked.slice(0, count);
    for (const pod of doomed) this.expectations.expectDeletion(key, pod.metadata.uid ?? "");
    const results = await Promise.allSettled(
      doomed.map(async (pod) => {
        try {
          await this.#podControl.delete(set, pod);
        } catch (cause) {
          this.expectations.deletionObserved(key, pod.metadata.uid ?? "");
          throw cause;
        }
      }),
    );
    return results.find((result) => result.status === "rejected")?.reason;
  }

  #statusOf(set: ReplicaSet, pods: readonly Pod[], found: { failure: unknown; terminating: number; nowMs: number }): ReplicaSetStatus {
    const { failure, terminating, nowMs } = found;
    const templateLabels = Object.entries(set.spec?.template?.metadata?.labels ?? {});
    const conditions = conditionsOf(set, failure, { isSurplus: pods.length > (set.spec?.replicas ?? 1), nowMs });
    return {
      replicas: pods.length,
      fullyLabeledReplicas: pods.filter((pod) => templateLabels.every(([key, value]) => pod.metadata.labels?.[key] === value)).length,
      readyReplicas: pods.filter(isReady).length,
      availableReplicas: pods.filter((pod) => isAvailable(pod, set.spec?.minReadySeconds ?? 0, nowMs)).length,
      terminatingReplicas: terminating,
      observedGeneration: set.metadata.generation ?? 0,
      ...(conditions.length > 0 && { conditions: [...conditions] }),
    };
  }

  async #writeStatus(set: ReplicaSet, status: ReplicaSetStatus): Promise<void> {
    if (set.status !== undefined && deepEqual(withoutZeros(set.status), withoutZeros(status))) return;
    try {
      await this.#context.client.resource(resources.replicaSets, set.metadata.namespace).updateStatus({ ...set, status });
    } catch (error) {
      // A newer version is on its way to the cache, and brings another reconcile.
      if (!hasReason(error, "Conflict", "NotFound")) throw error;
    }
  }
}

function conditionsOf(
  { status }: ReplicaSet,
  failure: unknown,
  { isSurplus, nowMs }: { isSurplus: boolean; nowMs: number },
): readonly ReplicaSetCondition[] {
  const known = status?.conditions ?? [];
  if (failure === undefined) return known.filter(({ type }) => type !== "ReplicaFailure");
  const reason = isSurplus ? "FailedDelete" : "FailedCreate";
  // The message names the pod, another with every try: that alone is no news, else each try would bring the next one at once.
  if (known.some((condition) => condition.type === "ReplicaFailure" && condition.reason === reason)) return known;
  const condition = { type: "ReplicaFailure", status: "True", reason, message: (failure as Error).message };
  return setCondition(known, condition, formatTime(nowMs));
}

/** Pods tried when `successes` came before the first failure: the end of the batch in which it happened. */
function nextBatchEnd(successes: number, count: number): number {
  let end = 0;
  for (let batch = 1; end <= successes && end < count; batch *= 2) end = Math.min(count, end + batch);
  return end;
}

/** A status as stored leaves out what is zero. */
export function withoutZeros(status: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(status).filter(([name, value]) => name === "replicas" || (value !== 0 && value !== undefined)));
}
