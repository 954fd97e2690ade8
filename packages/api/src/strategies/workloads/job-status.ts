import { omittedValue, parseTime, semanticEqual, type Findings } from "@coracle/apimachinery";
import type { Job, JobCondition, JobSpec, JobStatus } from "../../generated/types.ts";
import { goForm } from "../shared/go-form.ts";
import { validateCounts } from "../shared/status-counts.ts";
import { commonIndex, countIndexes } from "./job-indexes.ts";

export function isTrue(conditions: readonly JobCondition[] | undefined, type: string): boolean {
  return (conditions ?? []).some((condition) => condition.type === type && condition.status === "True");
}

/** What the conditions say, which other controllers than ours may write too (KEP-4368). */
interface Outcome {
  readonly complete: boolean;
  readonly failed: boolean;
  readonly failing: boolean;
  readonly succeeding: boolean;
  readonly finished: boolean;
}

function outcomeOf({ conditions }: Readonly<JobStatus>): Outcome {
  const complete = isTrue(conditions, "Complete");
  const failed = isTrue(conditions, "Failed");
  const failing = isTrue(conditions, "FailureTarget");
  return { complete, failed, failing, succeeding: isTrue(conditions, "SuccessCriteriaMet"), finished: complete || failed };
}

/** One write of a status. Rules are asked only where what they are about changes: what is stored may break them. */
interface Write {
  readonly status: Readonly<JobStatus>;
  readonly old: Readonly<JobStatus>;
  readonly spec: Readonly<JobSpec>;
  readonly now: Outcome;
  readonly was: Outcome;
  readonly changed: (name: keyof JobStatus) => boolean;
}

export function validateJobStatus(job: Readonly<Job>, oldJob: Readonly<Job>, out: Findings): void {
  const { status = {}, spec = {} as JobSpec } = job;
  const { status: old = {} } = oldJob;
  const changed = (name: keyof JobStatus): boolean => !semanticEqual(status[name], old[name]);
  const write: Write = { status, old, spec, now: outcomeOf(status), was: outcomeOf(old), changed };
  validateCounts(status, ["active", "succeeded", "failed", "ready", "terminating"], out);
  validateUncounted(status, out);
  validateConditions(write, out);
  validateTimes(write, out);
  validateTarget(write, out);
  validateFinished(write, out);
  validateIndexes(write, out);
  if ((write.now.finished !== write.was.finished || changed("terminating")) && write.now.finished && (status.terminating ?? 0) > 0)
    out.invalid("status.terminating", status.terminating, "terminating>0 is invalid for finished job");
  if ((changed("ready") || changed("active")) && status.ready !== undefined && status.ready > (status.active ?? 0))
    out.invalid("status.ready", status.ready, "cannot set more ready pods than active");
  validateSuccess(write, out);
  validateProgress(write, out);
}

function validateUncounted({ uncountedTerminatedPods }: Readonly<JobStatus>, out: Findings): void {
  const seen = new Set<string>();
  for (const list of ["succeeded", "failed"] as const) {
    for (const [index, uid] of (uncountedTerminatedPods?.[list] ?? []).entries()) {
      const at = `status.uncountedTerminatedPods.${list}[${index}]`;
      if (uid === "") out.invalid(at, uid, "must not be empty");
      else if (seen.has(uid)) out.duplicate(at, uid);
      seen.add(uid);
    }
  }
}

const refuse = (out: Findings, detail: string): void => out.invalid("status.conditions", omittedValue, detail);

function validateConditions({ now, was }: Write, out: Findings): void {
  const completes = now.complete !== was.complete;
  if ((completes || now.failed !== was.failed) && now.complete && now.failed)
    refuse(out, "cannot set Complete=True and Failed=true conditions");
  if ((completes || now.failing !== was.failing) && now.complete && now.failing)
    refuse(out, "cannot set Complete=True and FailureTarget=true conditions");
}

function validateTimes({ status, now, was, changed }: Write, out: Findings): void {
  const { startTime, completionTime } = status;
  const at = "status.completionTime";
  if (now.complete !== was.complete || changed("completionTime")) {
    if (completionTime !== undefined && !now.complete)
      out.invalid(at, completionTime, "cannot set completionTime when there is no Complete=True condition");
    if (completionTime === undefined && now.complete) out.required(at, "completionTime is required for Complete jobs");
  }
  if (!changed("startTime") && !changed("completionTime")) return;
  if (startTime !== undefined && completionTime !== undefined && parseTime(completionTime) < parseTime(startTime))
    out.invalid(at, completionTime, "must be equal to or after `startTime`");
}

