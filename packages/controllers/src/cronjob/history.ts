import { isConditionTrue } from "@coracle/apimachinery";
import type { CronJob, Job } from "@coracle/api";

export function finishedAs(job: Job): "Complete" | "Failed" | undefined {
  if (isConditionTrue(job.status?.conditions, "Complete")) return "Complete";
  return isConditionTrue(job.status?.conditions, "Failed") ? "Failed" : undefined;
}

/** Finished Jobs beyond what the CronJob wants to keep, the oldest of each kind. */
export function beyondHistory({ spec }: CronJob, jobs: readonly Job[]): Job[] {
  const excess = (state: "Complete" | "Failed", limit: number | undefined): Job[] => {
    if (limit === undefined) return [];
    const finished = jobs.filter((job) => finishedAs(job) === state).sort(byStart);
    return finished.slice(0, Math.max(0, finished.length - limit));
  };
  return [...excess("Complete", spec?.successfulJobsHistoryLimit), ...excess("Failed", spec?.failedJobsHistoryLimit)];
}

/** Those that never started come last. */
function byStart(a: Job, b: Job): number {
  const [left, right] = [a.status?.startTime, b.status?.startTime].map((time) => (time === undefined ? Infinity : Date.parse(time)));
  if (left !== right) return (left ?? 0) < (right ?? 0) ? -1 : 1;
  return (a.metadata.name ?? "") < (b.metadata.name ?? "") ? -1 : 1;
}
