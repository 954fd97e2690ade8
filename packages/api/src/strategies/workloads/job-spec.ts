import { supportedValues, type Findings } from "@coracle/apimachinery";
import type { JobSpec, PodTemplateSpec, SuccessPolicyRule } from "../../generated/types.ts";
import { enumOf } from "../shared/enums.ts";
import { goForm } from "../shared/go-form.ts";
import { validateDomainPath } from "../shared/domain-path.ts";
import { validateTemplate } from "../pod/template.ts";
import { validateFailurePolicy } from "./job-failure-policy.ts";
import { countIndexes } from "./job-indexes.ts";

// In upstream's order, which is not that of the alphabet.
const completionModes = supportedValues("NonIndexed", "Indexed");
const replacementPolicies = enumOf("batch/v1.PodReplacementPolicy");
const managerLimit = 63;
const manyIndexes = 100_000;
/** Of pods at a time, and of failed indexes, when there are many and each may be tried again. */
const fewIndexes = 10_000;
const successRulesLimit = 20;
const indexesLimitBytes = 64 * 1024;

/** A Job's spec at `at` but for its selector: CronJobs leave that open. */
export function validateJobSpec(spec: Readonly<JobSpec>, at: string, out: Findings, old?: Readonly<PodTemplateSpec>): void {
  const counters = ["parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished"] as const;
  for (const name of [...counters, "backoffLimitPerIndex", "maxFailedIndexes"] as const) out.nonNegative(spec[name], `${at}.${name}`);
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined)
    out.required(`${at}.backoffLimitPerIndex`, "when maxFailedIndexes is specified");
  if (spec.managedBy !== undefined) {
    validateDomainPath(spec.managedBy, `${at}.managedBy`, out);
    if (spec.managedBy.length > managerLimit) out.tooLong(`${at}.managedBy`, managerLimit);
  }
  out.optionalOneOf(spec.completionMode, completionModes, `${at}.completionMode`);
  if (spec.completionMode === "Indexed") validateIndexed(spec, at, out);
  else if (spec.completionMode === undefined || spec.completionMode === "NonIndexed") {
    for (const name of ["backoffLimitPerIndex", "maxFailedIndexes"] as const)
      if (spec[name] !== undefined) out.invalid(`${at}.${name}`, spec[name], "requires indexed completion mode");
  }
  if (spec.podFailurePolicy !== undefined) validateFailurePolicy(spec, `${at}.podFailurePolicy`, out);
  if (spec.successPolicy !== undefined) validateSuccessPolicy(spec, `${at}.successPolicy`, out);
  validateReplacementPolicy(spec, `${at}.podReplacementPolicy`, out);
  validateTemplate(spec.template ?? {}, `${at}.template`, out, old);
  validateRestartPolicy(spec, `${at}.template.spec.restartPolicy`, out);
}

function validateIndexed(spec: Readonly<JobSpec>, at: string, out: Findings): void {
  const { completions, parallelism = 0, maxFailedIndexes } = spec;
  if (completions === undefined) out.required(`${at}.completions`, "when completion mode is Indexed");
  if (parallelism > manyIndexes)
    out.invalid(`${at}.parallelism`, parallelism, `must be less than or equal to ${manyIndexes} when completion mode is Indexed`);
  if (completions !== undefined && maxFailedIndexes !== undefined && maxFailedIndexes > completions)
    out.invalid(`${at}.maxFailedIndexes`, maxFailedIndexes, "must be less than or equal to completions");
  if (maxFailedIndexes !== undefined && maxFailedIndexes > manyIndexes)
    out.invalid(`${at}.maxFailedIndexes`, maxFailedIndexes, `must be less than or equal to ${manyIndexes}`);
  if ((completions ?? 0) <= manyIndexes || spec.backoffLimitPerIndex === undefined) return;
  const text = `must be less than or equal to ${fewIndexes} when completions are above ${manyIndexes} and used with backoff limit per index`;
  if (maxFailedIndexes === undefined) out.required(`${at}.maxFailedIndexes`, `must be specified when completions is above ${manyIndexes}`);
  if (parallelism > fewIndexes) out.invalid(`${at}.parallelism`, parallelism, text);
  if ((maxFailedIndexes ?? 0) > fewIndexes) out.invalid(`${at}.maxFailedIndexes`, maxFailedIndexes, text);
}

function validateSuccessPolicy(spec: Readonly<JobSpec>, at: string, out: Findings): void {
  if (spec.completionMode !== "Indexed")
    return out.invalid(at, goForm("batch/v1.SuccessPolicy", spec.successPolicy), "requires indexed completion mode");
  const rules = spec.successPolicy?.rules ?? [];
  if (rules.length === 0) out.required(`${at}.rules`, "at least one rules must be specified when the successPolicy is specified");
  if (rules.length > successRulesLimit) out.tooMany(`${at}.rules`, rules.length, successRulesLimit);
  for (const [index, rule] of rules.entries()) validateSuccessRule(rule, spec.completions ?? 0, `${at}.rules[${index}]`, out);
}

function validateSuccessRule(rule: Readonly<SuccessPolicyRule>, completions: number, at: string, out: Findings): void {
  const { succeededCount: count, succeededIndexes: indexes } = rule;
  if (count === undefined && indexes === undefined)
    out.required(at, "at least one of succeededCount or succeededIndexes must be specified");
  let total = 0;
  if (indexes !== undefined) {
    if (indexes.length > indexesLimitBytes) out.tooLong(`${at}.succeededIndexes`, indexesLimitBytes);
    const counted = countIndexes(indexes, completions);
    if (typeof counted === "number") total = counted;
    else out.invalid(`${at}.succeededIndexes`, indexes, `error parsing succeededIndexes: ${counted.problem}`);
  }
  if (count === undefined) return;
  const here = `${at}.succeededCount`;
  out.nonNegative(count, here);
  if (count > completions) out.invalid(here, count, `must be less than or equal to ${completions} (the number of specified completions)`);
  if (indexes !== undefined && count > total)
    out.invalid(here, count, `must be less than or equal to ${total} (the number of indexes in the specified succeededIndexes field)`);
}

function validateReplacementPolicy({ podReplacementPolicy: policy, podFailurePolicy }: Readonly<JobSpec>, at: string, out: Findings): void {
  if (policy === undefined) return;
  // What failed for good must be known to have failed before it is replaced.
  if (podFailurePolicy !== undefined) {
    if (policy !== "Failed") out.unsupported(at, policy, ["Failed"]);
  } else out.oneOf(policy, replacementPolicies, at);
}

function validateRestartPolicy({ template, podFailurePolicy }: Readonly<JobSpec>, at: string, out: Findings): void {
  const policy = template?.spec?.restartPolicy ?? "";
  if (policy === "Always" || policy === "") out.required(at, 'valid values: "OnFailure", "Never"');
  else if (policy !== "OnFailure" && policy !== "Never") out.unsupported(at, policy, ["OnFailure", "Never"]);
  else if (podFailurePolicy !== undefined && policy !== "Never")
    out.invalid(at, policy, 'only "Never" is supported when podFailurePolicy is specified');
}

/** The warning about more than status can tell. */
export function jobSpecWarnings(spec: Readonly<JobSpec>, at: string): string[] {
  const isLarge = spec.completionMode === "Indexed" && (spec.completions ?? 0) > manyIndexes && (spec.parallelism ?? 0) > fewIndexes;
  const limits = "In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4";
  const text = `${limits}, Kubernetes might not be able to track completedIndexes when a big number of indexes fail`;
  return isLarge ? [`${at}: ${text}`] : [];
}
