import type { Job, Pod } from "@coracle/api";
import { countsFailure, matchFailurePolicy } from "./failure-policy.ts";

/** Failures of the pod's index before the pod, which its `backoffLimitPerIndex` counts (KEP-3850). */
const countAnnotation = "batch.kubernetes.io/job-index-failure-count";
/** Those that the failure policy says to ignore. */
const ignoredAnnotation = "batch.kubernetes.io/job-index-ignored-failure-count";

/** Whether the failure of this pod is the last that its index may have. */
export function failsIndex(job: Job, pod: Pod): boolean {
  const limit = job.spec?.backoffLimitPerIndex;
  if (limit === undefined) return false;
  const { action } = matchFailurePolicy(job, pod);
  return action === "FailIndex" || (action !== "Ignore" && countOf(pod, countAnnotation) >= limit);
}

/** All failures of an index, this pod's among them. */
export function failuresUpTo(pod: Pod): number {
  return countOf(pod, countAnnotation) + countOf(pod, ignoredAnnotation) + 1;
}

/** For the pod that comes after `failed`, or, without it, for the first pod of an index. */
export function failureAnnotations(job: Job, failed: Pod | undefined): Record<string, string> {
  if (job.spec?.backoffLimitPerIndex === undefined) return {};
  if (failed === undefined) return { [countAnnotation]: "0" };
  const isCounted = countsFailure(job, failed);
  const ignored = countOf(failed, ignoredAnnotation) + (isCounted ? 0 : 1);
  return {
    [countAnnotation]: String(countOf(failed, countAnnotation) + (isCounted ? 1 : 0)),
    ...(ignored > 0 && { [ignoredAnnotation]: String(ignored) }),
  };
}

/** Zero for whatever is no count: users may edit annotations. */
function countOf(pod: Pod, annotation: string): number {
  const text = pod.metadata.annotations?.[annotation] ?? "";
  return /^\d{1,9}$/.test(text) ? Number(text) : 0;
}
