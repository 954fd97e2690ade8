import { formatTime } from "@coracle/apimachinery";
import type { Container, ContainerStatus, Pod, PodStatus } from "@coracle/api";
import { containerNameLabel, restartCountOf } from "../containers/labels.ts";
import { containersOf, initContainersOf, isSidecar, qosClassOf, shouldRestart } from "../containers/pod-spec.ts";
import { latestOf, type RuntimePod } from "../podworkers/plan.ts";
import type { ContainerState } from "../runtime/runtime.ts";
import { podConditions } from "./conditions.ts";
import { rememberedOf } from "./remembered.ts";

/** Why a container does not run, as the pod worker found: `ImagePullBackOff`, `CrashLoopBackOff` … */
export interface WaitingReason {
  readonly reason: string;
  readonly message?: string;
}

export interface StatusInput {
  readonly pod: Pod;
  readonly runtimePod: RuntimePod;
  readonly runtimeName: string;
  readonly nodeAddress: string;
  readonly nowMs: number;
  /** The addresses that the pod had when it last had any. */
  readonly lastIps?: readonly string[];
  /** When the kubelet saw the pod first. */
  readonly startedAtMs: number;
  readonly waiting: ReadonlyMap<string, WaitingReason>;
  isReady(containerId: string, container: Container): boolean;
  isStarted(containerId: string, container: Container): boolean;
  terminationMessage(state: ContainerState): string;
  /** Set when the kubelet itself ended the pod: deadline, eviction. */
  readonly verdict?: { readonly reason: string; readonly message: string };
  /** Nothing runs and nothing will. */
  readonly isTerminated: boolean;
}

/** The status of a pod, in the kubelet's words, from its spec and what the runtime says. Pure. */
export function podStatus(input: StatusInput): PodStatus {
  const { pod, runtimePod, nowMs } = input;
  const initStatuses = initContainersOf(pod).map((container) => containerStatus(input, container, true));
  const statuses = containersOf(pod).map((container) => containerStatus(input, container, false));
  const phase = phaseOf(input, initStatuses, statuses);
  const sandbox = runtimePod.sandboxes[0];
  const now = formatTime(nowMs);
  const conditions = podConditions({ pod, phase, hasSandbox: hasNetwork(pod, runtimePod), initStatuses, statuses, now });
  const ips = pod.spec?.hostNetwork === true ? [input.nodeAddress] : (sandbox?.ips ?? []);
  const keptIps = ips.length > 0 ? ips : (input.lastIps ?? (pod.status?.podIPs ?? []).map(({ ip }) => ip));
  const { generation } = pod.metadata;
  const { verdict } = input;
  const { ephemeralContainerStatuses, resourceClaimStatuses, nominatedNodeName, resize } = pod.status ?? {};
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    phase,
    conditions,
    ...(verdict === undefined ? {} : { reason: verdict.reason, message: verdict.message }),
    hostIP: input.nodeAddress,
    hostIPs: [{ ip: input.nodeAddress }],
    ...(keptIps.length === 0 ? {} : { podIP: keptIps[0], podIPs: keptIps.map((ip) => ({ ip })) }),
    startTime: pod.status?.startTime ?? formatTime(input.startedAtMs),
    ...(initStatuses.length === 0 ? {} : { initContainerStatuses: initStatuses }),
    containerStatuses: statuses,
    qosClass: qosClassOf(pod),
    ...(ephemeralContainerStatuses === undefined ? {} : { ephemeralContainerStatuses }),
    ...(resourceClaimStatuses === undefined ? {} : { resourceClaimStatuses }),
    ...(nominatedNodeName === undefined ? {} : { nominatedNodeName }),
    ...(resize === undefined ? {} : { resize }),
  } as PodStatus;
}

function hasNetwork(pod: Pod, { sandboxes }: RuntimePod): boolean {
  const sandbox = sandboxes[0];
  return sandbox?.isReady === true && (pod.spec?.hostNetwork === true || sandbox.ips.length > 0);
}

