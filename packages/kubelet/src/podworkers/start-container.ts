import { chmod, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createDeferred } from "@coracle/base";
import { formatDurationMs } from "@coracle/apimachinery";
import type { Pod } from "@coracle/api";
import { ConfigError } from "../containers/config-error.ts";
import { containerConfig, sandboxConfig } from "../containers/container-config.ts";
import { hostsFile } from "../containers/dns.ts";
import { containerEnvironment } from "../containers/environment.ts";
import { describePod } from "../containers/pod-spec.ts";
import type { Mount, PodSandbox } from "../runtime/runtime.ts";
import { runHook } from "./hooks.ts";
import type { ContainerStart } from "./plan.ts";
import { backOffMessage } from "./plan.ts";
import type { PodContext } from "./pod-context.ts";

/**
 * Starts one container in a sandbox. Does not wait for a pull or a hook any more once `signal` aborts.
 * @throws {ConfigError} with the reason that its status shows while it waits
 */
export async function startContainer(
  context: PodContext,
  pod: Pod,
  sandbox: PodSandbox,
  start: ContainerStart & { readonly signal: AbortSignal },
): Promise<void> {
  const { runtime, events, images, crashes, dns, logDirectory } = context;
  const { container } = start;
  checkBackOff(context, pod, start);
  const image = await unlessAborted(start.signal, images.ensure(pod, container)).catch((error: unknown) => {
    if (error instanceof ConfigError && !start.signal.aborted) events.record(pod, "Warning", "Failed", `Error: ${error.reason}`);
    throw error;
  });
  const id = await failing("CreateContainerConfigError", async () => {
    const ips = pod.spec?.hostNetwork === true ? [context.nodeAddress] : sandbox.ips;
    const services = context.services(pod.metadata.namespace ?? "");
    const environment = await containerEnvironment(pod, container, { ...context, podIps: ips, services });
    const mounts = [...(await context.volumes.mounts(pod, container, environment)), ...(await kubeletMounts(context, pod, sandbox, start))];
    const made = containerConfig({ pod, container, restartCount: start.restartCount, environment, mounts, image });
    const sandboxed = sandboxConfig(pod, sandbox.metadata.attempt, { ...dns, logDirectory });
    return failing("CreateContainerError", () => runtime.createContainer(sandbox.id, made, sandboxed));
  }).catch((error: unknown) => {
    events.record(pod, "Warning", "Failed", `Error: ${(error as Error).message}`);
    throw error;
  });
  events.record(pod, "Normal", "Created", "Container created");
  // A container that ended and is now started again: its next restart waits longer.
  if (start.finishedAtMs !== undefined) crashes.next(crashKey(pod, container.name), start.finishedAtMs);
  try {
    await failing("RunContainerError", () => runtime.startContainer(id));
  } catch (error) {
    events.record(pod, "Warning", "Failed", `Error: ${(error as Error).message}`);
    throw error;
  }
  events.record(pod, "Normal", "Started", "Container started");
  const postStart = container.lifecycle?.postStart;
  if (postStart === undefined) return;
  try {
    const hook = runHook(context, postStart, { containerId: id, container, sandbox, timeoutSeconds: 3600 });
    await unlessAborted(start.signal, hook);
  } catch (error) {
    // The container goes with the pod.
    if (start.signal.aborted) return;
    events.record(pod, "Warning", "FailedPostStartHook", "PostStartHook failed");
    await runtime.stopContainer(id, pod.spec?.terminationGracePeriodSeconds ?? 30);
    throw new ConfigError(error instanceof Error ? error.message : String(error), "PostStartHookError");
  }
}

/** @throws {ConfigError} when the signal aborts first; what was waited for goes on, and nobody hears of it. */
async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const aborted = createDeferred<never>();
  const abort = (): void => aborted.reject(new ConfigError("the pod is being removed", "ContainerCreating"));
  work.catch(() => undefined);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

export function crashKey(pod: Pod, containerName: string): string {
  return `${pod.metadata.uid}/${containerName}`;
}

function checkBackOff({ crashes, events }: PodContext, pod: Pod, { container, finishedAtMs }: ContainerStart): void {
  if (finishedAtMs === undefined) return;
  const key = crashKey(pod, container.name);
  if (crashes.remainingMs(key, finishedAtMs) === 0) return;
  const text = `Back-off restarting failed container ${container.name} in pod ${describePod(pod)}`;
  events.record(pod, "Warning", "BackOff", text);
  throw new ConfigError(backOffMessage(pod, container, formatDurationMs(crashes.delayMs(key))), "CrashLoopBackOff");
}

async function failing<T>(reason: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(error instanceof Error ? error.message : String(error), reason);
  }
}

/** /etc/hosts and the termination message file, which the kubelet itself provides. */
async function kubeletMounts(context: PodContext, pod: Pod, sandbox: PodSandbox, start: ContainerStart): Promise<Mount[]> {
  const { container, restartCount } = start;
  const directory = join(context.podsDirectory, pod.metadata.uid ?? "");
  const mounts: Mount[] = [];
  const hasOwnHosts = (container.volumeMounts ?? []).some(({ mountPath }) => mountPath === "/etc/hosts");
  if (pod.spec?.hostNetwork !== true && !hasOwnHosts) {
    const hostPath = join(directory, "etc-hosts");
    const text = hostsFile(pod, sandbox.ips, context.dns.clusterDomain);
    mounts.push(await provide(context, { containerPath: "/etc/hosts", hostPath, mode: 0o644 }, text));
  }
  const messagePath = container.terminationMessagePath ?? "/dev/termination-log";
  if (context.runtime.usesHostFiles !== false) {
    const hostPath = terminationMessageFile(context, pod, container.name, restartCount);
    // Containers of any user write their last words here.
    mounts.push(await provide(context, { containerPath: messagePath, hostPath, mode: 0o666 }, ""));
  }
  return mounts;
}

export function terminationMessageFile({ podsDirectory }: PodContext, pod: Pod, containerName: string, restartCount: number): string {
  return join(podsDirectory, pod.metadata.uid ?? "", "containers", containerName, String(restartCount));
}

async function provide(
  context: PodContext,
  { mode, ...paths }: { containerPath: string; hostPath: string; mode: number },
  text: string,
): Promise<Mount> {
  if (context.runtime.usesHostFiles === false) {
    return { ...paths, isReadonly: false, readFile: () => Promise.resolve(new TextEncoder().encode(text)) };
  }
  await mkdir(dirname(paths.hostPath), { recursive: true });
  await writeFile(paths.hostPath, text);
  // The process's umask must not show in the container.
  await chmod(paths.hostPath, mode);
  return { ...paths, isReadonly: false };
}
