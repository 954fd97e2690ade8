import { dnsLabelErrors, selectorFrom, semanticEqual, type Findings } from "@coracle/apimachinery";
import type { Job, JobSpec, PodTemplateSpec } from "../../generated/types.ts";
import { strategyOf } from "../hooks.ts";
import { applyTemplateDefaults } from "../pod/defaults.ts";
import { dropDisabledTemplateFields } from "../pod/prepare.ts";
import { templateWarnings } from "../pod/warnings.ts";
import { goForm, goPointer } from "../shared/go-form.ts";
import { hostnameWarnings } from "../shared/hostname-warnings.ts";
import { jobSpecWarnings, validateJobSpec } from "./job-spec.ts";
import { validateJobStatus } from "./job-status.ts";
import { validateJobTemplateUpdate } from "./job-template-update.ts";
import { validateSelected } from "./template.ts";

const noSpec = {} as JobSpec;
const nameLabels = ["job-name", "batch.kubernetes.io/job-name"];
const orphaningWarning =
  "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning";
const uidLabels = ["controller-uid", "batch.kubernetes.io/controller-uid"];

export const jobs = strategyOf<Job>({
  defaults({ metadata, spec }) {
    if (spec === undefined) return;
    applyJobSpecDefaults(spec);
    const labels = spec.template?.metadata?.labels;
    if (labels !== undefined && Object.keys(metadata.labels ?? {}).length === 0) metadata.labels = labels;
  },
  prepareCreate(job) {
    job.status = {};
    if (job.spec !== undefined && job.spec.manualSelector !== true) selectOwnPods(job);
    dropDisabledTemplateFields(job.spec?.template);
  },
  prepareUpdate(job, old, { subresource }) {
    if (subresource === "") dropDisabledTemplateFields(job.spec?.template, old.spec?.template);
  },
  validate(job, out, old) {
    const { spec = noSpec } = job;
    validateOwnPods(job, out, old);
    validateJobSpec(spec, "spec", out, old?.spec?.template);
    if (spec.selector === undefined) out.required("spec.selector");
    else out.labelSelector(spec.selector, "spec.selector");
    validateSelected(spec.selector, spec.template, out);
    validateHostnames(job, out);
  },
  validateUpdate({ spec = noSpec }, oldJob, out) {
    const { spec: old = noSpec } = oldJob;
    validateCompletions(spec, old, out);
    out.immutable(spec.selector, old.selector, "spec.selector", goPointer("meta/v1.LabelSelector", spec.selector));
    validateJobTemplateUpdate(spec, oldJob, out);
    out.immutable(spec.completionMode, old.completionMode, "spec.completionMode");
    out.immutable(
      spec.podFailurePolicy,
      old.podFailurePolicy,
      "spec.podFailurePolicy",
      goPointer("batch/v1.PodFailurePolicy", spec.podFailurePolicy),
    );
    out.immutable(spec.backoffLimitPerIndex, old.backoffLimitPerIndex, "spec.backoffLimitPerIndex");
    out.immutable(spec.managedBy, old.managedBy, "spec.managedBy");
    out.immutable(spec.successPolicy, old.successPolicy, "spec.successPolicy", goPointer("batch/v1.SuccessPolicy", spec.successPolicy));
  },
  subresources: { status: validateJobStatus },
  warnings({ metadata, spec = noSpec }, old) {
    if (old !== undefined && metadata.generation === old.metadata.generation) return [];
    const warnings = [...jobSpecWarnings(spec, "spec"), ...templateWarnings(spec.template, "spec.template")];
    return old === undefined ? [...hostnameWarnings(metadata.name), ...warnings] : warnings;
  },
  more: { defaultPropagation: "Orphan", orphaningWarning },
});

