import type { Clock, Logger, Random } from "@coracle/base";
import { hasReason, objectKey, type KubeObject } from "@coracle/apimachinery";
import { resources, type Binding, type Node, type Pod } from "@coracle/api";
import { createLifetime, type Client, type EventRecorder } from "@coracle/client";
import { isFinished, podInfo, SchedulerCache } from "./cache/scheduler-cache.ts";
import { schedule, type Decision } from "./framework/cycle.ts";
import { hasAffinity } from "./framework/has-affinity.ts";
import type { NodeInfo, Plugin, PodInfo, Snapshot } from "./framework/plugin.ts";
import { createInterPodAffinity } from "./plugins/inter-pod-affinity.ts";
import { nodeAffinity } from "./plugins/node-affinity.ts";
import { nodeName } from "./plugins/node-name.ts";
import { nodePorts } from "./plugins/node-ports.ts";
import { nodeResourcesBalancedAllocation, nodeResourcesFit } from "./plugins/node-resources-fit.ts";
import { nodeUnschedulable } from "./plugins/node-unschedulable.ts";
import { podTopologySpread } from "./plugins/pod-topology-spread.ts";
import { isGated } from "./plugins/scheduling-gates.ts";
import { taintToleration } from "./plugins/taint-toleration.ts";
import { createVolumeBinding } from "./plugins/volume-binding.ts";
import { Nominations } from "./preemption/nominations.ts";
import { Preemptor, type Outcome } from "./preemption/preemptor.ts";
import { reportFailure } from "./report-failure.ts";
import { SchedulingQueue } from "./queue/scheduling-queue.ts";

export interface SchedulerOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly events: EventRecorder;
  /** Pods with this `spec.schedulerName` are ours. Defaults to `default-scheduler`. */
  readonly schedulerName?: string;
}

export interface Scheduler {
  /** Resolves when caches are in sync and scheduling goes on. */
  start(): Promise<void>;
  /** Takes no more pods; waits for bindings under way. */
  stop(): Promise<void>;
}

/** Runs upstream's default profile, as far as its plugins exist here, for pods of one scheduler name. */
export function createScheduler(options: SchedulerOptions): Scheduler {
  return new DefaultScheduler(options);
}

/** The order in which upstream's default profile filters. */
function defaultPlugins(options: SchedulerOptions): Plugin[] {
  return [
    nodeUnschedulable,
    nodeName,
    taintToleration,
    nodeAffinity,
    nodePorts,
    nodeResourcesFit,
    createVolumeBinding(options),
    podTopologySpread,
    createInterPodAffinity(options),
    nodeResourcesBalancedAllocation,
  ];
}

/** Pods decided in a row before other work of the process gets a turn. */
const batchSize = 64;
/** Bindings on their way at the same time. */
const bindingLimit = 256;

