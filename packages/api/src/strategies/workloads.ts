import {
  deepEqual,
  forbiddenField,
  invalidField,
  requiredField,
  selectorFrom,
  unsupportedField,
  validateImmutable,
  validateLabelSelector,
  type FieldError,
  type LabelSelector,
  type ResourceStrategy,
} from "@coracle/apimachinery";
import type {
  ControllerRevision,
  CronJob,
  DaemonSet,
  Deployment,
  Job,
  PodTemplateSpec,
  ReplicaSet,
  StatefulSet,
} from "../generated/types.ts";
import { strategyOf } from "./hooks.ts";
import { applyPodSpecDefaults } from "./pod/defaults.ts";
import { atLeast, oneOf, validatePodSpec } from "./pod-validation.ts";

const deployments = strategyOf<Deployment>({
  defaults({ spec }) {
    if (spec === undefined) return;
    spec.replicas ??= 1;
    spec.strategy ??= {};
    spec.strategy.type ??= "RollingUpdate";
    if (spec.strategy.type === "RollingUpdate") {
      spec.strategy.rollingUpdate ??= {};
      spec.strategy.rollingUpdate.maxSurge ??= "25%";
      spec.strategy.rollingUpdate.maxUnavailable ??= "25%";
    }
    spec.revisionHistoryLimit ??= 10;
    spec.progressDeadlineSeconds ??= 600;
    applyTemplateDefaults(spec.template);
  },
  validate({ spec }) {
    const errors = [
      ...validateReplicas(spec?.replicas),
      ...validateSelector(spec?.selector, spec?.template),
      ...validateTemplate(spec?.template, ["Always"]),
    ];
    errors.push(...oneOf(spec?.strategy?.type, ["Recreate", "RollingUpdate"], "spec.strategy.type"));
    if (spec?.strategy?.type === "Recreate" && spec.strategy.rollingUpdate !== undefined) {
      errors.push(forbiddenField("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'"));
    }
    const { maxSurge, maxUnavailable } = spec?.strategy?.rollingUpdate ?? {};
    if (isZero(maxSurge) && isZero(maxUnavailable))
      errors.push(invalidField("spec.strategy.rollingUpdate.maxUnavailable", maxUnavailable, "may not be 0 when `maxSurge` is 0"));
    if (spec?.progressDeadlineSeconds !== undefined && spec.progressDeadlineSeconds <= (spec.minReadySeconds ?? 0)) {
      errors.push(invalidField("spec.progressDeadlineSeconds", spec.progressDeadlineSeconds, "must be greater than minReadySeconds"));
    }
    return errors;
  },
  validateUpdate: (deployment, old) => validateImmutable(deployment.spec?.selector, old.spec?.selector, "spec.selector"),
});

function isZero(value: number | string | undefined): boolean {
  return value === 0 || value === "0%" || value === "0";
}

const replicaSets = strategyOf<ReplicaSet>({
  defaults({ spec }) {
    if (spec === undefined) return;
    spec.replicas ??= 1;
    applyTemplateDefaults(spec.template);
  },
  prepareCreate: (set) => void (set.status = { replicas: 0 }),
  validate: ({ spec }) => [
    ...validateReplicas(spec?.replicas),
    ...validateSelector(spec?.selector, spec?.template),
    ...validateTemplate(spec?.template, ["Always"]),
  ],
  validateUpdate: (set, old) => validateImmutable(set.spec?.selector, old.spec?.selector, "spec.selector"),
});

