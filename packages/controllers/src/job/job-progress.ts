import { findCondition, formatTime, isConditionTrue } from "@coracle/apimachinery";
import type { Job, JobCondition, JobStatus, Pod } from "@coracle/api";
import { isFinished, isReady } from "../pod-control/pod-status.ts";
import { countsFailure, matchFailurePolicy } from "./failure-policy.ts";
import { failsIndex, failuresUpTo } from "./index-failures.ts";
import { formatIndexes, parseIndexes } from "./indexes.ts";
import { matchSuccessPolicy } from "./success-policy.ts";

/** Kept on a Job's pods until they are counted, so that none is lost or counted twice (KEP-2307). */
export const trackingFinalizer = "batch.kubernetes.io/job-tracking";
export const indexAnnotation = "batch.kubernetes.io/job-completion-index";

/** What is known of a Job, from its status and its pods. */
export interface JobProgress {
  readonly active: readonly Pod[];
  readonly terminating: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly completedIndexes: ReadonlySet<number>;
  /** Of pods that run, and, where they hold their places, that are on their way out. */
  readonly heldIndexes: ReadonlySet<number | undefined>;
  /** With `backoffLimitPerIndex`: those that may fail no more. */
  readonly failedIndexes: ReadonlySet<number>;
  /**
   * With `backoffLimitPerIndex`: the last failed pod of each index that is to run again. It is kept until its successor is there, which
   * carries its count of failures on.
   */
  readonly lastFailed: ReadonlyMap<number, Pod>;
  /** Why the Job's `podFailurePolicy` lets it fail. */
  readonly policyFailure: string | undefined;
  /** Uids that are counted in {@link succeeded} and {@link failed}, but not in the status' own counters yet. */
  readonly uncounted: { readonly succeeded: readonly string[]; readonly failed: readonly string[] };
  /** The status' counters, with those whose finalizer is gone. */
  readonly counted: { readonly succeeded: number; readonly failed: number };
  /** Finished pods that may lose their finalizer once the status is written. */
  readonly toRelease: readonly Pod[];
  readonly lastFailureMs: number;
}

/** Whether a pod on its way out still holds its place. */
export function replacesFailedOnly({ spec }: Job): boolean {
  return (spec?.podReplacementPolicy ?? (spec?.podFailurePolicy === undefined ? "TerminatingOrFailed" : "Failed")) === "Failed";
}

/** Pods that are being deleted may never come to say that they failed. */
function hasFailed(job: Job, { metadata, status }: Pod): boolean {
  if (status?.phase === "Failed") return true;
  return !replacesFailedOnly(job) && metadata.deletionTimestamp !== undefined && status?.phase !== "Succeeded";
}

export const isIndexed = (job: Job): boolean => job.spec?.completionMode === "Indexed";