class DefaultScheduler implements Scheduler {
  readonly #options: SchedulerOptions;
  readonly #schedulerName: string;
  readonly #plugins: readonly Plugin[];
  readonly #cache = new SchedulerCache();
  readonly #queue: SchedulingQueue;
  readonly #stopped = createLifetime();
  readonly #subscriptions: Disposable[] = [];
  readonly #bindings = new Set<Promise<void>>();
  /** Pods decided, whose binding is not seen yet. */
  readonly #inFlight = new Set<string>();
  readonly #cursor = { index: 0 };
  readonly #nominations = new Nominations();
  readonly #preemptor: Preemptor;
  #isScheduled = false;
  #isStarted = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#schedulerName = options.schedulerName ?? "default-scheduler";
    this.#plugins = defaultPlugins(options);
    this.#preemptor = new Preemptor({
      ...options,
      schedulerName: this.#schedulerName,
      plugins: this.#plugins,
      nominations: this.#nominations,
    });
    this.#queue = new SchedulingQueue({ clock: options.clock });
    this.#queue.onActive = () => this.#wake();
  }

  async start(): Promise<void> {
    const { client } = this.#options;
    const nodes = client.informer(resources.nodes);
    const pods = client.informer(resources.pods);
    const volumeResources = [resources.persistentVolumeClaims, resources.persistentVolumes, resources.storageClasses] as const;
    await client.informer(resources.podDisruptionBudgets).waitForSync(this.#stopped.signal);
    await client.informer(resources.namespaces).waitForSync(this.#stopped.signal);
    const others = volumeResources.map((resource) => client.informer<KubeObject>(resource));
    await Promise.all([nodes, pods, ...others].map((informer) => informer.waitForSync(this.#stopped.signal)));
    this.#subscriptions.push(
      nodes.subscribe({
        onAdd: (node) => this.#onNode(node),
        onUpdate: (node, old) => this.#onNode(node, old),
        onDelete: (node) => this.#cache.deleteNode(node.metadata.name ?? ""),
      }),
      pods.subscribe({
        onAdd: (pod) => this.#onPod(pod),
        onUpdate: (pod, old) => this.#onPod(pod, old),
        onDelete: (pod) => this.#onPodDeleted(pod),
      }),
      ...others.map((informer) => {
        const onChange = (): void => this.#queue.moveAll((info) => (info.pod.spec?.volumes ?? []).length > 0);
        return informer.subscribe({ onAdd: onChange, onUpdate: onChange });
      }),
    );
    this.#isStarted = true;
    this.#wake();
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new Error("the scheduler stops"));
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
    this.#queue[Symbol.dispose]();
    await Promise.allSettled(this.#bindings);
  }

  #onNode(node: Node, old?: Node): void {
    this.#cache.setNode(node);
    // Heartbeats change nothing that a pod could be waiting for.
    if (old === undefined || hasSchedulingChange(node, old)) this.#queue.moveAll();
  }

  #onPod(pod: Pod, old?: Pod): void {
    const key = objectKey(pod);
    const boundTo = pod.spec?.nodeName ?? "";
    if (boundTo !== "") {
      this.#inFlight.delete(key);
      this.#nominations.delete(key);
      this.#queue.delete(key);
      this.#cache.setPod(pod, boundTo);
      if (isFinished(pod)) this.#queue.moveAll();
      else if ((old?.spec?.nodeName ?? "") === "" || !isSame(old?.metadata.labels, pod.metadata.labels)) this.#queue.moveAll(dependsOnPods);
      return;
    }
    const isOurs = (pod.spec?.schedulerName ?? "default-scheduler") === this.#schedulerName;
    if (!isOurs || isFinished(pod) || pod.metadata.deletionTimestamp !== undefined) {
      this.#queue.delete(key);
      this.#nominations.delete(key);
      return;
    }
    const info = podInfo(pod);
    // Before this scheduler started, perhaps.
    const nominated = pod.status?.nominatedNodeName ?? "";
    if (nominated !== "") this.#nominations.set(info, nominated);
    // Its status is what the scheduler itself writes: that changes nothing.
    const mayHelp = old === undefined || !isSame(old.spec, pod.spec) || !isSame(old.metadata.labels, pod.metadata.labels);
    if (!this.#inFlight.has(key) && !isGated(pod)) this.#queue.set(info, mayHelp);
  }

  #onPodDeleted(pod: Pod): void {
    const key = objectKey(pod);
    this.#queue.delete(key);
    this.#inFlight.delete(key);
    this.#nominations.delete(key);
    this.#cache.deletePod(key, pod.metadata.uid);
    this.#queue.moveAll();
  }

  #wake(): void {
    if (this.#isScheduled || !this.#isStarted || this.#stopped.signal.aborted) return;
    this.#isScheduled = true;
    queueMicrotask(() => this.#scheduleBatch());
  }

  #scheduleBatch(): void {
    this.#isScheduled = false;
    for (let count = 0; count < batchSize && this.#bindings.size < bindingLimit; count++) {
      if (this.#stopped.signal.aborted) return;
      const movesAtPop = this.#queue.moves;
      const next = this.#queue.pop();
      if (next === undefined) return;
      this.#scheduleOne(next.info, next.queued, movesAtPop);
    }
    if (this.#bindings.size >= bindingLimit) return;
    this.#isScheduled = true;
    this.#options.clock.setTimeout(() => this.#scheduleBatch(), 0);
  }

  #scheduleOne(info: PodInfo, queued: unknown, movesAtPop: number): void {
    const snapshot = this.#cache.snapshot();
    const decision = schedule(info, snapshot, {
      plugins: this.#plugins,
      random: this.#options.random,
      cursor: this.#cursor,
      rivals: (node, pod) => this.#nominations.rivals(node, pod),
    });
    if (decision.type === "unschedulable") {
      this.#queue.putBack(info, queued, movesAtPop);
      const { node, message } = this.#makeRoom(info, snapshot, decision);
      reportFailure(this.#options, info.pod, { message: `${decision.message}${message}`, nominatedNode: node });
      return;
    }
    this.#inFlight.add(info.key);
    this.#cache.setPod(info.pod, decision.node.name);
    const binding = this.#bind(info, decision)
      .catch((error: unknown) => this.#onBindingFailed(info, queued, error))
      .finally(() => {
        this.#bindings.delete(binding);
        this.#wake();
      });
    this.#bindings.add(binding);
  }

  #makeRoom(info: PodInfo, snapshot: Snapshot, { refusals }: Extract<Decision, { type: "unschedulable" }>): Outcome {
    if (snapshot.nodes.length === 0) return { node: undefined, message: "" };
    return this.#preemptor.run(info, snapshot, refusals);
  }

  async #bind(info: PodInfo, decision: Extract<Decision, { type: "bind" }>): Promise<void> {
    const { client, events, log } = this.#options;
    const { pod } = info;
    await this.#preBind(info, decision.node, decision.states);
    const { namespace = "", name = "", uid } = pod.metadata;
    const binding: Binding = {
      apiVersion: "v1",
      kind: "Binding",
      metadata: { name, namespace, ...(uid === undefined ? {} : { uid }) },
      target: { kind: "Node", name: decision.node.name },
    };
    await client.resource(resources.pods, namespace).createSubresource(name, "binding", binding);
    log.debug("bound pod", { pod: info.key, node: decision.node.name });
    events.record(pod, "Normal", "Scheduled", `Successfully assigned ${info.key} to ${decision.node.name}`);
  }

  async #preBind(info: PodInfo, node: NodeInfo, states: ReadonlyMap<string, unknown>): Promise<void> {
    for (const plugin of this.#plugins) await plugin.preBind?.(info, node, states.get(plugin.name), this.#stopped.signal);
  }

  #onBindingFailed(info: PodInfo, queued: unknown, error: unknown): void {
    this.#inFlight.delete(info.key);
    const current = this.#options.client.informer(resources.pods).get(info.key);
    const isSame = current !== undefined && current.metadata.uid === info.pod.metadata.uid;
    if (!isSame || hasReason(error, "NotFound")) {
      this.#cache.deletePod(info.key, info.pod.metadata.uid);
      return;
    }
    // Bound by somebody else: its event has told the cache.
    if ((current.spec?.nodeName ?? "") !== "") return;
    this.#cache.deletePod(info.key);
    if (this.#stopped.signal.aborted) return;
    // The failure may be over at once: retried after the back-off, not only when the cluster changes.
    this.#queue.putBack(podInfo(current), queued, -1);
    reportFailure(this.#options, current, { message: error instanceof Error ? error.message : String(error), nominatedNode: undefined });
  }
}

/** Whether the coming of another pod may help. */
function dependsOnPods({ pod }: PodInfo): boolean {
  return hasAffinity(pod) || (pod.spec?.topologySpreadConstraints ?? []).length > 0;
}

function hasSchedulingChange(node: Node, old: Node): boolean {
  return (
    node.spec?.unschedulable !== old.spec?.unschedulable ||
    !isSame(node.spec?.taints, old.spec?.taints) ||
    !isSame(node.metadata.labels, old.metadata.labels) ||
    !isSame(node.status?.allocatable, old.status?.allocatable)
  );
}

function isSame(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