const statefulSets = strategyOf<StatefulSet>({
  defaults({ spec }) {
    if (spec === undefined) return;
    spec.replicas ??= 1;
    spec.podManagementPolicy ??= "OrderedReady";
    spec.updateStrategy ??= {};
    spec.updateStrategy.type ??= "RollingUpdate";
    if (spec.updateStrategy.type === "RollingUpdate") {
      spec.updateStrategy.rollingUpdate ??= {};
      spec.updateStrategy.rollingUpdate.partition ??= 0;
    }
    spec.persistentVolumeClaimRetentionPolicy ??= {};
    spec.persistentVolumeClaimRetentionPolicy.whenDeleted ??= "Retain";
    spec.persistentVolumeClaimRetentionPolicy.whenScaled ??= "Retain";
    spec.revisionHistoryLimit ??= 10;
    applyTemplateDefaults(spec.template);
    for (const claim of spec.volumeClaimTemplates ?? []) {
      claim.apiVersion = "v1";
      claim.kind = "PersistentVolumeClaim";
      claim.status = { phase: "Pending" };
      if (claim.spec !== undefined) claim.spec.volumeMode ??= "Filesystem";
    }
  },
  prepareCreate: (set) => void (set.status = { replicas: 0 }),
  validate({ spec }) {
    // Pods get a volume for each claim template: mounts may name them.
    const claims = (spec?.volumeClaimTemplates ?? []).map((claim) => ({ name: claim.metadata.name ?? "", emptyDir: {} }));
    const names = new Set(claims.map((claim) => claim.name));
    const volumes = [...(spec?.template?.spec?.volumes ?? []).filter((volume) => !names.has(volume.name)), ...claims];
    const template = spec?.template?.spec === undefined ? spec?.template : { ...spec.template, spec: { ...spec.template.spec, volumes } };
    return [
      ...validateReplicas(spec?.replicas),
      ...validateSelector(spec?.selector, spec?.template),
      ...validateTemplate(template, ["Always"]),
    ];
  },
  validateUpdate(set, old) {
    const fixed = ({ spec }: Readonly<StatefulSet>): unknown => ({
      ...spec,
      replicas: undefined,
      ordinals: undefined,
      template: undefined,
      updateStrategy: undefined,
      revisionHistoryLimit: undefined,
      persistentVolumeClaimRetentionPolicy: undefined,
      minReadySeconds: undefined,
    });
    if (deepEqual(fixed(set), fixed(old))) return [];
    const text =
      "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
    return [forbiddenField("spec", text)];
  },
});

const daemonSets = strategyOf<DaemonSet>({
  defaults({ spec }) {
    if (spec === undefined) return;
    spec.updateStrategy ??= {};
    spec.updateStrategy.type ??= "RollingUpdate";
    if (spec.updateStrategy.type === "RollingUpdate") {
      spec.updateStrategy.rollingUpdate ??= {};
      spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1;
      spec.updateStrategy.rollingUpdate.maxSurge ??= 0;
    }
    spec.revisionHistoryLimit ??= 10;
    applyTemplateDefaults(spec.template);
  },
  prepareCreate: (set) =>
    void (set.status = { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 }),
  validate: ({ spec }) => [...validateSelector(spec?.selector, spec?.template), ...validateTemplate(spec?.template, ["Always"])],
  validateUpdate: (set, old) => validateImmutable(set.spec?.selector, old.spec?.selector, "spec.selector"),
});

const jobs = strategyOf<Job>({
  defaults({ spec }) {
    if (spec === undefined) return;
    if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
    spec.parallelism ??= 1;
    spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : 2 ** 31 - 1;
    spec.completionMode ??= "NonIndexed";
    spec.suspend ??= false;
    spec.manualSelector ??= false;
    spec.podReplacementPolicy ??= spec.podFailurePolicy === undefined ? "TerminatingOrFailed" : "Failed";
    applyTemplateDefaults(spec.template);
  },
  prepareCreate(job) {
    job.status = {};
    if (job.spec !== undefined && job.spec.manualSelector !== true) selectOwnPods(job);
  },
  validate({ spec }) {
    const errors: FieldError[] = [];
    for (const name of ["parallelism", "completions", "backoffLimit", "activeDeadlineSeconds", "ttlSecondsAfterFinished"] as const) {
      if ((spec?.[name] ?? 0) < 0) errors.push(atLeast(`spec.${name}`, spec?.[name], 0));
    }
    if (spec?.completionMode === "Indexed" && spec.completions === undefined)
      errors.push(requiredField("spec.completions", "when completion mode is Indexed"));
    return [...errors, ...validateTemplate(spec?.template, ["OnFailure", "Never"])];
  },
  validateUpdate(job, old) {
    const isResizable = job.spec?.completionMode === "Indexed";
    return [
      ...(isResizable ? [] : validateImmutable(job.spec?.completions, old.spec?.completions, "spec.completions")),
      ...validateImmutable(job.spec?.selector, old.spec?.selector, "spec.selector"),
      ...(old.spec?.suspend === true && old.status?.startTime === undefined
        ? []
        : validateImmutable(job.spec?.template, old.spec?.template, "spec.template")),
      ...validateImmutable(job.spec?.completionMode, old.spec?.completionMode, "spec.completionMode"),
      ...validateImmutable(job.spec?.backoffLimitPerIndex, old.spec?.backoffLimitPerIndex, "spec.backoffLimitPerIndex"),
    ];
  },
  more: { defaultPropagation: "Background" },
});

