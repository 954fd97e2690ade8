import { deepEqual, findCondition, formatTime, hasReason } from "@coracle/apimachinery";
import { resources, type Node, type NodeCondition, type Taint } from "@coracle/api";
import { mapped, watchFor, type ControllerContext, type ControllerDefinition, type ReconcileResult } from "@coracle/operator";

export interface NodeLifecycleOptions {
  /** How long a node may be silent before it counts as lost. Defaults to 50 s, upstream's `--node-monitor-grace-period`. */
  readonly gracePeriodMs?: number;
}

const notReadyTaint = "node.kubernetes.io/not-ready";
const unreachableTaint = "node.kubernetes.io/unreachable";
const conditionTaints: readonly { type: string; status: string; key: string }[] = [
  { type: "MemoryPressure", status: "True", key: "node.kubernetes.io/memory-pressure" },
  { type: "DiskPressure", status: "True", key: "node.kubernetes.io/disk-pressure" },
  { type: "PIDPressure", status: "True", key: "node.kubernetes.io/pid-pressure" },
  { type: "NetworkUnavailable", status: "True", key: "node.kubernetes.io/network-unavailable" },
];
const managedKeys = new Set([
  notReadyTaint,
  unreachableTaint,
  "node.kubernetes.io/unschedulable",
  ...conditionTaints.map((entry) => entry.key),
]);
const monitorMs = 5000;

/** Notices nodes that fell silent, taints nodes by their conditions, and marks pods of lost nodes as not ready. */
export function createNodeLifecycleController(options: NodeLifecycleOptions = {}): (context: ControllerContext) => ControllerDefinition {
  return (context) => {
    const controller = new NodeLifecycleController(options.gracePeriodMs ?? 50_000, context);
    return {
      name: "node-controller",
      concurrency: 8,
      sources: [
        watchFor(resources.nodes),
        mapped(
          resources.leases,
          (lease) => (lease.metadata.namespace === "kube-node-lease" ? [lease.metadata.name ?? ""] : []),
          (event) => event === "add",
        ),
      ],
      reconcile: (name) => controller.reconcile(name),
    };
  };
}

class NodeLifecycleController {
  readonly #gracePeriodMs: number;
  readonly #context: ControllerContext;
  /** When each node last gave a sign of life, on our clock: the nodes' clocks may differ. */
  readonly #seen = new Map<string, { renewTime: string | undefined; heartbeat: string | undefined; atMs: number }>();

  constructor(gracePeriodMs: number, context: ControllerContext) {
    this.#gracePeriodMs = gracePeriodMs;
    this.#context = context;
    context.client.informer(resources.pods).addIndex("node", (pod) => (pod.spec?.nodeName === undefined ? [] : [pod.spec.nodeName]));
  }

  async reconcile(name: string): Promise<ReconcileResult | void> {
    const { client, clock } = this.#context;
    const node = client.informer(resources.nodes).get(name);
    if (node === undefined) {
      this.#seen.delete(name);
      return;
    }
    const silentMs = clock.now() - this.#lastSeenMs(node);
    const current = silentMs > this.#gracePeriodMs ? await this.#markUnknown(node) : node;
    await this.#writeTaints(current);
    const ready = findCondition(current.status?.conditions, "Ready")?.status;
    if (ready !== "True") await this.#markPodsNotReady(current);
    return { requeueAfterMs: monitorMs };
  }