export function indexOf(pod: Pod): number | undefined {
  const text = pod.metadata.annotations?.[indexAnnotation];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** Adds up where a Job stands. Pure. */
export function jobProgress(job: Job, pods: readonly Pod[]): JobProgress {
  const before = job.status?.uncountedTerminatedPods ?? {};
  const byUid = new Map(pods.map((pod) => [pod.metadata.uid ?? "", pod]));
  const isPending = (uid: string): boolean => byUid.get(uid)?.metadata.finalizers?.includes(trackingFinalizer) === true;
  const settled = {
    succeeded: (before.succeeded ?? []).filter((uid) => !isPending(uid)),
    failed: (before.failed ?? []).filter((uid) => !isPending(uid)),
  };
  const uncounted = { succeeded: (before.succeeded ?? []).filter(isPending), failed: (before.failed ?? []).filter(isPending) };
  const completions = job.spec?.completions ?? 0;
  const completed = parseIndexes(job.status?.completedIndexes, completions);
  const failedIndexes = parseIndexes(job.status?.failedIndexes, completions);
  const toRelease: Pod[] = [];
  for (const pod of pods) {
    const uid = pod.metadata.uid ?? "";
    const isSuccess = pod.status?.phase === "Succeeded";
    if ((!isSuccess && !hasFailed(job, pod)) || !isPending(uid)) continue;
    toRelease.push(pod);
    const index = indexOf(pod);
    const isOfIndex = isIndexed(job) && index !== undefined && index < completions;
    if (isOfIndex && !isSuccess && failsIndex(job, pod)) failedIndexes.add(index);
    if (uncounted.succeeded.includes(uid) || uncounted.failed.includes(uid)) continue;
    if (isOfIndex && isSuccess) completed.add(index);
    if (isSuccess) uncounted.succeeded.push(uid);
    else if (countsFailure(job, pod)) uncounted.failed.push(uid);
  }
  const counted = {
    succeeded: (job.status?.succeeded ?? 0) + settled.succeeded.length,
    failed: (job.status?.failed ?? 0) + settled.failed.length,
  };
  const running = pods.filter((pod) => !isFinished(pod));
  const active = running.filter((pod) => pod.metadata.deletionTimestamp === undefined);
  const lastFailed = lastFailedByIndex(job, toRelease, new Set([...completed, ...failedIndexes, ...active.map(indexOf)]));
  const kept = new Set(lastFailed.values());
  return {
    active,
    terminating: running.filter((pod) => pod.metadata.deletionTimestamp !== undefined).length,
    succeeded: isIndexed(job) ? completed.size : counted.succeeded + uncounted.succeeded.length,
    failed: counted.failed + uncounted.failed.length,
    completedIndexes: completed,
    heldIndexes: new Set((replacesFailedOnly(job) ? running : active).map(indexOf)),
    failedIndexes,
    lastFailed,
    policyFailure: policyFailureOf(job, pods),
    uncounted,
    counted,
    toRelease: toRelease.filter((pod) => !kept.has(pod)),
    lastFailureMs: Math.max(0, ...pods.filter((pod) => pod.status?.phase === "Failed").map(podFinishedAtMs)),
  };
}

function policyFailureOf(job: Job, pods: readonly Pod[]): string | undefined {
  if (job.spec?.podFailurePolicy === undefined) return undefined;
  for (const pod of pods) {
    const { message } = hasFailed(job, pod) ? matchFailurePolicy(job, pod) : {};
    if (message !== undefined) return message;
  }
  return undefined;
}

function lastFailedByIndex(job: Job, finished: readonly Pod[], settled: ReadonlySet<number | undefined>): Map<number, Pod> {
  const last = new Map<number, Pod>();
  if (job.spec?.backoffLimitPerIndex === undefined) return last;
  for (const pod of finished) {
    const index = indexOf(pod);
    if (index === undefined || index >= (job.spec.completions ?? 0) || settled.has(index) || pod.status?.phase === "Succeeded") continue;
    const other = last.get(index);
    if (other === undefined || failuresUpTo(other) <= failuresUpTo(pod)) last.set(index, pod);
  }
  return last;
}

export function podFinishedAtMs(pod: Pod): number {
  const times = (pod.status?.containerStatuses ?? [])
    .map((status) => Date.parse(status.state?.terminated?.finishedAt ?? ""))
    .filter((time) => !Number.isNaN(time));
  return Math.max(0, ...times, ...(times.length === 0 ? [Date.parse(pod.metadata.creationTimestamp ?? "")] : []));
}

/** The number of pods that should run now. */
export function wantedActive(job: Job, progress: JobProgress): number {
  if (job.spec?.suspend === true) return 0;
  const parallelism = job.spec?.parallelism ?? 1;
  const { completions } = job.spec ?? {};
  // A work queue: once a pod has succeeded, no new ones come.
  if (completions === undefined) return progress.succeeded > 0 ? Math.min(parallelism, progress.active.length) : parallelism;
  return Math.max(0, Math.min(parallelism, completions - progress.succeeded));
}

function isSucceeded(job: Job, progress: JobProgress): boolean {
  const { completions } = job.spec ?? {};
  return completions === undefined ? progress.succeeded > 0 && progress.active.length === 0 : progress.succeeded >= completions;
}

export type Verdict = Pick<JobCondition, "reason" | "message">;

/** Why a Job has failed, if it has. */
export function failureOf(job: Job, progress: JobProgress, nowMs: number): Verdict | undefined {
  const restarts =
    job.spec?.template?.spec?.restartPolicy === "OnFailure" ? progress.active.reduce((sum, pod) => sum + totalRestarts(pod), 0) : 0;
  if (progress.policyFailure !== undefined) return { reason: "PodFailurePolicy", message: progress.policyFailure };
  const limit = job.spec?.backoffLimit ?? (job.spec?.backoffLimitPerIndex === undefined ? 6 : Infinity);
  if (progress.failed > limit || (restarts > 0 && restarts >= limit))
    return { reason: "BackoffLimitExceeded", message: "Job has reached the specified backoff limit" };
  const deadlineMs = deadlineOf(job);
  if (deadlineMs !== undefined && nowMs >= deadlineMs)
    return { reason: "DeadlineExceeded", message: "Job was active longer than specified deadline" };
  return failureOfIndexes(job, progress);
}

function failureOfIndexes({ spec }: Job, { failedIndexes, completedIndexes }: JobProgress): Verdict | undefined {
  if (spec?.backoffLimitPerIndex === undefined) return undefined;
  if (spec.maxFailedIndexes !== undefined && failedIndexes.size > spec.maxFailedIndexes)
    return { reason: "MaxFailedIndexesExceeded", message: "Job has exceeded the specified maximal number of failed indexes" };
  if (failedIndexes.size > 0 && failedIndexes.size + completedIndexes.size >= (spec.completions ?? 0))
    return { reason: "FailedIndexes", message: "Job has failed indexes" };
  return undefined;
}

/** Why a Job has succeeded, if it has. */
export function successOf(job: Job, progress: JobProgress): Verdict | undefined {
  const policy = isIndexed(job) ? matchSuccessPolicy(job, progress.completedIndexes) : undefined;
  if (policy !== undefined) return { reason: "SuccessPolicy", message: policy };
  return isSucceeded(job, progress) ? { reason: "CompletionsReached", message: "Reached expected number of succeeded pods" } : undefined;
}

function totalRestarts(pod: Pod): number {
  return [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])].reduce(
    (sum, status) => sum + status.restartCount,
    0,
  );
}