function phaseOf(input: StatusInput, initStatuses: readonly ContainerStatus[], statuses: readonly ContainerStatus[]): string {
  const { pod } = input;
  const before = pod.status?.phase;
  if (before === "Failed" || before === "Succeeded") return before;
  if (input.verdict !== undefined) return input.isTerminated ? "Failed" : (before ?? "Running");
  const hasFailedInit = initContainersOf(pod).some((container, index) => {
    const code = initStatuses[index]?.state?.terminated?.exitCode;
    return code !== undefined && code !== 0 && !shouldRestart(pod, container, code);
  });
  if (hasFailedInit) return input.isTerminated ? "Failed" : "Pending";
  if (statuses.length > 0 && statuses.every((status) => status.state?.terminated !== undefined)) {
    const isOver = containersOf(pod).every(
      (container, index) => !shouldRestart(pod, container, statuses[index]?.state?.terminated?.exitCode ?? 0),
    );
    if (isOver || (input.isTerminated && pod.metadata.deletionTimestamp !== undefined)) {
      if (!input.isTerminated) return "Running";
      return statuses.every((status) => status.state?.terminated?.exitCode === 0) ? "Succeeded" : "Failed";
    }
    return "Running";
  }
  const hasUnstarted = statuses.some((status) => status.state?.waiting !== undefined && status.lastState?.terminated === undefined);
  if (hasUnstarted && input.isTerminated && pod.metadata.deletionTimestamp !== undefined) return "Failed";
  return hasUnstarted ? "Pending" : "Running";
}

function containerStatus(input: StatusInput, container: Container, isInit: boolean): ContainerStatus {
  const { pod, runtimePod } = input;
  const instances = runtimePod.containers.filter((each) => each.labels[containerNameLabel] === container.name);
  const current = latestOf(runtimePod, container.name);
  const before = instances[1];
  const waiting = waitingFor(input, container, current, isInit);
  const isRunning = current?.state === "running" && waiting === undefined;
  const hasEnded = current?.state === "exited" && waiting === undefined;
  const last = waiting !== undefined && current?.state === "exited" ? current : before;
  const isStarted = isRunning && input.isStarted(current.id, container);
  const isDoneInit = isInit && !isSidecar(container) && hasEnded && current.exitCode === 0;
  const isReady = isDoneInit || (isRunning && isStarted && (!isInit || isSidecar(container)) && input.isReady(current.id, container));
  const remembered = rememberedOf(pod, container.name, current?.id);
  const state =
    waiting !== undefined
      ? { waiting: { ...waiting } }
      : isRunning
        ? { running: { startedAt: formatTime(current.startedAtMs) } }
        : { terminated: terminated(input, current as ContainerState) };
  return {
    name: container.name,
    state,
    lastState: last?.state === "exited" ? { terminated: terminated(input, last) } : remembered.lastState,
    ready: isReady,
    restartCount: current === undefined ? remembered.restartCount : restartCountOf(current.annotations),
    image: current?.image ?? container.image ?? "",
    imageID: current?.imageId ?? "",
    ...(current === undefined ? {} : { containerID: `${input.runtimeName}://${current.id}` }),
    started: isStarted,
  } as ContainerStatus;
}

/** Why the container is shown as waiting; undefined when it runs or has ended for good. */
function waitingFor(
  { pod, waiting, isTerminated, runtimePod }: StatusInput,
  container: Container,
  current: ContainerState | undefined,
  isInit: boolean,
): WaitingReason | undefined {
  if (current?.state === "running") return undefined;
  const reason = waiting.get(container.name);
  if (current?.state === "exited" && (isTerminated || reason === undefined || pod.metadata.deletionTimestamp !== undefined))
    return undefined;
  if (reason !== undefined) return reason;
  const isInitializing =
    !isInit && initContainersOf(pod).some((init) => !isSidecar(init) && !hasSucceeded(latestOf(runtimePod, init.name)));
  return { reason: isInitializing || (isInit && initContainersOf(pod)[0] !== container) ? "PodInitializing" : "ContainerCreating" };
}

function hasSucceeded(state: ContainerState | undefined): boolean {
  return state?.state === "exited" && state.exitCode === 0;
}

function terminated({ runtimeName, terminationMessage }: StatusInput, state: ContainerState): Record<string, unknown> {
  const message = terminationMessage(state);
  return {
    exitCode: state.exitCode,
    reason: state.reason === "" ? (state.exitCode === 0 ? "Completed" : "Error") : state.reason,
    ...(message === "" ? {} : { message }),
    startedAt: formatTime(state.startedAtMs),
    finishedAt: formatTime(state.finishedAtMs),
    containerID: `${runtimeName}://${state.id}`,
  };
}