/** Labels with the Job's uid, so that no two Jobs ever share pods. */
function selectOwnPods(job: Job): void {
  const { uid = "", name = "" } = job.metadata;
  const spec = job.spec as NonNullable<Job["spec"]>;
  const template = (spec.template ??= {});
  const labels = {
    "batch.kubernetes.io/controller-uid": uid,
    "batch.kubernetes.io/job-name": name,
    "controller-uid": uid,
    "job-name": name,
  };
  template.metadata = { ...template.metadata, labels: { ...template.metadata?.labels, ...labels } };
  spec.selector = { ...spec.selector, matchLabels: { ...spec.selector?.matchLabels, "batch.kubernetes.io/controller-uid": uid } };
}

const cronJobs = strategyOf<CronJob>({
  defaults({ spec }) {
    if (spec === undefined) return;
    spec.concurrencyPolicy ??= "Allow";
    spec.suspend ??= false;
    spec.successfulJobsHistoryLimit ??= 3;
    spec.failedJobsHistoryLimit ??= 1;
    applyTemplateDefaults(spec.jobTemplate?.spec?.template);
  },
  validate({ spec }) {
    const errors = (spec?.schedule ?? "") === "" ? [requiredField("spec.schedule")] : [];
    errors.push(...oneOf(spec?.concurrencyPolicy, ["Allow", "Forbid", "Replace"], "spec.concurrencyPolicy"));
    return [...errors, ...validateTemplate(spec?.jobTemplate?.spec?.template, ["OnFailure", "Never"], "spec.jobTemplate.spec.template")];
  },
});

const controllerRevisions = strategyOf<ControllerRevision>({
  hasStatus: false,
  validateUpdate: (revision, old) => validateImmutable(revision.data, old.data, "data"),
});

function applyTemplateDefaults(template: PodTemplateSpec | undefined): void {
  if (template?.spec !== undefined) applyPodSpecDefaults(template.spec);
}

function validateReplicas(replicas: number | undefined): FieldError[] {
  return (replicas ?? 1) < 0 ? [atLeast("spec.replicas", replicas, 0)] : [];
}

function validateSelector(selector: LabelSelector | undefined, template: PodTemplateSpec | undefined): FieldError[] {
  if (selector === undefined) return [requiredField("spec.selector")];
  const errors = validateLabelSelector(selector, "spec.selector");
  const isEmpty = Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions ?? []).length === 0;
  if (isEmpty) errors.push(invalidField("spec.selector", selector, "empty selector is invalid for deployment"));
  const labels = template?.metadata?.labels ?? {};
  if (errors.length === 0 && !selectorFrom(selector).matches(labels))
    errors.push(invalidField("spec.template.metadata.labels", labels, "`selector` does not match template `labels`"));
  return errors;
}

function validateTemplate(template: PodTemplateSpec | undefined, policies: readonly string[], path = "spec.template"): FieldError[] {
  if (template?.spec === undefined) return [requiredField(`${path}.spec.containers`)];
  const errors = validatePodSpec(template.spec, `${path}.spec`);
  const policy = template.spec.restartPolicy ?? "";
  const isKnown = ["Always", "OnFailure", "Never"].includes(policy);
  if (isKnown && !policies.includes(policy))
    errors.push(
      policy === "Always"
        ? { ...requiredOneOf(`${path}.spec.restartPolicy`, policies) }
        : unsupportedField(`${path}.spec.restartPolicy`, policy, policies),
    );
  if (template.spec.activeDeadlineSeconds !== undefined && policies.includes("Always"))
    errors.push(forbiddenField(`${path}.spec.activeDeadlineSeconds`, "activeDeadlineSeconds in ReplicaSet is not Supported"));
  return errors;
}

function requiredOneOf(field: string, policies: readonly string[]): FieldError {
  return requiredField(field, `valid values: ${policies.map((policy) => `"${policy}"`).join(", ")}`);
}

export const workloadStrategies: Readonly<Record<string, ResourceStrategy>> = {
  "deployments.apps": deployments,
  "replicasets.apps": replicaSets,
  "statefulsets.apps": statefulSets,
  "daemonsets.apps": daemonSets,
  "controllerrevisions.apps": controllerRevisions,
  "jobs.batch": jobs,
  "cronjobs.batch": cronJobs,
};
