import { findCondition } from "@coracle/apimachinery";
import type { Job } from "@coracle/api";

/** When a Job became Complete or Failed; undefined while it has not. */
export function finishedAtMs(job: Job): number | undefined {
  for (const type of ["Complete", "Failed"]) {
    const condition = findCondition(job.status?.conditions, type);
    if (condition?.status === "True" && condition.lastTransitionTime != null) return Date.parse(condition.lastTransitionTime);
  }
  return undefined;
}
