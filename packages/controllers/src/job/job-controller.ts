import { controllerOf, deepEqual, findCondition, formatTime, hasReason, isConditionTrue, parseObjectKey } from "@coracle/apimachinery";
import { resources, type Job, type JobStatus, type Pod } from "@coracle/api";
import { watchFor, type ControllerContext, type ControllerDefinition, type ReconcileResult } from "@coracle/operator";
import { Expectations } from "../pod-control/expectations.ts";
import { addOwnerIndexes, candidatesOf } from "../pod-control/owner-index.ts";
import { claimObjects } from "../pod-control/ownership.ts";
import { createPodControl, slowStart, type PodControl } from "../pod-control/pod-control.ts";
import { compareForDeletion } from "../pod-control/pod-status.ts";
import { podSource } from "../pod-control/pod-watch.ts";
import { withoutZeros } from "../pod-control/stored-status.ts";
import { failureAnnotations, failuresUpTo } from "./index-failures.ts";
import {
  deadlineOf,
  failureOf,
  podFinishedAtMs,
  isIndexed,
  isJobFinished,
  jobProgress,
  jobStatus,
  replacesFailedOnly,
  successOf,
  trackingFinalizer,
  wantedActive,
  withCondition,
  type JobProgress,
  type Verdict,
} from "./job-progress.ts";
import { podOf } from "./pod-of-job.ts";

/** Delay after a failed pod, doubled with each failure; upstream's `DefaultJobPodFailureBackOff` and its maximum. */
const podFailureBackoffMs = 10_000;
const maxPodFailureBackoffMs = 600_000;
const burst = 500;

/** Runs pods until enough of them have succeeded. */
export function createJobController(context: ControllerContext): ControllerDefinition {
  const controller = new JobController(context);
  const { client, signal } = context;
  return {
    name: "job-controller",
    concurrency: 5,
    sources: [
      watchFor(resources.jobs),
      podSource({
        client,
        kind: "Job",
        workloads: client.informer(resources.jobs),
        selectorOf: (job) => job.spec?.selector,
        expectations: controller.expectations,
        signal,
      }),
    ],
    reconcile: (key) => controller.reconcile(key),
  };
}

