import { deepEqual, hasReason, parseTime } from "@coracle/apimachinery";
import { resources, type Pod, type PodStatus } from "@coracle/api";
import { ConfigError } from "../containers/config-error.ts";
import { sandboxConfig } from "../containers/container-config.ts";
import { containerNameLabel, podUidLabel, restartCountOf } from "../containers/labels.ts";
import { containersOf, findContainer, initContainersOf, isFinished } from "../containers/pod-spec.ts";
import type { ContainerState } from "../runtime/runtime.ts";
import { podStatus, type WaitingReason } from "../status/pod-status.ts";
import { VolumeError } from "../volumes/volume-error.ts";
import { removeContainerFiles, removePodFiles } from "./pod-files.ts";
import { latestOf, planPod, type PodPlan, type RuntimePod } from "./plan.ts";
import type { PodContext } from "./pod-context.ts";
import { crashKey, startContainer } from "./start-container.ts";
import { lostContainers } from "./lost-containers.ts";
import { graceSecondsOf, stopContainer, stopContainers } from "./stop-pod.ts";
import { readTerminationMessage } from "./termination-message.ts";

/** How often a pod is looked at when nothing happens; spread by uid so that pods do not move in step. */
const resyncMs = 60_000;
const retryMs = 2000;
/** Work that takes longer than this shows the state in between (`ContainerCreating`). */
const interimMs = 100;
/** Plans carried out in a row before others get a turn. */
const maxSteps = 100;

/** Brings one pod, known by its uid, to what the API asks for, until it is gone. One step at a time, never two at once. */
export class PodWorker {
  readonly #context: PodContext;
  readonly #startedAtMs: number;
  readonly #waiting = new Map<string, WaitingReason>();
  readonly #messages = new Map<string, string>();
  #pod: Pod;
  /** Counts the changes of what the pod asks for. */
  #revision = 0;
  #isDeletedFromApi = false;
  #isDirty = false;
  #running: Promise<void> | undefined;
  #timer: Disposable | undefined;
  #dueMs = Infinity;
  #verdict: { reason: string; message: string } | undefined;
  #isAdmitted: boolean;
  #isTerminated = false;
  #refreshedMs = -Infinity;
  #isStopped = false;
  #runtimePod: RuntimePod = { sandboxes: [], containers: [] };
  /** The addresses that the pod had at last. */
  #ips: readonly string[] | undefined;
  #terminating: { promise: Promise<void>; graceSeconds: number } | undefined;
  /** Ends what a pod waits for that is to go: hooks that hang, pulls that take long. */
  readonly #interruption = new AbortController();
  /** Set once everything of the pod is gone. */
  isDone = false;
  onDone: () => void = () => undefined;

  constructor(context: PodContext, pod: Pod) {
    this.#context = context;
    this.#pod = pod;
    this.#startedAtMs = context.clock.now();
    // A pod that has a start time was taken by this kubelet before it restarted.
    this.#isAdmitted = pod.status?.startTime !== undefined;
  }

  get pod(): Pod {
    return this.#pod;
  }

  get runtimePod(): RuntimePod {
    return this.#runtimePod;
  }