  #lastSeenMs(node: Node): number {
    const { client, clock } = this.#context;
    const name = node.metadata.name ?? "";
    const renewTime = client.informer(resources.leases).get(`kube-node-lease/${name}`)?.spec?.renewTime;
    const heartbeat = findCondition(node.status?.conditions, "Ready")?.lastHeartbeatTime;
    const seen = this.#seen.get(name);
    if (seen !== undefined && seen.renewTime === renewTime && seen.heartbeat === heartbeat) return seen.atMs;
    const next = { renewTime, heartbeat, atMs: clock.now() };
    this.#seen.set(name, next);
    return next.atMs;
  }

  /** Nothing is known any more of a silent node. */
  async #markUnknown(node: Node): Promise<Node> {
    const { client, clock, events } = this.#context;
    const now = formatTime(clock.now());
    const known = node.status?.conditions ?? [];
    const types = ["MemoryPressure", "DiskPressure", "PIDPressure", "Ready"];
    const conditions: NodeCondition[] = types.map((type) => {
      const before = findCondition(known, type);
      if (before?.status === "Unknown") return before;
      const isNew = before === undefined;
      return {
        type,
        status: "Unknown",
        lastHeartbeatTime: before?.lastHeartbeatTime ?? node.metadata.creationTimestamp ?? now,
        lastTransitionTime: now,
        reason: isNew ? "NodeStatusNeverUpdated" : "NodeStatusUnknown",
        message: isNew ? "Kubelet never posted node status." : "Kubelet stopped posting node status.",
      };
    });
    if (conditions.every((condition) => findCondition(known, condition.type)?.status === "Unknown")) return node;
    events.record(node, "Normal", "NodeNotReady", `Node ${node.metadata.name} status is now: NodeNotReady`);
    return client
      .resource(resources.nodes)
      .patch(
        node.metadata.name ?? "",
        { status: { conditions } },
        { type: "application/strategic-merge-patch+json", subresource: "status" },
      );
  }

  async #writeTaints(node: Node): Promise<void> {
    const wanted = this.#wantedTaints(node);
    const taints = node.spec?.taints ?? [];
    const foreign = taints.filter((taint) => !managedKeys.has(taint.key));
    const kept = wanted.map((taint) => taints.find((other) => other.key === taint.key && other.effect === taint.effect) ?? taint);
    const next = [...foreign, ...kept];
    const identity = (list: readonly Taint[]): string[] => list.map((taint) => `${taint.key}:${taint.effect}`).sort();
    if (deepEqual(identity(next), identity(taints))) return;
    const { resourceVersion } = node.metadata;
    try {
      // A list is replaced as a whole: only if nobody changed the node meanwhile.
      await this.#context.client
        .resource(resources.nodes)
        .patch(
          node.metadata.name ?? "",
          { metadata: { resourceVersion }, spec: { taints: next.length === 0 ? null : next } },
          { type: "application/merge-patch+json" },
        );
    } catch (error) {
      if (!hasReason(error, "Conflict", "NotFound")) throw error;
    }
  }

  #wantedTaints(node: Node): Taint[] {
    const timeAdded = formatTime(this.#context.clock.now());
    const conditions = node.status?.conditions;
    const ready = findCondition(conditions, "Ready")?.status;
    const taints: Taint[] = [];
    if (node.spec?.unschedulable === true) taints.push({ key: "node.kubernetes.io/unschedulable", effect: "NoSchedule", timeAdded });
    if (ready === "False" || ready === undefined)
      taints.push(
        { key: notReadyTaint, effect: "NoSchedule" },
        ...(ready === undefined ? [] : [{ key: notReadyTaint, effect: "NoExecute", timeAdded }]),
      );
    if (ready === "Unknown")
      taints.push({ key: unreachableTaint, effect: "NoSchedule", timeAdded }, { key: unreachableTaint, effect: "NoExecute", timeAdded });
    for (const { type, status, key } of conditionTaints)
      if (findCondition(conditions, type)?.status === status) taints.push({ key, effect: "NoSchedule", timeAdded });
    return taints;
  }

  async #markPodsNotReady(node: Node): Promise<void> {
    const { client, clock, events } = this.#context;
    const now = formatTime(clock.now());
    for (const pod of client.informer(resources.pods).byIndex("node", node.metadata.name ?? "")) {
      const ready = findCondition(pod.status?.conditions, "Ready");
      if (ready?.status !== "True") continue;
      const condition = { type: "Ready", status: "False", lastTransitionTime: now, reason: ready.reason, message: ready.message };
      events.record(pod, "Warning", "NodeNotReady", "Node is not ready");
      await client
        .resource(resources.pods, pod.metadata.namespace)
        .patch(
          pod.metadata.name ?? "",
          { status: { conditions: [condition] } },
          { type: "application/strategic-merge-patch+json", subresource: "status" },
        )
        .catch((error: unknown) => {
          if (!hasReason(error, "NotFound")) throw error;
        });
    }
  }
}