class JobController {
  readonly expectations: Expectations;
  readonly #context: ControllerContext;
  readonly #podControl: PodControl;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.expectations = new Expectations(context.clock);
    this.#podControl = createPodControl(context.client, context.events);
    addOwnerIndexes(context.client.informer(resources.pods));
  }

  async reconcile(key: string): Promise<ReconcileResult | void> {
    const { client, clock } = this.#context;
    const job = client.informer(resources.jobs).get(key);
    if (job === undefined) {
      this.expectations.forget(key);
      // Pods of a Job that is gone count for nothing: nothing may hold them.
      await this.#release(this.#podsOwnedBy(key));
      return;
    }
    // Somebody else's (KEP-4368).
    if (job.spec?.managedBy !== undefined && job.spec.managedBy !== "kubernetes.io/job-controller") return;
    const candidates = candidatesOf(client.informer(resources.pods), job);
    const pods = await claimObjects(candidates, { client, owner: job, selector: job.spec?.selector, resource: resources.pods });
    const progress = jobProgress(job, pods);
    if (isJobFinished(job) || job.metadata.deletionTimestamp !== undefined) {
      await this.#release(pods.filter(isTracked));
      return;
    }
    const nowMs = clock.now();
    const status = this.#conclude(job, progress, nowMs);
    const isConcluded = isConditionTrue(status.conditions, "FailureTarget") || isConditionTrue(status.conditions, "SuccessCriteriaMet");
    const wait = isConcluded ? undefined : await this.#manage(key, job, progress);
    if (isConcluded) await this.#deletePods(key, job, progress.active);
    // The counters must be safe before the pods that they count may go.
    if (await this.#writeStatus(job, status)) await this.#release(progress.toRelease);
    const deadlineMs = deadlineOf({ ...job, status });
    const waits = [wait, deadlineMs === undefined ? undefined : Math.max(1, deadlineMs - nowMs)].filter((entry) => entry !== undefined);
    if (waits.length > 0) return { requeueAfterMs: Math.min(...waits) };
  }

  #podsOwnedBy(key: string): Pod[] {
    const { namespace = "", name } = parseObjectKey(key);
    const pods = this.#context.client.informer(resources.pods).list(namespace);
    return pods.filter((pod) => isTracked(pod) && controllerOf(pod)?.kind === "Job" && controllerOf(pod)?.name === name);
  }

  /** The status, with what this reconcile decides about the Job as a whole. */
  #conclude(job: Job, progress: JobProgress, nowMs: number): JobStatus {
    const { events } = this.#context;
    let status = jobStatus(job, progress);
    const isSuspended = job.spec?.suspend === true;
    if (!isSuspended && status.startTime === undefined) status = { ...status, startTime: formatTime(nowMs) };
    const isOver = progress.active.length + progress.terminating === 0;
    const succeeding = findCondition(status.conditions, "SuccessCriteriaMet");
    const failing = findCondition(status.conditions, "FailureTarget");
    // What was concluded earlier holds.
    const isSucceeding = succeeding?.status === "True";
    const failure: Verdict | undefined = isSucceeding
      ? undefined
      : failing?.status === "True"
        ? failing
        : failureOf({ ...job, status }, progress, nowMs);
    if (failure !== undefined) {
      const condition = { status: "True", reason: failure.reason ?? "", message: failure.message ?? "" };
      if (failing === undefined) events.record(job, "Warning", condition.reason, condition.message);
      status = withCondition(status, { type: "FailureTarget", ...condition }, nowMs);
      return isOver ? settle(withCondition(status, { type: "Failed", ...condition }, nowMs), progress) : status;
    }
    const success: Verdict | undefined = isSucceeding ? succeeding : successOf(job, progress);
    if (success !== undefined) {
      const condition = { status: "True", reason: success.reason ?? "", message: success.message ?? "" };
      status = withCondition(status, { type: "SuccessCriteriaMet", ...condition }, nowMs);
      if (!isOver) return status;
      events.record(job, "Normal", "Completed", "Job completed");
      return settle({ ...withCondition(status, { type: "Complete", ...condition }, nowMs), completionTime: formatTime(nowMs) }, progress);
    }
    return this.#concludeSuspension(job, status, nowMs);
  }

  #concludeSuspension(job: Job, status: JobStatus, nowMs: number): JobStatus {
    const { events } = this.#context;
    const wasSuspended = isConditionTrue(status.conditions, "Suspended");
    if (job.spec?.suspend === true) {
      const { startTime: _startTime, ...rest } = status;
      if (!wasSuspended) events.record(job, "Normal", "Suspended", "Job suspended");
      return withCondition(rest, { type: "Suspended", status: "True", reason: "JobSuspended", message: "Job suspended" }, nowMs);
    }
    if (!wasSuspended) return status;
    events.record(job, "Normal", "Resumed", "Job resumed");
    return {
      ...withCondition(status, { type: "Suspended", status: "False", reason: "JobResumed", message: "Job resumed" }, nowMs),
      startTime: formatTime(nowMs),
    };
  }

  /** Starts or stops pods. Resolves to the milliseconds to wait when failures ask for patience. */
  async #manage(key: string, job: Job, progress: JobProgress): Promise<number | undefined> {
    if (!this.expectations.isSatisfied(key)) return undefined;
    const missing = wantedActive(job, progress) - progress.active.length;
    if (missing < 0) {
      const doomed = progress.active.toSorted((a, b) => compareForDeletion(a, b, () => 0)).slice(0, -missing);
      // They are too many, not failed: nobody may count them.
      await this.#release(doomed.filter(isTracked));
      await this.#deletePods(key, job, doomed);
      return undefined;
    }
    // Pods on their way out still hold their place when the Job asks for that.
    const replacing = replacesFailedOnly(job) ? missing - progress.terminating : missing;
    if (replacing <= 0) return undefined;
    const isPerIndex = job.spec?.backoffLimitPerIndex !== undefined;
    const waitMs = isPerIndex ? 0 : this.#backoffMs(progress.failed, progress.lastFailureMs);
    if (waitMs > 0) return waitMs;
    const count = Math.min(replacing, burst);
    if (!isIndexed(job)) {
      await this.#createPods(key, job, progress, { count });
      return undefined;
    }
    const free = freeIndexes(job, progress, count);
    const waits = free.map((index) => this.#indexBackoffMs(progress.lastFailed.get(index)));
    const indexes = free.filter((_, position) => (waits[position] ?? 0) <= 0);
    await this.#createPods(key, job, progress, { count: indexes.length, indexes });
    const remaining = waits.filter((each) => each > 0);
    return remaining.length === 0 ? undefined : Math.min(...remaining);
  }

  #indexBackoffMs(failed: Pod | undefined): number {
    return failed === undefined ? 0 : this.#backoffMs(failuresUpTo(failed), podFinishedAtMs(failed));
  }

  #backoffMs(failures: number, lastFailureMs: number): number {
    if (failures === 0) return 0;
    const delayMs = Math.min(maxPodFailureBackoffMs, podFailureBackoffMs * 2 ** Math.min(30, failures - 1));
    return lastFailureMs + delayMs - this.#context.clock.now();
  }

  async #createPods(
    key: string,
    job: Job,
    progress: JobProgress,
    { count: total, indexes }: { count: number; indexes?: readonly number[] },
  ): Promise<void> {
    // An expectation of nothing would never be met.
    if (total === 0) return;
    this.expectations.expectCreations(key, total);
    let tried = 0;
    const { error } = await slowStart(total, async (position) => {
      tried++;
      try {
        const index = indexes?.[position];
        const pod = podOf(job, index);
        const annotations = index === undefined ? {} : failureAnnotations(job, progress.lastFailed.get(index));
        const metadata = { ...pod.metadata, annotations: { ...pod.metadata.annotations, ...annotations } };
        await this.#podControl.create(job, index === undefined ? pod : { ...pod, metadata });
      } catch (cause) {
        this.expectations.creationObserved(key);
        throw cause;
      }
    });
    for (let position = tried; position < total; position++) this.expectations.creationObserved(key);
    if (error !== undefined) throw error;
  }

  async #deletePods(key: string, job: Job, pods: readonly Pod[]): Promise<void> {
    for (const pod of pods) this.expectations.expectDeletion(key, pod.metadata.uid ?? "");
    await Promise.all(
      pods.map(async (pod) => {
        try {
          await this.#podControl.delete(job, pod);
        } catch (error) {
          this.expectations.deletionObserved(key, pod.metadata.uid ?? "");
          throw error;
        }
      }),
    );
  }

  async #release(pods: readonly Pod[]): Promise<void> {
    await Promise.all(
      pods.map(async (pod) => {
        const { name = "", namespace, uid, resourceVersion } = pod.metadata;
        const finalizers = (pod.metadata.finalizers ?? []).filter((finalizer) => finalizer !== trackingFinalizer);
        try {
          await this.#context.client
            .resource(resources.pods, namespace)
            .patch(name, { metadata: { uid, resourceVersion, finalizers } }, { type: "application/merge-patch+json" });
        } catch (error) {
          // A changed pod comes again.
          if (!hasReason(error, "NotFound", "Conflict")) throw error;
        }
      }),
    );
  }

  /** Whether the stored status is `status` now. */
  async #writeStatus(job: Job, status: JobStatus): Promise<boolean> {
    if (job.status !== undefined && deepEqual(withoutZeros(job.status), withoutZeros(status))) return true;
    try {
      await this.#context.client.resource(resources.jobs, job.metadata.namespace).updateStatus({ ...job, status });
      return true;
    } catch (error) {
      if (hasReason(error, "Conflict", "NotFound")) return false;
      throw error;
    }
  }
}

function isTracked(pod: Pod): boolean {
  return pod.metadata.finalizers?.includes(trackingFinalizer) === true;
}

/** A finished Job counts everything at once: nothing will look at its pods again. */
function settle(status: JobStatus, progress: JobProgress): JobStatus {
  return {
    ...status,
    succeeded: progress.succeeded,
    failed: progress.failed,
    uncountedTerminatedPods: {},
  };
}

/** The lowest indexes that neither run nor have come to their end. */
function freeIndexes(job: Job, progress: JobProgress, count: number): number[] {
  const taken = new Set<number | undefined>([...progress.completedIndexes, ...progress.failedIndexes, ...progress.heldIndexes]);
  const free: number[] = [];
  for (let index = 0; index < (job.spec?.completions ?? 0) && free.length < count; index++) if (!taken.has(index)) free.push(index);
  return free;
}
