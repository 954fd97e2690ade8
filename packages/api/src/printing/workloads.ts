import { controllerOf, humanDuration, isConditionTrue, parseApiVersion, parseTime } from "@coracle/apimachinery";
import type { ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet } from "../generated/apps-v1.ts";
import type { CronJob, Job } from "../generated/batch-v1.ts";
import type { Pod, PodTemplate, ReplicationController } from "../generated/core-v1.ts";
import type { PodDisruptionBudget } from "../generated/policy-v1.ts";
import { labelsText, none, orNone, rawSelectorText, selectorText, since, templateCells, unset, type Cells } from "./cells.ts";
import { restartsText, summarize } from "./pod-status.ts";

export const podCells: Cells<Pod> = {
  Ready: (pod) => {
    const { ready, total } = summarize(pod);
    return `${ready}/${total}`;
  },
  Status: (pod) => summarize(pod).reason,
  Restarts: (pod, nowMs) => restartsText(summarize(pod), nowMs),
  IP: ({ status }) => orNone(status?.podIPs?.[0]?.ip),
  Node: ({ spec }) => orNone(spec?.nodeName),
  "Nominated Node": ({ status }) => orNone(status?.nominatedNodeName),
  "Readiness Gates": ({ spec, status }) => {
    const gates = spec?.readinessGates ?? [];
    if (gates.length === 0) return none;
    return `${gates.filter(({ conditionType }) => isConditionTrue(status?.conditions, conditionType)).length}/${gates.length}`;
  },
};

export const deploymentCells: Cells<Deployment> = {
  Ready: ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
  "Up-to-date": ({ status }) => status?.updatedReplicas ?? 0,
  Available: ({ status }) => status?.availableReplicas ?? 0,
  ...templateCells<Deployment>(({ spec }) => spec?.template.spec),
  Selector: ({ spec }) => rawSelectorText(spec?.selector),
};

export const replicaSetCells: Cells<ReplicaSet> = {
  Desired: ({ spec }) => spec?.replicas ?? 0,
  Current: ({ status }) => status?.replicas ?? 0,
  Ready: ({ status }) => status?.readyReplicas ?? 0,
  ...templateCells<ReplicaSet>(({ spec }) => spec?.template?.spec),
  Selector: ({ spec }) => selectorText(spec?.selector),
};

export const replicationControllerCells: Cells<ReplicationController> = {
  Desired: ({ spec }) => spec?.replicas ?? 0,
  Current: ({ status }) => status?.replicas ?? 0,
  Ready: ({ status }) => status?.readyReplicas ?? 0,
  ...templateCells<ReplicationController>(({ spec }) => spec?.template?.spec),
  Selector: ({ spec }) => labelsText(spec?.selector),
};

export const statefulSetCells: Cells<StatefulSet> = {
  Ready: ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
  ...templateCells<StatefulSet>(({ spec }) => spec?.template.spec),
};

export const daemonSetCells: Cells<DaemonSet> = {
  Desired: ({ status }) => status?.desiredNumberScheduled ?? 0,
  Current: ({ status }) => status?.currentNumberScheduled ?? 0,
  Ready: ({ status }) => status?.numberReady ?? 0,
  "Up-to-date": ({ status }) => status?.updatedNumberScheduled ?? 0,
  Available: ({ status }) => status?.numberAvailable ?? 0,
  "Node Selector": ({ spec }) => labelsText(spec?.template.spec?.nodeSelector),
  ...templateCells<DaemonSet>(({ spec }) => spec?.template.spec),
  Selector: ({ spec }) => selectorText(spec?.selector),
};

const jobStates = ["Suspended", "FailureTarget", "SuccessCriteriaMet"];

export const jobCells: Cells<Job> = {
  Status: ({ metadata, status }) => {
    const is = (type: string) => isConditionTrue(status?.conditions, type);
    const finished = ["Complete", "Failed"].find(is);
    if (finished !== undefined) return finished;
    return metadata.deletionTimestamp === undefined ? (jobStates.find(is) ?? "Running") : "Terminating";
  },
  Completions: ({ spec, status }) => {
    const succeeded = status?.succeeded ?? 0;
    if (spec?.completions !== undefined) return `${succeeded}/${spec.completions}`;
    const parallelism = spec?.parallelism ?? 0;
    return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
  },
  Duration: ({ status }, nowMs) => {
    const startMs = parseTime(status?.startTime);
    if (Number.isNaN(startMs)) return "";
    const endMs = parseTime(status?.completionTime);
    return humanDuration((Number.isNaN(endMs) ? nowMs : endMs) - startMs);
  },
  ...templateCells<Job>(({ spec }) => spec?.template.spec),
  Selector: ({ spec }) => selectorText(spec?.selector),
};

export const cronJobCells: Cells<CronJob> = {
  Schedule: ({ spec }) => spec?.schedule ?? "",
  Timezone: ({ spec }) => orNone(spec?.timeZone),
  Suspend: ({ spec }) => (spec?.suspend === undefined ? unset : spec.suspend ? "True" : "False"),
  Active: ({ status }) => status?.active?.length ?? 0,
  "Last Schedule": ({ status }, nowMs) => since(status?.lastScheduleTime, nowMs, none),
  ...templateCells<CronJob>(({ spec }) => spec?.jobTemplate.spec?.template.spec),
  Selector: ({ spec }) => selectorText(spec?.jobTemplate.spec?.selector),
};

export const podTemplateCells: Cells<PodTemplate> = {
  ...templateCells<PodTemplate>(({ template }) => template?.spec),
  "Pod Labels": ({ template }) => labelsText(template?.metadata?.labels),
};

export const controllerRevisionCells: Cells<ControllerRevision> = {
  Controller: (revision) => {
    const owner = controllerOf(revision);
    if (owner === undefined) return none;
    const { group } = parseApiVersion(owner.apiVersion);
    return `${owner.kind.toLowerCase()}${group === "" ? "" : `.${group}`}/${owner.name}`;
  },
  Revision: ({ revision }) => revision,
};

export const podDisruptionBudgetCells: Cells<PodDisruptionBudget> = {
  "Min Available": ({ spec }) => String(spec?.minAvailable ?? "N/A"),
  "Max Unavailable": ({ spec }) => String(spec?.maxUnavailable ?? "N/A"),
  "Allowed Disruptions": ({ status }) => status?.disruptionsAllowed ?? 0,
};