export function deadlineOf(job: Job): number | undefined {
  const { activeDeadlineSeconds } = job.spec ?? {};
  if (activeDeadlineSeconds === undefined || job.status?.startTime == null || job.spec?.suspend === true) return undefined;
  return Date.parse(job.status.startTime) + activeDeadlineSeconds * 1000;
}

export function isJobFinished(job: Job): boolean {
  return isConditionTrue(job.status?.conditions, "Complete") || isConditionTrue(job.status?.conditions, "Failed");
}

/** The status for `progress`, with conditions left as they were. */
export function jobStatus(job: Job, progress: JobProgress): JobStatus {
  const { startTime, completionTime, conditions } = job.status ?? {};
  const indexes = formatIndexes(progress.completedIndexes);
  return {
    ...(startTime === undefined ? {} : { startTime }),
    ...(completionTime === undefined ? {} : { completionTime }),
    ...(conditions === undefined ? {} : { conditions }),
    active: progress.active.length,
    ready: progress.active.filter(isReady).length,
    terminating: progress.terminating,
    // Indexed Jobs count indexes, not pods.
    succeeded: isIndexed(job) ? progress.completedIndexes.size : progress.counted.succeeded,
    failed: progress.counted.failed,
    ...(indexes === "" ? {} : { completedIndexes: indexes }),
    ...(job.spec?.backoffLimitPerIndex === undefined ? {} : { failedIndexes: formatIndexes(progress.failedIndexes) }),
    uncountedTerminatedPods: {
      ...(progress.uncounted.succeeded.length === 0 ? {} : { succeeded: [...progress.uncounted.succeeded] }),
      ...(progress.uncounted.failed.length === 0 ? {} : { failed: [...progress.uncounted.failed] }),
    },
  };
}

/** Adds or changes a condition; nothing when it is there with the same status and reason. */
export function withCondition(
  status: JobStatus,
  condition: Pick<JobCondition, "type" | "status" | "reason" | "message">,
  nowMs: number,
): JobStatus {
  const conditions = status.conditions ?? [];
  const known = findCondition(conditions, condition.type);
  if (known?.status === condition.status && known.reason === condition.reason) return status;
  const now = formatTime(nowMs);
  const entry: JobCondition = { ...condition, lastProbeTime: now, lastTransitionTime: now };
  return {
    ...status,
    conditions: known === undefined ? [...conditions, entry] : conditions.map((other) => (other === known ? entry : other)),
  };
}