function applyJobSpecDefaults(spec: JobSpec): void {
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : 2 ** 31 - 1;
  spec.completionMode ??= "NonIndexed";
  spec.suspend ??= false;
  spec.manualSelector ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy === undefined ? "TerminatingOrFailed" : "Failed";
  for (const { onPodConditions = [] } of spec.podFailurePolicy?.rules ?? [])
    for (const pattern of onPodConditions) pattern.status ||= "True";
  applyTemplateDefaults(spec.template);
}

/** Labels with the Job's uid, so that no two Jobs ever share pods. */
function selectOwnPods(job: Job): void {
  const { uid = "", name = "" } = job.metadata;
  const spec = job.spec as JobSpec;
  const template = (spec.template ??= {});
  const own = Object.fromEntries([...nameLabels.map((label) => [label, name]), ...uidLabels.map((label) => [label, uid])]);
  const before = template.metadata?.labels;
  const labels = { ...own, ...before };
  template.metadata = { ...template.metadata, labels };
  // A Job without labels of its own has those of its pods, and these too.
  if (before !== undefined && job.metadata.labels === before) job.metadata.labels = { ...labels };
  const uidLabel = uidLabels[1] as string;
  spec.selector = { ...spec.selector, matchLabels: { [uidLabel]: uid, ...spec.selector?.matchLabels } };
}

/** The generated labels are as they were generated. Jobs from before 1.27 lack those with a domain. */
function validateOwnPods({ metadata, spec = noSpec }: Readonly<Job>, out: Findings, old?: Readonly<Job>): void {
  if (spec.manualSelector === true || spec.selector === undefined) return;
  const { uid = "", name = "" } = metadata;
  if (uid === "") out.required("metadata.uid");
  const oldLabels = old?.spec?.template?.metadata?.labels ?? {};
  const isComplete = old === undefined || ((nameLabels[1] as string) in oldLabels && (uidLabels[1] as string) in oldLabels);
  const expected: Record<string, string> = {};
  for (const index of isComplete ? [0, 1] : [0]) {
    validateLabel(spec.template, uidLabels[index] as string, uid, out);
    validateLabel(spec.template, nameLabels[index] as string, name, out);
    expected[uidLabels[index] as string] = uid;
    expected[nameLabels[index] as string] = name;
  }
  try {
    if (!selectorFrom(spec.selector).matches(expected))
      out.invalid("spec.selector", goForm("meta/v1.LabelSelector", spec.selector), "`selector` not auto-generated");
  } catch {
    // The selector itself is judged elsewhere.
  }
}

function validateLabel(template: Readonly<PodTemplateSpec> | undefined, key: string, expected: string, out: Findings): void {
  const labels = template?.metadata?.labels;
  const at = `spec.template.metadata.labels[${key}]`;
  if (labels?.[key] === undefined) out.required(at, `must be '${expected}'`);
  else if (labels[key] !== expected) out.invalid(at, goForm("{}string", labels), `must be '${expected}'`);
}

/** The pods of an Indexed Job are called after their index. */
function validateHostnames({ metadata, spec = noSpec }: Readonly<Job>, out: Findings): void {
  if (spec.completionMode !== "Indexed" || (spec.completions ?? 0) <= 0) return;
  const name = `${metadata.name}-${(spec.completions ?? 0) - 1}`;
  if (dnsLabelErrors(name).length > 0)
    out.invalid("metadata.name", metadata.name, `will not able to create pod with invalid DNS label: ${name}`);
}

/** Indexed Jobs may grow and shrink, with as many pods at a time as indexes (KEP-3715). */
function validateCompletions(spec: Readonly<JobSpec>, old: Readonly<JobSpec>, out: Findings): void {
  const { completions } = spec;
  if (spec.completionMode !== "Indexed") return out.immutable(completions, old.completions, "spec.completions");
  if (semanticEqual(completions, old.completions) || completions === undefined) return;
  if (completions !== spec.parallelism)
    out.invalid("spec.completions", completions, "can only be modified in tandem with spec.parallelism");
}
