import { humanDuration, isConditionTrue, parseTime, type RowCondition, type UnstructuredObject } from "@coracle/apimachinery";
import type { ContainerState, ContainerStatus, Pod } from "../generated/core-v1.ts";

/** What `kubectl get pods` says about the containers of a pod. */
export interface PodSummary {
  readonly ready: number;
  readonly total: number;
  readonly reason: string;
  readonly restarts: number;
  /** NaN when nothing has restarted. */
  readonly lastRestartMs: number;
}

/** Sums up a pod as kube-apiserver does: init containers first, then the last container that has something to say. */
export function summarize(pod: Pod): PodSummary {
  const init = summarizeInit(pod);
  const isInitialized = init.reason === undefined || isConditionTrue(pod.status?.conditions, "Initialized");
  const main = isInitialized ? summarizeMain(pod, init.reason ?? phaseOf(pod)) : undefined;
  const { restarts, lastRestartMs } = main === undefined ? init.all : addRestarts(init.sidecars, main);
  return {
    ready: init.ready + (main?.ready ?? 0),
    total: (pod.spec?.containers.length ?? 0) + sidecarNames(pod).size,
    reason: deletionReason(pod) ?? main?.reason ?? init.reason ?? phaseOf(pod),
    restarts,
    lastRestartMs,
  };
}

/** `3 (2m ago)`. */
export function restartsText({ restarts, lastRestartMs }: PodSummary, nowMs: number): string {
  return restarts === 0 || Number.isNaN(lastRestartMs) ? String(restarts) : `${restarts} (${humanDuration(nowMs - lastRestartMs)} ago)`;
}

export function isFinished({ status }: Pod): boolean {
  return status?.phase === "Succeeded" || status?.phase === "Failed";
}

/** Finished pods say so, for older clients hide them. */
export function podRowConditions(pod: UnstructuredObject): readonly RowCondition[] {
  switch ((pod as Pod).status?.phase) {
    case "Succeeded":
      return [{ type: "Completed", status: "True", reason: "Succeeded", message: "The pod has completed successfully." }];
    case "Failed":
      return [{ type: "Completed", status: "True", reason: "Failed", message: "The pod failed." }];
    default:
      return [];
  }
}

interface Restarts {
  readonly restarts: number;
  readonly lastRestartMs: number;
}

const noRestarts: Restarts = { restarts: 0, lastRestartMs: Number.NaN };

interface InitSummary {
  /** Absent once all init containers are done. */
  readonly reason: string | undefined;
  readonly ready: number;
  readonly all: Restarts;
  readonly sidecars: Restarts;
}

function phaseOf({ status }: Pod): string {
  if (status?.conditions?.some(({ type, reason }) => type === "PodScheduled" && reason === "SchedulingGated")) return "SchedulingGated";
  return status?.reason || status?.phase || "";
}

function deletionReason(pod: Pod): string | undefined {
  if (pod.metadata.deletionTimestamp === undefined) return undefined;
  if (pod.status?.reason === "NodeLost") return "Unknown";
  return isFinished(pod) ? undefined : "Terminating";
}

function sidecarNames({ spec }: Pod): Set<string> {
  return new Set((spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always").map(({ name }) => name));
}

function summarizeInit(pod: Pod): InitSummary {
  const sidecars = sidecarNames(pod);
  const total = pod.spec?.initContainers?.length ?? 0;
  let summary = { ready: 0, all: noRestarts, sidecars: noRestarts };
  for (const [index, container] of (pod.status?.initContainerStatuses ?? []).entries()) {
    const isSidecar = sidecars.has(container.name);
    const restarts = restartsOf(container);
    summary = {
      ready: summary.ready,
      all: addRestarts(summary.all, restarts),
      sidecars: isSidecar ? addRestarts(summary.sidecars, restarts) : summary.sidecars,
    };
    if (container.state?.terminated?.exitCode === 0) continue;
    if (isSidecar && container.started === true) {
      if (container.ready) summary.ready++;
      continue;
    }
    return { ...summary, reason: initReason(container.state, `${index}/${total}`) };
  }
  return { ...summary, reason: undefined };
}

function initReason(state: ContainerState | undefined, progress: string): string {
  const { terminated, waiting } = state ?? {};
  if (terminated !== undefined) return `Init:${terminationReason(terminated)}`;
  const reason = waiting?.reason ?? "";
  return `Init:${reason === "" || reason === "PodInitializing" ? progress : reason}`;
}

function terminationReason({ reason = "", signal = 0, exitCode }: NonNullable<ContainerState["terminated"]>): string {
  if (reason !== "") return reason;
  return signal === 0 ? `ExitCode:${exitCode}` : `Signal:${signal}`;
}

function summarizeMain(pod: Pod, phase: string): Restarts & { ready: number; reason: string } {
  let reason = phase;
  let failure: string | undefined;
  let ready = 0;
  let restarts = noRestarts;
  for (const container of (pod.status?.containerStatuses ?? []).toReversed()) {
    restarts = addRestarts(restarts, restartsOf(container));
    const { waiting, terminated, running } = container.state ?? {};
    if (waiting?.reason !== undefined && waiting.reason !== "") reason = waiting.reason;
    else if (terminated !== undefined) {
      reason = terminationReason(terminated);
      if (terminated.exitCode !== 0) failure = reason;
    } else if (container.ready && running !== undefined) ready++;
  }
  if (reason === "Completed") {
    if (ready > 0 && isConditionTrue(pod.status?.conditions, "Ready")) reason = "Running";
    else if (failure !== undefined) reason = failure;
    else if (ready > 0) reason = "NotReady";
  }
  return { ...restarts, ready, reason };
}

function restartsOf({ restartCount, lastState }: ContainerStatus): Restarts {
  return { restarts: restartCount, lastRestartMs: parseTime(lastState?.terminated?.finishedAt) };
}

function addRestarts(left: Restarts, right: Restarts): Restarts {
  const times = [left.lastRestartMs, right.lastRestartMs].filter((time) => !Number.isNaN(time));
  return { restarts: left.restarts + right.restarts, lastRestartMs: times.length === 0 ? Number.NaN : Math.max(...times) };
}