  /** The pod changed in the API. */
  update(pod: Pod): void {
    const old = this.#pod;
    this.#pod = pod;
    // Most updates are the echo of a status written here.
    if (!asksForMore(old, pod)) return;
    this.#revision++;
    if (pod.metadata.deletionTimestamp !== undefined) this.#interruption.abort();
    // A shorter grace period cuts short a termination under way.
    if (pod.metadata.deletionTimestamp !== undefined && this.#terminating !== undefined) this.#hasten();
    this.wake();
  }

  /** The pod is no longer in the API: what runs of it must go. */
  remove(): void {
    this.#isDeletedFromApi = true;
    this.#revision++;
    this.#interruption.abort();
    this.wake();
  }

  /** Something may have changed: look again. */
  wake(): void {
    if (this.#isStopped || this.isDone) return;
    this.#isDirty = true;
    this.#running ??= this.#run().finally(() => (this.#running = undefined));
  }

  /** Looks no more; containers go on. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#interruption.abort();
    this.#timer?.[Symbol.dispose]();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#isDirty && !this.#isStopped && !this.isDone) {
      this.#isDirty = false;
      this.#timer?.[Symbol.dispose]();
      this.#dueMs = Infinity;
      try {
        await this.#sync();
      } catch (error) {
        this.#context.log.error("pod was not brought up to date", { pod: this.#pod.metadata.name, error });
        this.#wakeIn(retryMs);
      }
      if (!this.isDone) this.#wakeIn(resyncMs);
    }
  }

  async #sync(): Promise<void> {
    const pod = this.#pod;
    this.#runtimePod = await this.#observe();
    if (this.#isDeletedFromApi || pod.metadata.deletionTimestamp !== undefined) return this.#finish();
    if (isFinished(pod) || this.#isTerminated) return this.#tearDown();
    if (!this.#isAdmitted) {
      const rejection = await this.#context.admit(pod);
      if (rejection !== undefined) return this.#reject(rejection);
      this.#isAdmitted = true;
    }
    if (this.#isOverDeadline(pod)) {
      this.#verdict = { reason: "DeadlineExceeded", message: "Pod was active on the node longer than the specified deadline" };
      this.#context.events.record(pod, "Normal", "DeadlineExceeded", this.#verdict.message);
      return this.#tearDown();
    }
    await this.#advance();
  }

  /** Carries out plans until there is nothing more to do now. */
  async #advance(): Promise<void> {
    const { clock, prober } = this.#context;
    const revision = this.#revision;
    await this.#refreshVolumes();
    const interim = clock.setTimeout(() => this.#publish(), interimMs);
    try {
      for (let step = 0; step < maxSteps && this.#revision === revision && !this.#isStopped; step++) {
        const pod = this.#pod;
        const plan = planPod(pod, this.#runtimePod, prober);
        if (plan.isFinished) return await this.#tearDown();
        const hasActed = await this.#perform(pod, plan);
        this.#runtimePod = await this.#observe();
        this.#trackProbes(pod);
        if (!hasActed) break;
      }
    } finally {
      interim[Symbol.dispose]();
    }
    this.#publish();
    await this.#prune();
  }

  /** Keeps of each container the instance that is and the one before it, whose log and end can be asked for. */
  async #prune(): Promise<void> {
    const kept = new Map<string, number>();
    for (const { id, state, labels, annotations } of this.#runtimePod.containers) {
      const name = labels[containerNameLabel] ?? "";
      const count = kept.get(name) ?? 0;
      kept.set(name, count + 1);
      if (count < 2 || state === "running") continue;
      await this.#context.runtime.removeContainer(id);
      this.#messages.delete(id);
      if (this.#context.runtime.usesHostFiles === false) continue;
      const instance = { containerName: name, restartCount: restartCountOf(annotations) };
      await removeContainerFiles(this.#context, this.#pod.metadata, instance);
    }
  }

  /** Running containers see changed config maps and secrets, and new tokens, a minute later at most. */
  async #refreshVolumes(): Promise<void> {
    const { volumes, runtime, clock, log } = this.#context;
    const isRunning = this.#runtimePod.containers.some(({ state }) => state === "running");
    if (!isRunning || runtime.usesHostFiles === false || clock.monotonic() - this.#refreshedMs < resyncMs) return;
    this.#refreshedMs = clock.monotonic();
    // What is missing now was there before: the containers keep what they have.
    await volumes
      .prepare(this.#pod)
      .catch((error: unknown) => log.warn("volumes were not refreshed", { pod: this.#pod.metadata.name, error }));
  }

  /** Returns whether another plan may follow at once. */
  async #perform(pod: Pod, plan: PodPlan): Promise<boolean> {
    const { runtime, events } = this.#context;
    for (const sandbox of plan.sandboxesToStop) {
      if (plan.sandboxToCreate !== undefined && sandbox === plan.sandboxesToStop[0]) {
        events.record(pod, "Normal", "SandboxChanged", "Pod sandbox changed, it will be killed and re-created.");
      }
      await runtime.stopPodSandbox(sandbox.id);
      if (plan.sandboxToCreate === undefined) continue;
      // Only the newest stays, for the logs and exit codes of its containers.
      if (sandbox !== plan.sandboxesToStop[0]) await runtime.removePodSandbox(sandbox.id);
    }
    if (plan.sandboxToCreate !== undefined) return this.#createSandbox(pod, plan.sandboxToCreate);
    for (const { state, message } of plan.stops) {
      await stopContainer(this.#context, pod, state, { graceSeconds: this.#graceAfterProbe(pod, state), message });
    }
    let hasActed = plan.stops.length > 0;
    for (const start of plan.starts) {
      if (plan.sandbox === undefined || this.#isInterrupted()) return false;
      try {
        await startContainer(this.#context, pod, plan.sandbox, { ...start, signal: this.#interruption.signal });
        this.#waiting.delete(start.container.name);
        hasActed = true;
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        this.#waiting.set(start.container.name, { reason: error.reason, message: error.message });
        const crashMs = this.#context.crashes.remainingMs(crashKey(pod, start.container.name), start.finishedAtMs ?? 0);
        const pullMs = this.#context.images.retryInMs(pod, start.container.image ?? "");
        if (error.reason === "CrashLoopBackOff") this.#wakeIn(crashMs);
        // A pull that failed shows why at first, then that the next one has to wait.
        else if (pullMs > 0) this.#wakeIn(error.reason === "ImagePullBackOff" ? pullMs : Math.min(pullMs, retryMs));
        else this.#wakeIn(10_000);
      }
    }
    return hasActed;
  }

  async #createSandbox(pod: Pod, attempt: number): Promise<boolean> {
    const { runtime, events, volumes, dns, logDirectory } = this.#context;
    try {
      await volumes.prepare(pod);
    } catch (error) {
      if (!(error instanceof VolumeError)) throw error;
      for (const message of error.messages) events.record(pod, "Warning", "FailedMount", message);
      this.#wakeIn(retryMs);
      return false;
    }
    try {
      await runtime.runPodSandbox(sandboxConfig(pod, attempt, { ...dns, logDirectory }));
      return true;
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      events.record(pod, "Warning", "FailedCreatePodSandBox", `Failed to create pod sandbox: ${text}`);
      this.#wakeIn(retryMs);
      return false;
    }
  }

  async #observe(): Promise<RuntimePod> {
    const { runtime } = this.#context;
    const filter = { labels: { [podUidLabel]: this.#pod.metadata.uid ?? "" } };
    const [sandboxes, containers] = await Promise.all([runtime.listPodSandboxes(filter), runtime.listContainers(filter)]);
    sandboxes.sort((left, right) => right.metadata.attempt - left.metadata.attempt || right.createdAtMs - left.createdAtMs);
    containers.sort((left, right) => right.createdAtMs - left.createdAtMs || right.metadata.attempt - left.metadata.attempt);
    for (const state of containers) {
      if (state.state !== "exited" || this.#messages.has(state.id)) continue;
      this.#messages.set(state.id, await readTerminationMessage(this.#context, this.#pod, state));
    }
    const [newest] = sandboxes;
    if (newest !== undefined && newest.ips.length > 0) this.#ips = newest.ips;
    return { sandboxes, containers: [...containers, ...lostContainers(this.#pod, containers)] };
  }

  #trackProbes(pod: Pod): void {
    const { prober } = this.#context;
    const sandbox = this.#runtimePod.sandboxes[0];
    if (sandbox === undefined) return;
    for (const container of [...initContainersOf(pod), ...containersOf(pod)]) {
      const state = latestOf(this.#runtimePod, container.name, sandbox.id);
      if (state?.state === "running") prober.add({ pod, container, state, sandbox, onChange: () => this.wake() });
      else if (state !== undefined) prober.remove(state.id);
    }
  }

  #publish(extra: { isTerminated?: boolean } = {}): PodStatus {
    const { runtime, clock, nodeAddress, prober, statuses } = this.#context;
    const pod = this.#pod;
    const status = podStatus({
      pod,
      runtimePod: this.#runtimePod,
      runtimeName: runtime.name,
      nodeAddress,
      nowMs: clock.now(),
      startedAtMs: this.#startedAtMs,
      waiting: this.#waiting,
      isReady: (id, container) => prober.isReady(id, container),
      isStarted: (id, container) => prober.isStarted(id, container),
      terminationMessage: (state) => this.#messages.get(state.id) ?? state.message,
      ...(this.#verdict === undefined ? {} : { verdict: this.#verdict }),
      isTerminated: extra.isTerminated === true,
      ...(this.#ips !== undefined && { lastIps: this.#ips }),
    });
    statuses.set(pod, status);
    return status;
  }

  /** Everything has ended, or has to: containers stop, the final status is written, the network goes. Logs stay. */
  async #tearDown(): Promise<void> {
    const pod = this.#pod;
    const isReported = this.#isTerminated || isFinished(pod);
    await this.#stopAll(graceSecondsOf(pod, this.#runtimePod));
    this.#isTerminated = true;
    // A final status stays as it was first reported: later nothing may be left to tell it from.
    if (!isReported) this.#publish({ isTerminated: true });
    await this.#context.volumes.release(pod.metadata.uid ?? "");
  }

  /** The pod was deleted: as {@link #tearDown}, then nothing of it remains, here or in the API. */
  async #finish(): Promise<void> {
    const { statuses, client, volumes, runtime, prober } = this.#context;
    const { uid = "", name = "", namespace } = this.#pod.metadata;
    if (!this.#isTerminated) {
      await this.#stopAll(graceSecondsOf(this.#pod, this.#runtimePod));
      this.#isTerminated = true;
      if (!this.#isDeletedFromApi && !isFinished(this.#pod)) this.#publish({ isTerminated: true });
    }
    if (!this.#isDeletedFromApi) {
      await statuses.flush(uid);
    }
    await volumes.release(uid);
    for (const sandbox of this.#runtimePod.sandboxes) await runtime.removePodSandbox(sandbox.id);
    if (!this.#isDeletedFromApi) {
      try {
        await client.resource(resources.pods, namespace).delete(name, { gracePeriodSeconds: 0, preconditions: { uid } });
      } catch (error) {
        if (!hasReason(error, "NotFound", "Conflict")) throw error;
      }
      // With finalizers it lingers; nothing is left to do here until it is gone.
      if ((this.#pod.metadata.finalizers ?? []).length > 0 && !this.#isDeletedFromApi) return;
    }
    if (runtime.usesHostFiles !== false) await removePodFiles(this.#context, this.#pod.metadata);
    prober.removePod(uid);
    statuses.forget(uid);
    this.#context.crashes.forget(uid);
    this.#context.images.forget(uid);
    this.#timer?.[Symbol.dispose]();
    this.isDone = true;
    this.onDone();
  }

  async #stopAll(graceSeconds: number): Promise<void> {
    const { runtime, prober } = this.#context;
    prober.removePod(this.#pod.metadata.uid ?? "");
    const promise = stopContainers(this.#context, this.#pod, this.#runtimePod, graceSeconds);
    this.#terminating = { promise, graceSeconds };
    await promise.finally(() => (this.#terminating = undefined));
    this.#runtimePod = await this.#observe();
    for (const sandbox of this.#runtimePod.sandboxes) if (sandbox.isReady) await runtime.stopPodSandbox(sandbox.id);
    this.#runtimePod = await this.#observe();
  }

  #hasten(): void {
    const graceSeconds = graceSecondsOf(this.#pod);
    if (this.#terminating === undefined || graceSeconds >= this.#terminating.graceSeconds) return;
    this.#terminating.graceSeconds = graceSeconds;
    for (const state of this.#runtimePod.containers) {
      if (state.state === "running") void this.#context.runtime.stopContainer(state.id, graceSeconds).catch(() => undefined);
    }
  }

  #reject({ reason, message }: { reason: string; message: string }): void {
    const { events, statuses, clock } = this.#context;
    const text = `Pod was rejected: ${message}`;
    events.record(this.#pod, "Warning", reason, message);
    this.#isTerminated = true;
    const { generation } = this.#pod.metadata;
    const status = {
      ...this.#pod.status,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      phase: "Failed",
      reason,
      message: text,
      startTime: new Date(clock.now()).toISOString().replace(/\.\d+Z$/, "Z"),
    } as PodStatus;
    statuses.set(this.#pod, status);
  }

  #isOverDeadline(pod: Pod): boolean {
    const seconds = pod.spec?.activeDeadlineSeconds;
    if (seconds === undefined || this.#verdict !== undefined) return this.#verdict !== undefined;
    const startMs = parseTime(pod.status?.startTime) || this.#startedAtMs;
    const remainingMs = startMs + seconds * 1000 - this.#context.clock.now();
    if (remainingMs > 0) this.#wakeIn(remainingMs);
    return remainingMs <= 0;
  }

  #graceAfterProbe(pod: Pod, state: ContainerState): number {
    const container = findContainer(pod, state.metadata.name);
    const failure = this.#context.prober.failure(state.id);
    const probe = failure === "Startup" ? container?.startupProbe : failure === "Liveness" ? container?.livenessProbe : undefined;
    return probe?.terminationGracePeriodSeconds ?? graceSecondsOf(pod);
  }

  #isInterrupted(): boolean {
    return this.#isDeletedFromApi || this.#isStopped || this.#pod.metadata.deletionTimestamp !== undefined;
  }

  #wakeIn(delayMs: number): void {
    const { clock } = this.#context;
    const dueMs = clock.monotonic() + Math.max(0, delayMs);
    if (this.#isStopped || dueMs >= this.#dueMs) return;
    this.#timer?.[Symbol.dispose]();
    this.#dueMs = dueMs;
    this.#timer = clock.setTimeout(() => this.wake(), delayMs);
  }
}

/** Whether an update is more than a change of the status that the kubelet itself writes. */
function asksForMore(old: Pod, pod: Pod): boolean {
  const wish = ({ metadata, spec, status }: Pod): unknown => {
    const { resourceVersion: _version, managedFields: _fields, ...rest } = metadata;
    const gates = (spec?.readinessGates ?? []).map(
      ({ conditionType }) => status?.conditions?.find(({ type }) => type === conditionType)?.status,
    );
    return [rest, spec, gates];
  };
  return !deepEqual(wish(old), wish(pod));
}
