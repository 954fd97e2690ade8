import type { Container, Pod } from "@coracle/api";
import { containerNameLabel, podGraceAnnotation } from "../containers/labels.ts";
import { findContainer, initContainersOf, isSidecar } from "../containers/pod-spec.ts";
import type { ContainerState } from "../runtime/runtime.ts";
import { runHook } from "./hooks.ts";
import type { RuntimePod } from "./plan.ts";
import type { PodContext } from "./pod-context.ts";

export interface StopOptions {
  readonly graceSeconds: number;
  readonly message: string;
}

/** Ends one container: preStop within the grace period, then the runtime's stop with what is left of it, at least two seconds. */
export async function stopContainer(context: PodContext, pod: Pod, state: ContainerState, options: StopOptions): Promise<void> {
  const { runtime, events, clock } = context;
  const name = state.labels[containerNameLabel] ?? state.metadata.name;
  const container = findContainer(pod, name);
  context.prober.remove(state.id);
  if (state.state !== "running") return;
  events.record(pod, "Normal", "Killing", options.message);
  const startedMs = clock.monotonic();
  if (options.graceSeconds > 0 && container?.lifecycle?.preStop !== undefined) {
    await runPreStop(context, pod, { state, container, graceSeconds: options.graceSeconds });
  }
  const spentSeconds = Math.floor((clock.monotonic() - startedMs) / 1000);
  const rest = options.graceSeconds === 0 ? 0 : Math.max(2, options.graceSeconds - spentSeconds);
  await runtime.stopContainer(state.id, rest);
}

async function runPreStop(
  context: PodContext,
  pod: Pod,
  { state, container, graceSeconds }: { state: ContainerState; container: Container; graceSeconds: number },
): Promise<void> {
  const { runtime, clock, events, log } = context;
  const sandbox = await runtime.podSandboxStatus(state.sandboxId);
  const preStop = container.lifecycle?.preStop;
  if (sandbox === undefined || preStop === undefined) return;
  const over = new AbortController();
  const hook = runHook(context, preStop, { containerId: state.id, container, sandbox, timeoutSeconds: graceSeconds }).catch(
    (error: unknown) => {
      events.record(pod, "Warning", "FailedPreStopHook", "PreStopHook failed");
      log.debug("preStop hook failed", { pod: pod.metadata.name, error });
    },
  );
  await Promise.race([hook, clock.sleep(graceSeconds * 1000, over.signal).catch(() => undefined)]);
  over.abort();
}

/** Ends all containers of a pod: the regular ones together, then sidecars in reverse order. */
export async function stopContainers(context: PodContext, pod: Pod, runtimePod: RuntimePod, graceSeconds: number): Promise<void> {
  const running = runtimePod.containers.filter(({ state }) => state === "running");
  const sidecars = initContainersOf(pod)
    .filter(isSidecar)
    .map(({ name }) => name);
  const nameOf = (state: ContainerState): string => state.labels[containerNameLabel] ?? "";
  const stop = (state: ContainerState): Promise<void> =>
    stopContainer(context, pod, state, { graceSeconds, message: `Stopping container ${nameOf(state)}` });
  await Promise.all(running.filter((state) => !sidecars.includes(nameOf(state))).map(stop));
  for (const name of sidecars.reverse()) await Promise.all(running.filter((state) => nameOf(state) === name).map(stop));
}

/** The grace period that holds for a pod: the deletion's, else its own, else what its containers were started with. */
export function graceSecondsOf(pod: Pod, runtimePod?: RuntimePod): number {
  const remembered = runtimePod?.containers[0]?.annotations[podGraceAnnotation];
  return pod.metadata.deletionGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? Number(remembered ?? 30);
}