function validateTarget({ now, was, changed }: Write, out: Findings): void {
  if ((now.failed !== was.failed || changed("failedIndexes")) && now.failed && !now.failing)
    refuse(out, "cannot set Failed=True condition without the FailureTarget=true condition");
  if ((now.complete !== was.complete || now.succeeding !== was.succeeding) && now.complete && !now.succeeding)
    refuse(out, "cannot set Complete=True condition without the SuccessCriteriaMet=true condition");
}

function validateFinished({ status, spec, now, was, changed }: Write, out: Findings): void {
  if (!now.finished) return;
  const finishes = !was.finished;
  if ((finishes || changed("active")) && (status.active ?? 0) > 0)
    out.invalid("status.active", status.active, "active>0 is invalid for finished job");
  const neverRan = spec.suspend === true && spec.completions === 0;
  if ((finishes || changed("startTime")) && !neverRan && status.startTime === undefined)
    out.required("status.startTime", "startTime is required for finished job");
  const { failed = [], succeeded = [] } = status.uncountedTerminatedPods ?? {};
  if ((finishes || changed("uncountedTerminatedPods")) && failed.length + succeeded.length > 0)
    out.invalid(
      "status.uncountedTerminatedPods",
      goForm("batch/v1.UncountedTerminatedPods", status.uncountedTerminatedPods),
      "must be empty for finished job",
    );
}

function validateIndexes({ status, spec, changed }: Write, out: Findings): void {
  const { completedIndexes: completed = "", failedIndexes: failed } = status;
  const { completions, completionMode, backoffLimitPerIndex } = spec;
  if (changed("completedIndexes")) {
    if (completions !== undefined) validateFormat("completedIndexes", completed, completions, out);
    if (completed !== "" && completionMode !== "Indexed")
      out.invalid("status.completedIndexes", completed, "cannot set non-empty completedIndexes when non-indexed completion mode");
  }
  if (changed("failedIndexes") && failed !== undefined) {
    if (completions !== undefined && backoffLimitPerIndex !== undefined) validateFormat("failedIndexes", failed, completions, out);
    if (backoffLimitPerIndex === undefined)
      out.invalid("status.failedIndexes", failed, "cannot set non-null failedIndexes when backoffLimitPerIndex is null");
  }
  if ((!changed("failedIndexes") && !changed("completedIndexes")) || failed === undefined || completions === undefined) return;
  const common = commonIndex(completed, failed, completions);
  if (common !== undefined) out.invalid("status.failedIndexes", failed, `failedIndexes and completedIndexes overlap at index: ${common}`);
}

function validateFormat(field: "completedIndexes" | "failedIndexes", text: string, completions: number, out: Findings): void {
  const counted = countIndexes(text, completions);
  if (typeof counted !== "number") out.invalid(`status.${field}`, text, `error parsing ${field}: ${counted.problem}`);
}

function validateSuccess({ spec, now }: Write, out: Findings): void {
  if (now.succeeding && now.failed) refuse(out, "cannot set SuccessCriteriaMet=True and Failed=true conditions");
  if (now.succeeding && now.failing) refuse(out, "cannot set SuccessCriteriaMet=True and FailureTarget=true conditions");
  if (spec.successPolicy !== undefined && !now.succeeding && now.complete)
    refuse(out, "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True");
}

/** What has happened does not become undone. */
function validateProgress({ status, old, spec, now, was, changed }: Write, out: Findings): void {
  for (const type of ["Failed", "Complete", "FailureTarget"])
    if (isTrue(old.conditions, type) && !isTrue(status.conditions, type)) refuse(out, `cannot disable the terminal ${type}=True condition`);
  if ((status.failed ?? 0) < (old.failed ?? 0)) out.invalid("status.failed", status.failed ?? 0, "cannot decrease the failed counter");
  // An Indexed Job that shrinks forgets indexes.
  const mayShrink = spec.completionMode === "Indexed" && spec.completions === spec.parallelism;
  if (!mayShrink && (status.succeeded ?? 0) < (old.succeeded ?? 0))
    out.invalid("status.succeeded", status.succeeded ?? 0, "cannot decrease the succeeded counter");
  if (status.completionTime !== undefined && old.completionTime !== undefined)
    out.immutable(status.completionTime, old.completionTime, "status.completionTime");
  const resumes =
    isTrue(old.conditions, "Suspended") && (status.conditions ?? []).some((each) => each.type === "Suspended" && each.status === "False");
  if (changed("startTime") && !resumes && old.startTime !== undefined && spec.suspend !== true)
    out.invalid("status.startTime", status.startTime ?? null, "field is immutable for unsuspended job once set");
  if (was.succeeding && !now.succeeding) refuse(out, "cannot disable the SuccessCriteriaMet=True condition");
  if (was.complete && !was.succeeding && now.succeeding)
    refuse(out, "cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions");
}
