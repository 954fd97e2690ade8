import { assert, DisposableStack, randomUuid, type Clock, type Random } from "@coracle/base";
import { podUidLabel } from "../../containers/labels.ts";
import {
  ImagePullError,
  type ByteStream,
  type ContainerConfig,
  type ContainerState,
  type ContainerStats,
  type Image,
  type NetworkProbe,
  type PodSandbox,
  type PodSandboxConfig,
  type Runtime,
  type RuntimeEvent,
  type StatsOptions,
  type StreamIo,
} from "../runtime.ts";
import { AddressPool } from "./addresses.ts";
import { annotatedUsage, defaultBehaviour, type Behaviour, type BehaviourFunction } from "./behaviour.ts";
import { ContainerLog } from "./container-log.ts";
import { answerCommand } from "./commands.ts";
import { servePage } from "./page.ts";

export interface SimulatedRuntimeOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly podCidr: string;
  /** Decides what containers do, before the default. */
  readonly behaviour?: BehaviourFunction;
  /** How long a pull takes. Defaults to 0. */
  readonly pullDelayMs?: number;
  /** Throw an {@link ImagePullError} to fail a pull. By default images named `…/does-not-exist…` fail. */
  readonly pull?: (image: string) => void;
}

interface SimulatedContainer {
  state: ContainerState;
  readonly config: ContainerConfig;
  readonly sandbox: SimulatedSandbox;
  readonly log: ContainerLog;
  readonly behaviour: Behaviour;
  timer: Disposable | undefined;
  /** CPU time so far, and until when it is counted. */
  readonly cpu: { nanoseconds: number; untilMs: number };
}

interface SimulatedSandbox {
  state: PodSandbox;
  readonly config: PodSandboxConfig;
  readonly containers: Set<SimulatedContainer>;
}

const sigtermCode = 143;
const nanosecondsPerMs = 1e6;

/** Containers that exist in memory only: they start, log, answer probes and end as their {@link Behaviour} says, on the given clock. */
export function createSimulatedRuntime(options: SimulatedRuntimeOptions): Runtime {
  return new SimulatedRuntime(options);
}

class SimulatedRuntime implements Runtime {
  readonly name = "simulated";
  readonly usesHostFiles = false;
  readonly #options: SimulatedRuntimeOptions;
  readonly #addresses: AddressPool;
  readonly #sandboxes = new Map<string, SimulatedSandbox>();
  readonly #containers = new Map<string, SimulatedContainer>();
  /** By pod uid, so that looking at one pod does not walk all. */
  readonly #pods = new Map<string, Set<SimulatedSandbox>>();
  readonly #images = new Map<string, Image>();
  readonly #listeners = new Set<(event: RuntimeEvent) => void>();

  constructor(options: SimulatedRuntimeOptions) {
    this.#options = options;
    this.#addresses = new AddressPool(options.podCidr);
  }

  version(): Promise<{ runtimeName: string; runtimeVersion: string; runtimeApiVersion: string }> {
    return Promise.resolve({ runtimeName: "simulated", runtimeVersion: "0.1.0", runtimeApiVersion: "v1" });
  }

  status(): Promise<{ isRuntimeReady: boolean; isNetworkReady: boolean; message: string }> {
    return Promise.resolve({ isRuntimeReady: true, isNetworkReady: true, message: "" });
  }

  async setPodCidr(podCidr: string): Promise<void> {
    this.#addresses.setRange(podCidr);
  }

