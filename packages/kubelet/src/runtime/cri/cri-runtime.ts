import type { Clock, Logger } from "@coracle/base";
import type {
  ByteStream,
  ContainerConfig,
  ContainerState,
  ContainerStats,
  Image,
  LogReadOptions,
  NetworkProbe,
  PodSandbox,
  PodSandboxConfig,
  Runtime,
  RuntimeEvent,
  StreamIo,
} from "../runtime.ts";
import { fromCriContainer, fromCriContainerStatus, fromCriSandbox, fromCriStats } from "./answers.ts";
import { CriError, type CriConnection } from "./connection.ts";
import { EventSource } from "./event-source.ts";
import { imageReference, imageStatus, listImages, pullImage, removeImage, type RegistryAuth } from "./images.ts";
import { logFileSize, readLogFile } from "./log-reader.ts";
import { probeNetwork } from "./network-probe.ts";
import { toCriContainerConfig, toCriSandboxConfig, type RequestContext } from "./requests.ts";
import { attachStreams, execStreams, openPortForward } from "./streaming-client.ts";

export interface CriRuntimeDependencies {
  readonly connection: CriConnection;
  readonly clock: Clock;
  readonly log: Logger;
  readonly context: RequestContext;
}

/** Creating a sandbox sets up its network, and may pull the pause image. */
const sandboxTimeoutMs = 4 * 60_000;

function isNotFound(error: unknown): boolean {
  return error instanceof CriError && error.code === "NOT_FOUND";
}

async function ignoreNotFound(call: Promise<unknown>): Promise<void> {
  await call.catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
  });
}

/** Keeps what can no longer change as long as a list still names it. */
class ById<T> {
  #entries = new Map<string, { state: string; value: T }>();

  get(id: string, state: string): T | undefined {
    const entry = this.#entries.get(id);
    return entry?.state === state ? entry.value : undefined;
  }

  set(id: string, state: string, value: T): void {
    this.#entries.set(id, { state, value });
  }

  delete(id: string): void {
    this.#entries.delete(id);
  }
}

/** {@link Runtime} over CRI v1. */
export class CriRuntime implements Runtime {
  readonly name = "containerd";
  readonly #connection: CriConnection;
  readonly #clock: Clock;
  readonly #context: RequestContext;
  readonly #events: EventSource;
  readonly #sandboxOf = new Map<string, string>();
  readonly #containers = new ById<ContainerState>();
  readonly #sandboxes = new ById<PodSandbox>();

  constructor({ connection, clock, log, context }: CriRuntimeDependencies) {
    this.#connection = connection;
    this.#clock = clock;
    this.#context = context;
    this.#events = new EventSource({ connection, clock, log, ownerLabels: context.ownerLabels });
  }

  async version(): Promise<{ runtimeName: string; runtimeVersion: string; runtimeApiVersion: string }> {
    const { runtimeName, runtimeVersion, runtimeApiVersion } = await this.#connection.call("Version", {});
    return { runtimeName, runtimeVersion, runtimeApiVersion };
  }

  async status(): Promise<{ isRuntimeReady: boolean; isNetworkReady: boolean; message: string }> {
    const { status } = await this.#connection.call("Status", {});
    const isTrue = (type: string): boolean => status.conditions.some((condition) => condition.type === type && condition.status);
    const failing = status.conditions.filter((condition) => !condition.status);
    return {
      isRuntimeReady: isTrue("RuntimeReady"),
      isNetworkReady: isTrue("NetworkReady"),
      message: failing.map(({ type, reason, message }) => `${type}=false reason:${reason} message:${message}`).join(", "),
    };
  }

  async setPodCidr(podCidr: string): Promise<void> {
    await this.#connection.call("UpdateRuntimeConfig", { runtimeConfig: { networkConfig: { podCidr } } });
  }

