import { supportedValues, type Findings } from "@coracle/apimachinery";
import type { CronJob, CronJobSpec } from "../../generated/types.ts";
import { strategyOf } from "../hooks.ts";
import { applyTemplateDefaults } from "../pod/defaults.ts";
import { dropDisabledTemplateFields } from "../pod/prepare.ts";
import { templateWarnings } from "../pod/warnings.ts";
import { goForm } from "../shared/go-form.ts";
import { hostnameWarnings } from "../shared/hostname-warnings.ts";
import { isTimeZone, parseCronSchedule } from "../../cron/schedule.ts";
import { jobSpecWarnings, validateJobSpec } from "./job-spec.ts";

// In upstream's order, which is that of the alphabet by chance.
const concurrencyPolicies = supportedValues("Allow", "Forbid", "Replace");
const noSpec = {} as CronJobSpec;
/** Room for a dash and the minutes since 1970, in the name of a pod's label. */
const nameLimit = 52;

export const cronJobs = strategyOf<CronJob>({
  defaults({ spec }) {
    if (spec === undefined) return;
    spec.concurrencyPolicy ||= "Allow";
    spec.suspend ??= false;
    spec.successfulJobsHistoryLimit ??= 3;
    spec.failedJobsHistoryLimit ??= 1;
    for (const { onPodConditions = [] } of spec.jobTemplate?.spec?.podFailurePolicy?.rules ?? [])
      for (const pattern of onPodConditions) pattern.status ||= "True";
    applyTemplateDefaults(spec.jobTemplate?.spec?.template);
  },
  prepareCreate(job) {
    job.status = {};
    dropDisabledTemplateFields(job.spec?.jobTemplate?.spec?.template);
  },
  prepareUpdate(job, old, { subresource }) {
    if (subresource === "") dropDisabledTemplateFields(job.spec?.jobTemplate?.spec?.template, old.spec?.jobTemplate?.spec?.template);
  },
  validate({ metadata, spec = noSpec }, out, old) {
    validateSpec(spec, out, old?.spec);
    const { name = "" } = metadata;
    if (old === undefined && name.length > nameLimit) out.invalid("metadata.name", name, `must be no more than ${nameLimit} characters`);
  },
  warnings({ metadata, spec = noSpec }, old) {
    const at = "spec.jobTemplate.spec";
    const isSame = old !== undefined && metadata.generation === old.metadata.generation;
    const job = spec.jobTemplate?.spec;
    const warnings = isSame || job === undefined ? [] : [...jobSpecWarnings(job, at), ...templateWarnings(job.template, `${at}.template`)];
    if (old === undefined) return [...hostnameWarnings(metadata.name), ...warnings];
    if ((spec.schedule ?? "").includes("TZ")) {
      const more = "see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details";
      warnings.push(`cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, ${more}`);
    }
    return warnings;
  },
});

function validateSpec(spec: Readonly<CronJobSpec>, out: Findings, old?: Readonly<CronJobSpec>): void {
  const { schedule = "", timeZone, concurrencyPolicy } = spec;
  if (schedule === "") out.required("spec.schedule");
  else validateSchedule(schedule, timeZone, out, old?.schedule?.includes("TZ") ?? false);
  out.nonNegative(spec.startingDeadlineSeconds, "spec.startingDeadlineSeconds");
  if (old === undefined || old.timeZone !== timeZone) validateTimeZone(timeZone, out);
  out.requiredOneOf(concurrencyPolicy, concurrencyPolicies, "spec.concurrencyPolicy");
  const at = "spec.jobTemplate.spec";
  const job = spec.jobTemplate?.spec;
  validateJobSpec(job ?? { template: {} }, at, out, old?.jobTemplate?.spec?.template);
  if (job?.selector !== undefined)
    out.invalid(`${at}.selector`, goForm("meta/v1.LabelSelector", job.selector), "`selector` will be auto-generated");
  if (job?.manualSelector === true) out.unsupported(`${at}.manualSelector`, true, ["nil", "false"]);
  out.nonNegative(spec.successfulJobsHistoryLimit, "spec.successfulJobsHistoryLimit");
  out.nonNegative(spec.failedJobsHistoryLimit, "spec.failedJobsHistoryLimit");
}

/** Old CronJobs may have their time zone in the schedule. */
function validateSchedule(schedule: string, timeZone: string | undefined, out: Findings, mayHaveZone: boolean): void {
  try {
    parseCronSchedule(schedule);
  } catch (error) {
    out.invalid("spec.schedule", schedule, (error as Error).message);
  }
  if (!schedule.includes("TZ")) return;
  if (!mayHaveZone) out.invalid("spec.schedule", schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
  else if (timeZone !== undefined) out.invalid("spec.schedule", schedule, "cannot use both timeZone field and TZ or CRON_TZ in schedule");
}

const zonePart = /^[A-Za-z.\-_0-9+]{1,14}$/;

function validateTimeZone(zone: string | undefined, out: Findings): void {
  if (zone === undefined) return;
  const refuse = (detail: string): void => out.invalid("spec.timeZone", zone, detail);
  if (zone === "") return refuse("timeZone must be nil or non-empty string");
  if (zone.split("/").some((part) => part === "." || part === ".." || part.startsWith("-") || !zonePart.test(part)))
    return refuse(`unknown time zone ${zone}`);
  if (zone.toLowerCase() === "local") refuse("timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones");
  else if (!isTimeZone(zone)) refuse(`unknown time zone ${zone}`);
}
