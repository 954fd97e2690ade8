import type { Container, Pod } from "@coracle/api";
import type { ContainerState, PodSandbox } from "../runtime/runtime.ts";
import { containerHash, containerNameLabel, hashAnnotation, restartCountOf } from "../containers/labels.ts";
import { containersOf, describePod, initContainersOf, isSidecar, shouldRestart } from "../containers/pod-spec.ts";
import { rememberedOf } from "../status/remembered.ts";

/** What the runtime knows of one pod, newest first. */
export interface RuntimePod {
  readonly sandboxes: readonly PodSandbox[];
  readonly containers: readonly ContainerState[];
}

/** What probes found out about a container instance, by its id. */
export interface ProbeVerdicts {
  /** The probe that failed for good: the container has to be killed. */
  failure(containerId: string): "Liveness" | "Startup" | undefined;
  /** Whether its startup probe has succeeded; true when it has none. */
  isStarted(containerId: string, container: Container): boolean;
}

export interface ContainerStart {
  readonly container: Container;
  readonly restartCount: number;
  /** When the last instance ended: its back-off counts from there. */
  readonly finishedAtMs?: number;
}

export interface ContainerStop {
  readonly state: ContainerState;
  readonly container: Container | undefined;
  readonly message: string;
}

/** The next steps for a pod, in the order of the fields. The edge performs them, then asks again. */
export interface PodPlan {
  /** Nothing will ever run again: the sandbox goes, the pod is Succeeded or Failed. */
  readonly isFinished: boolean;
  readonly sandboxesToStop: readonly PodSandbox[];
  /** The attempt number of the sandbox to make. */
  readonly sandboxToCreate?: number;
  readonly sandbox?: PodSandbox;
  readonly stops: readonly ContainerStop[];
  readonly starts: readonly ContainerStart[];
}

/** The newest instance of a container. */
export function latestOf(runtimePod: RuntimePod, name: string, sandboxId?: string): ContainerState | undefined {
  return runtimePod.containers.find(
    (each) => each.labels[containerNameLabel] === name && (sandboxId === undefined || each.sandboxId === sandboxId),
  );
}

/** Compares a pod with what runs of it. Pure: same input, same plan. */
export function planPod(pod: Pod, runtimePod: RuntimePod, probes: ProbeVerdicts): PodPlan {
  const newest = runtimePod.sandboxes[0];
  const sandbox = newest?.isReady === true ? newest : undefined;
  const outdated = runtimePod.sandboxes.filter((each) => each !== sandbox && each.isReady);
  if (isDone(pod, runtimePod, newest?.id)) {
    return { isFinished: true, sandboxesToStop: runtimePod.sandboxes.filter((each) => each.isReady), stops: [], starts: [] };
  }
  if (sandbox === undefined) {
    const attempt = newest === undefined ? 0 : newest.metadata.attempt + 1;
    return { isFinished: false, sandboxesToStop: runtimePod.sandboxes, sandboxToCreate: attempt, stops: [], starts: [] };
  }
  return { isFinished: false, sandboxesToStop: outdated, sandbox, ...planContainers(pod, { runtimePod, sandbox, probes }) };
}

interface Situation {
  readonly runtimePod: RuntimePod;
  readonly sandbox: PodSandbox;
  readonly probes: ProbeVerdicts;
}

function planContainers(pod: Pod, situation: Situation): Pick<PodPlan, "stops" | "starts"> {
  const { runtimePod, sandbox } = situation;
  const stops: ContainerStop[] = [];
  const starts: ContainerStart[] = [];
  const hasRegular = containersOf(pod).some(({ name }) => latestOf(runtimePod, name, sandbox.id) !== undefined);
  for (const container of initContainersOf(pod)) {
    const step = planContainer(pod, container, situation);
    if (isSidecar(container)) {
      collect(step, stops, starts);
      if (!hasRegular && !step.isStarted) return { stops, starts };
    } else if (!hasRegular) {
      collect(step, stops, starts);
      if (!step.isSucceeded) return { stops, starts };
    }
  }
  for (const container of containersOf(pod)) collect(planContainer(pod, container, situation), stops, starts);
  return { stops, starts };
}

interface ContainerStep {
  readonly start?: ContainerStart;
  readonly stop?: ContainerStop;
  readonly isStarted: boolean;
  readonly isSucceeded: boolean;
}

function collect({ start, stop }: ContainerStep, stops: ContainerStop[], starts: ContainerStart[]): void {
  if (stop !== undefined) stops.push(stop);
  if (start !== undefined) starts.push(start);
}

function planContainer(pod: Pod, container: Container, { runtimePod, sandbox, probes }: Situation): ContainerStep {
  const state = latestOf(runtimePod, container.name, sandbox.id);
  const last = state ?? latestOf(runtimePod, container.name);
  const restartCount = last === undefined ? rememberedOf(pod, container.name).restartCount : restartCountOf(last.annotations) + 1;
  const waiting = { isStarted: false, isSucceeded: false };
  if (state === undefined || state.state === "created" || state.state === "unknown") {
    return { ...waiting, start: { container, restartCount } };
  }
  if (state.state === "exited") {
    if (!shouldRestart(pod, container, state.exitCode)) return { isStarted: false, isSucceeded: state.exitCode === 0 };
    return { ...waiting, start: { container, restartCount, finishedAtMs: state.finishedAtMs } };
  }
  const reason = reasonToStop(container, state, probes);
  if (reason !== undefined) return { ...waiting, stop: { state, container, message: `Container ${container.name} ${reason}` } };
  return { isStarted: probes.isStarted(state.id, container), isSucceeded: false };
}

function reasonToStop(container: Container, state: ContainerState, probes: ProbeVerdicts): string | undefined {
  const hash = state.annotations[hashAnnotation];
  if (hash !== undefined && hash !== containerHash(container)) return "definition changed, will be restarted";
  const failure = probes.failure(state.id);
  if (failure !== undefined) return `failed ${failure.toLowerCase()} probe, will be restarted`;
  return undefined;
}

/** Whether every container has ended and none is to run again, or an init container has failed for good. */
function isDone(pod: Pod, runtimePod: RuntimePod, sandboxId: string | undefined): boolean {
  const failedInit = initContainersOf(pod).some((container) => {
    const state = latestOf(runtimePod, container.name, sandboxId);
    return state?.state === "exited" && state.exitCode !== 0 && !shouldRestart(pod, container, state.exitCode);
  });
  if (failedInit) return true;
  return containersOf(pod).every((container) => {
    const state = latestOf(runtimePod, container.name);
    return state?.state === "exited" && !shouldRestart(pod, container, state.exitCode);
  });
}

/** The text of CrashLoopBackOff: `back-off 10s restarting failed container=x pod=…`. */
export function backOffMessage(pod: Pod, container: Container, delayText: string): string {
  return `back-off ${delayText} restarting failed container=${container.name} pod=${describePod(pod)}`;
}