  async runPodSandbox(config: PodSandboxConfig): Promise<string> {
    const id = this.#newId();
    const ips = config.linux.hostNetwork ? [] : [this.#addresses.take()];
    const { metadata, labels, annotations } = config;
    const state: PodSandbox = { id, metadata, isReady: true, createdAtMs: this.#options.clock.now(), ips, labels, annotations };
    const sandbox: SimulatedSandbox = { state, config, containers: new Set() };
    this.#sandboxes.set(id, sandbox);
    const pod = this.#pods.get(metadata.uid) ?? new Set();
    this.#pods.set(metadata.uid, pod.add(sandbox));
    return id;
  }

  async stopPodSandbox(sandboxId: string): Promise<void> {
    const sandbox = this.#sandboxes.get(sandboxId);
    if (sandbox === undefined || !sandbox.state.isReady) return;
    for (const container of sandbox.containers) this.#exit(container, 137, "Error");
    sandbox.state.ips.forEach((ip) => this.#addresses.release(ip));
    sandbox.state = { ...sandbox.state, isReady: false };
    this.#emit(sandbox);
  }

  async removePodSandbox(sandboxId: string): Promise<void> {
    const sandbox = this.#sandboxes.get(sandboxId);
    if (sandbox === undefined) return;
    await this.stopPodSandbox(sandboxId);
    for (const container of sandbox.containers) this.#containers.delete(container.state.id);
    this.#sandboxes.delete(sandboxId);
    const pod = this.#pods.get(sandbox.config.metadata.uid);
    pod?.delete(sandbox);
    if (pod?.size === 0) this.#pods.delete(sandbox.config.metadata.uid);
  }

  async listPodSandboxes(filter: { labels?: Record<string, string> } = {}): Promise<PodSandbox[]> {
    return [...this.#candidates(filter.labels)].map(({ state }) => state).filter(({ labels }) => matches(labels, filter.labels));
  }

  async podSandboxStatus(sandboxId: string): Promise<PodSandbox | undefined> {
    return this.#sandboxes.get(sandboxId)?.state;
  }

  async createContainer(sandboxId: string, config: ContainerConfig, sandboxConfig: PodSandboxConfig): Promise<string> {
    const sandbox = this.#sandboxes.get(sandboxId);
    if (sandbox === undefined) throw new Error(`sandbox ${sandboxId} not found`);
    const id = this.#newId();
    const { metadata, image, labels, annotations } = config;
    const state: ContainerState = {
      id,
      sandboxId,
      metadata,
      image,
      labels,
      annotations,
      state: "created",
      imageId: imageIdOf(image),
      exitCode: 0,

      createdAtMs: this.#options.clock.now(),
      startedAtMs: 0,
      finishedAtMs: 0,
      reason: "",
      message: "",
    };
    const isExpectedToEnd = annotations["simulated.coracle.dev/ends"] === "true";
    const input = { container: config, sandbox: sandboxConfig, isExpectedToEnd };
    const behaviour = this.#options.behaviour?.(input) ?? defaultBehaviour(input);
    const container: SimulatedContainer = {
      state,
      config,
      sandbox,
      behaviour,
      log: new ContainerLog(),
      timer: undefined,
      cpu: { nanoseconds: 0, untilMs: 0 },
    };
    this.#containers.set(id, container);
    sandbox.containers.add(container);
    return id;
  }

  async startContainer(containerId: string): Promise<void> {
    const container = this.#container(containerId);
    assert(container.state.state === "created", "a container is started once");
    const { clock } = this.#options;
    if (container.behaviour.startDelayMs > 0) await clock.sleep(container.behaviour.startDelayMs);
    container.state = { ...container.state, state: "running", startedAtMs: clock.now() };
    container.log.append(clock.now(), `simulated container ${container.config.metadata.name} started (image ${container.config.image})`);
    this.#emit(container.sandbox, containerId);
    this.#play(container, 0);
  }

  async stopContainer(containerId: string, _gracePeriodSeconds: number): Promise<void> {
    const container = this.#containers.get(containerId);
    if (container !== undefined) this.#exit(container, container.state.state === "running" ? sigtermCode : 0, "Error");
  }

  async removeContainer(containerId: string): Promise<void> {
    const container = this.#containers.get(containerId);
    if (container === undefined) return;
    this.#exit(container, 137, "Error");
    container.sandbox.containers.delete(container);
    this.#containers.delete(containerId);
  }

  async listContainers(filter: { sandboxId?: string; labels?: Record<string, string> } = {}): Promise<ContainerState[]> {
    const found: ContainerState[] = [];
    for (const sandbox of this.#candidates(filter.labels)) {
      if (filter.sandboxId !== undefined && sandbox.state.id !== filter.sandboxId) continue;
      for (const { state } of sandbox.containers) if (matches(state.labels, filter.labels)) found.push(state);
    }
    return found;
  }

  async containerStatus(containerId: string): Promise<ContainerState | undefined> {
    return this.#containers.get(containerId)?.state;
  }

  async listContainerStats({ annotationsOf }: StatsOptions = {}): Promise<ContainerStats[]> {
    const stats: ContainerStats[] = [];
    for (const { state, config, containers } of this.#sandboxes.values()) {
      const annotations = annotationsOf?.(config.metadata.uid) ?? state.annotations;
      for (const container of containers) if (container.state.state === "running") stats.push(this.#measure(container, annotations));
    }
    return stats;
  }

  /** What it uses now is taken for what it has used since the last look. */
  #measure({ state, config, behaviour, cpu }: SimulatedContainer, annotations: Readonly<Record<string, string>>): ContainerStats {
    const timestampMs = this.#options.clock.now();
    const usage = behaviour.usage ?? annotatedUsage;
    const { cores, memoryBytes } = usage({
      containerName: config.metadata.name,
      annotations,
      runningMs: timestampMs - state.startedAtMs,
    });
    cpu.nanoseconds += Math.round(Math.max(0, timestampMs - Math.max(cpu.untilMs, state.startedAtMs)) * nanosecondsPerMs * cores);
    cpu.untilMs = timestampMs;
    return { containerId: state.id, timestampMs, cpuNanoseconds: cpu.nanoseconds, workingSetBytes: memoryBytes };
  }

  subscribe(listener: (event: RuntimeEvent) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  async execSync(
    containerId: string,
    command: readonly string[],
    _timeoutSeconds: number,
  ): Promise<{ stdout: Uint8Array; stderr: Uint8Array; exitCode: number }> {
    const { stdout, exitCode } = await this.#answer(containerId, command);
    return { stdout: new TextEncoder().encode(stdout), stderr: new Uint8Array(), exitCode };
  }

  async exec(containerId: string, command: readonly string[], io: StreamIo): Promise<number> {
    const { stdout, exitCode } = await this.#answer(containerId, command);
    await io.stdout?.(new TextEncoder().encode(io.tty ? stdout.replaceAll("\n", "\r\n") : stdout));
    return exitCode;
  }

  async attach(containerId: string, io: StreamIo): Promise<void> {
    const { log } = this.#container(containerId);
    for await (const line of log.read({ follow: true, signal: io.signal })) {
      const text = new TextDecoder().decode(line);
      await io.stdout?.(new TextEncoder().encode(text.slice(text.indexOf(" F ") + 3)));
    }
  }

  async portForward(sandboxId: string, port: number): Promise<ByteStream> {
    const sandbox = this.#sandboxes.get(sandboxId);
    if (sandbox === undefined) throw new Error(`sandbox ${sandboxId} not found`);
    return servePage(sandbox.config.metadata, port);
  }

  async *readLog(containerId: string, options: { follow: boolean; signal: AbortSignal }): AsyncGenerator<Uint8Array, void, void> {
    yield* this.#container(containerId).log.read(options);
  }

  async probeNetwork(sandboxId: string, probe: NetworkProbe): Promise<{ isSuccess: boolean; output: string }> {
    const sandbox = this.#sandboxes.get(sandboxId);
    const running = [...(sandbox?.containers ?? [])].filter(({ state }) => state.state === "running");
    const now = this.#options.clock.now();
    const isListening = running.length > 0 && running.every(({ state, behaviour }) => now - state.startedAtMs >= behaviour.readyAfterMs);
    const target = `${probe.host}:${probe.port}`;
    if (isListening) return { isSuccess: true, output: probe.type === "http" ? "HTTP 200" : "" };
    const refused = `dial tcp ${target}: connect: connection refused`;
    return { isSuccess: false, output: probe.type === "http" ? `Get "http://${target}${probe.path ?? "/"}": ${refused}` : refused };
  }

  async imageStatus(image: string): Promise<Image | undefined> {
    return this.#images.get(image);
  }

  async pullImage(image: string): Promise<string> {
    const { clock, pullDelayMs = 0, pull = failMissing } = this.#options;
    if (pullDelayMs > 0) await clock.sleep(pullDelayMs);
    pull(image);
    const id = imageIdOf(image);
    this.#images.set(image, { id, repoTags: [image], repoDigests: [], sizeBytes: 0 });
    return id;
  }

  async listImages(): Promise<Image[]> {
    return [...this.#images.values()];
  }

  async removeImage(image: string): Promise<void> {
    this.#images.delete(image);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const timers = new DisposableStack();
    for (const { timer, log } of this.#containers.values()) {
      if (timer !== undefined) timers.use(timer);
      log.end();
    }
    timers[Symbol.dispose]();
    this.#listeners.clear();
  }

  #play(container: SimulatedContainer, position: number): void {
    const { clock } = this.#options;
    const { steps, exitCode } = container.behaviour;
    for (let index = position; index < steps.length; index++) {
      const step = steps[index];
      if (step?.type === "print") container.log.append(clock.now(), step.text);
      else if (step !== undefined && step.durationMs > 0) {
        container.timer = clock.setTimeout(() => this.#play(container, index + 1), step.durationMs);
        return;
      }
    }
    if (exitCode !== undefined) this.#exit(container, exitCode, exitCode === 0 ? "Completed" : "Error");
  }

  #exit(container: SimulatedContainer, exitCode: number, reason: string): void {
    if (container.state.state === "exited") return;
    container.timer?.[Symbol.dispose]();
    container.state = { ...container.state, state: "exited", finishedAtMs: this.#options.clock.now(), exitCode, reason };
    container.log.end();
    this.#emit(container.sandbox, container.state.id);
  }

  #answer(containerId: string, command: readonly string[]): Promise<{ stdout: string; exitCode: number }> {
    const { config, sandbox } = this.#container(containerId);
    return answerCommand(command, { config, hostname: sandbox.config.hostname });
  }

  #container(id: string): SimulatedContainer {
    const container = this.#containers.get(id);
    if (container === undefined) throw new Error(`container ${id} not found`);
    return container;
  }

  #candidates(labels: Record<string, string> | undefined): Iterable<SimulatedSandbox> {
    const uid = labels?.[podUidLabel];
    return uid === undefined ? this.#sandboxes.values() : (this.#pods.get(uid) ?? []);
  }

  #emit(sandbox: SimulatedSandbox, containerId?: string): void {
    const event = {
      sandboxId: sandbox.state.id,
      podUid: sandbox.config.metadata.uid,
      ...(containerId === undefined ? {} : { containerId }),
    };
    for (const listener of this.#listeners) listener(event);
  }

  #newId(): string {
    return (randomUuid(this.#options.random) + randomUuid(this.#options.random)).replaceAll("-", "");
  }
}

function matches(labels: Readonly<Record<string, string>>, wanted: Record<string, string> | undefined): boolean {
  return wanted === undefined || Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

function imageIdOf(image: string): string {
  return `simulated/${image}`;
}

function failMissing(image: string): void {
  if (!/(^|\/)does-not-exist/.test(image)) return;
  const name = image.includes("/") ? image : `docker.io/library/${image}`;
  throw new ImagePullError(
    "ErrImagePull",
    `failed to pull and unpack image "${name}": failed to resolve reference "${name}": ${name}: not found`,
  );
}