  async runPodSandbox(config: PodSandboxConfig): Promise<string> {
    const request = { config: toCriSandboxConfig(config, this.#context) };
    const { podSandboxId } = await this.#connection.call("RunPodSandbox", request, { timeoutMs: sandboxTimeoutMs });
    this.#events.poke();
    return podSandboxId;
  }

  async stopPodSandbox(sandboxId: string): Promise<void> {
    await ignoreNotFound(this.#connection.call("StopPodSandbox", { podSandboxId: sandboxId }, { timeoutMs: sandboxTimeoutMs }));
    this.#events.poke();
  }

  async removePodSandbox(sandboxId: string): Promise<void> {
    await ignoreNotFound(this.#connection.call("RemovePodSandbox", { podSandboxId: sandboxId }, { timeoutMs: sandboxTimeoutMs }));
    this.#sandboxes.delete(sandboxId);
    for (const [containerId, owner] of this.#sandboxOf) if (owner === sandboxId) this.#forget(containerId);
    this.#events.poke();
  }

  async listPodSandboxes(filter?: { labels?: Record<string, string> }): Promise<PodSandbox[]> {
    const labelSelector = { ...filter?.labels, ...this.#context.ownerLabels };
    const { items } = await this.#connection.call("ListPodSandbox", { filter: { labelSelector } });
    const found = await Promise.all(
      items.map((item) => this.#sandboxes.get(item.id, String(item.state)) ?? this.podSandboxStatus(item.id)),
    );
    return found.filter((sandbox) => sandbox !== undefined);
  }

  async podSandboxStatus(sandboxId: string): Promise<PodSandbox | undefined> {
    try {
      const { status } = await this.#connection.call("PodSandboxStatus", { podSandboxId: sandboxId });
      if (status === null) return undefined;
      const sandbox = fromCriSandbox(status);
      this.#sandboxes.set(sandboxId, String(status.state), sandbox);
      return sandbox;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async createContainer(sandboxId: string, config: ContainerConfig, sandboxConfig: PodSandboxConfig): Promise<string> {
    const image = imageReference(config.image);
    const { containerId } = await this.#connection.call("CreateContainer", {
      podSandboxId: sandboxId,
      config: toCriContainerConfig({ ...config, image }, sandboxConfig, this.#context),
      sandboxConfig: toCriSandboxConfig(sandboxConfig, this.#context),
    });
    this.#sandboxOf.set(containerId, sandboxId);
    return containerId;
  }

  async startContainer(containerId: string): Promise<void> {
    await this.#connection.call("StartContainer", { containerId });
    this.#events.poke();
  }

  async stopContainer(containerId: string, gracePeriodSeconds: number): Promise<void> {
    const timeoutMs = (gracePeriodSeconds + 120) * 1000;
    await ignoreNotFound(this.#connection.call("StopContainer", { containerId, timeout: gracePeriodSeconds }, { timeoutMs }));
    this.#events.poke();
  }

  async removeContainer(containerId: string): Promise<void> {
    await ignoreNotFound(this.#connection.call("RemoveContainer", { containerId }));
    this.#forget(containerId);
    this.#events.poke();
  }

  async listContainers(filter?: { sandboxId?: string; labels?: Record<string, string> }): Promise<ContainerState[]> {
    const labelSelector = { ...filter?.labels, ...this.#context.ownerLabels };
    const request = { filter: { labelSelector, podSandboxId: filter?.sandboxId ?? "" } };
    const { containers } = await this.#connection.call("ListContainers", request);
    // A list tells no times and no exit codes. They are asked for once in each state, for within one they do not change.
    const states = containers.map((container) => {
      this.#sandboxOf.set(container.id, container.podSandboxId);
      const listed = fromCriContainer(container);
      return this.#containers.get(container.id, listed.state) ?? this.containerStatus(container.id);
    });
    return (await Promise.all(states)).filter((state) => state !== undefined);
  }

  async containerStatus(containerId: string): Promise<ContainerState | undefined> {
    try {
      const { status } = await this.#connection.call("ContainerStatus", { containerId });
      if (status === null) return undefined;
      const state = fromCriContainerStatus(status, await this.#sandboxIdOf(containerId));
      this.#containers.set(containerId, state.state, state);
      return state;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async listContainerStats(): Promise<ContainerStats[]> {
    const filter = { labelSelector: this.#context.ownerLabels };
    const { stats } = await this.#connection.call("ListContainerStats", { filter });
    return stats.map(fromCriStats).filter((each) => each !== undefined);
  }

  subscribe(listener: (event: RuntimeEvent) => void): Disposable {
    return this.#events.subscribe(listener);
  }

  async execSync(
    containerId: string,
    command: readonly string[],
    timeoutSeconds: number,
  ): Promise<{ stdout: Uint8Array; stderr: Uint8Array; exitCode: number }> {
    // The runtime keeps the time; ours is only for a runtime that hangs. Zero is no limit.
    const timeoutMs = timeoutSeconds === 0 ? 24 * 60 * 60_000 : (timeoutSeconds + 10) * 1000;
    return this.#connection.call("ExecSync", { containerId, cmd: command, timeout: timeoutSeconds }, { timeoutMs });
  }

  async exec(containerId: string, command: readonly string[], io: StreamIo): Promise<number> {
    const { url } = await this.#connection.call("Exec", {
      containerId,
      cmd: command,
      tty: io.tty,
      stdin: io.stdin !== undefined,
      stdout: io.stdout !== undefined,
      stderr: io.stderr !== undefined && !io.tty,
    });
    return execStreams(url, io);
  }

  async attach(containerId: string, io: StreamIo): Promise<void> {
    const { url } = await this.#connection.call("Attach", {
      containerId,
      tty: io.tty,
      stdin: io.stdin !== undefined,
      stdout: io.stdout !== undefined,
      stderr: io.stderr !== undefined && !io.tty,
    });
    await attachStreams(url, io);
  }

  async portForward(sandboxId: string, port: number): Promise<ByteStream> {
    const { url } = await this.#connection.call("PortForward", { podSandboxId: sandboxId, port: [port] });
    return openPortForward(url, port);
  }

  async logSize(containerId: string): Promise<number | undefined> {
    const { status } = await this.#connection.call("ContainerStatus", { containerId });
    return status === null || status.logPath === "" ? undefined : logFileSize(status.logPath);
  }

  async *readLog(containerId: string, options: LogReadOptions): AsyncIterable<Uint8Array> {
    const { status } = await this.#connection.call("ContainerStatus", { containerId });
    if (status === null || status.logPath === "") return;
    const isRunning = async (): Promise<boolean> => {
      const state = await this.containerStatus(containerId);
      return state?.state === "running" || state?.state === "created";
    };
    yield* readLogFile({ path: status.logPath, clock: this.#clock, isRunning, ...options });
  }

  async reopenLog(containerId: string): Promise<void> {
    await this.#connection.call("ReopenContainerLog", { containerId });
  }

  probeNetwork(_sandboxId: string, probe: NetworkProbe): Promise<{ isSuccess: boolean; output: string }> {
    return probeNetwork(probe);
  }

  imageStatus(image: string): Promise<Image | undefined> {
    return imageStatus(this.#connection, image);
  }

  pullImage(image: string, auth?: RegistryAuth): Promise<string> {
    return pullImage(this.#connection, image, auth);
  }

  listImages(): Promise<Image[]> {
    return listImages(this.#connection);
  }

  removeImage(image: string): Promise<void> {
    return removeImage(this.#connection, image);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#events[Symbol.dispose]();
    this.#connection[Symbol.dispose]();
    await Promise.resolve();
  }

  #forget(containerId: string): void {
    this.#sandboxOf.delete(containerId);
    this.#containers.delete(containerId);
  }

  /** The CRI's container status does not name its sandbox. */
  async #sandboxIdOf(containerId: string): Promise<string> {
    const known = this.#sandboxOf.get(containerId);
    if (known !== undefined) return known;
    const { containers } = await this.#connection.call("ListContainers", { filter: { id: containerId } });
    const sandboxId = containers[0]?.podSandboxId ?? "";
    if (sandboxId !== "") this.#sandboxOf.set(containerId, sandboxId);
    return sandboxId;
  }
}
