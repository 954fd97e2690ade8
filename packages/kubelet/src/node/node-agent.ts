import { createHash } from "node:crypto";
import type { Clock, Logger } from "@coracle/base";
import { deepEqual, hasReason } from "@coracle/apimachinery";
import { resources, type Node, type NodeStatus } from "@coracle/api";
import type { Client, EventRecorder } from "@coracle/client";
import type { Runtime } from "../runtime/runtime.ts";
import { NodeLease } from "./node-lease.ts";
import { nodeLabels, nodeObject, nodeStatus, type NodeDescription } from "./node-status.ts";

export interface NodeAgentOptions {
  readonly client: Client;
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: EventRecorder;
  readonly description: Omit<NodeDescription, "machineId" | "runtimeVersion">;
}

const checkMs = 10_000;
const reportMs = 300_000;
const retryMs = 1000;

/** Registers the node and keeps its status and lease fresh: a status when it changes, at least every five minutes. */
export class NodeAgent {
  readonly #options: NodeAgentOptions;
  readonly #stopped = new AbortController();
  readonly #lease: NodeLease;
  #description: NodeDescription | undefined;
  #node: Node | undefined;
  #reportedMs = 0;
  #loop: Promise<void> | undefined;

  constructor(options: NodeAgentOptions) {
    this.#options = options;
    this.#lease = new NodeLease({ ...options, nodeName: options.description.nodeName });
  }

  /** The node as it was last written. */
  get node(): Node | undefined {
    return this.#node;
  }

  /** Reads the node again: others may have given it labels since. What cannot be read stays as it was. */
  async refresh(): Promise<void> {
    const { client, description, log } = this.#options;
    try {
      this.#node = await client.resource(resources.nodes).get(description.nodeName);
    } catch (error) {
      log.warn("node was not read", { node: description.nodeName, error });
    }
  }

  /** Resolves when the node is registered and Ready was reported. */
  async start(): Promise<void> {
    const { runtime, description } = this.#options;
    const { runtimeName, runtimeVersion } = await runtime.version();
    const machineId = createHash("sha256").update(description.nodeName).digest("hex").slice(0, 32);
    this.#description = { ...description, machineId, runtimeVersion: `${runtimeName}://${runtimeVersion}` };
    await this.#register(this.#description);
    await this.#lease.start(this.#node);
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.all([this.#loop, this.#lease.stop()]);
  }

  async #register(description: NodeDescription): Promise<void> {
    const { client, clock, events, log } = this.#options;
    const nodes = client.resource(resources.nodes);
    while (!this.#stopped.signal.aborted) {
      try {
        const existing = await nodes.get(description.nodeName).catch((error: unknown) => {
          if (hasReason(error, "NotFound")) return undefined;
          throw error;
        });
        const status = await this.#compute(existing?.status);
        events.record(this.#reference(), "Normal", "Starting", "Starting kubelet.");
        if (existing === undefined) {
          const created = await nodes.create(nodeObject(description, status));
          // Where a create keeps no status (as the API says of some kinds), report it.
          this.#node = deepEqual(created.status?.conditions, status.conditions) ? created : await this.#write(created, status);
        } else {
          const labels = { ...existing.metadata.labels, ...nodeLabels(description) };
          const annotations = { ...existing.metadata.annotations, ...description.annotations };
          const metadata = { labels, annotations };
          const { labels: oldLabels = {}, annotations: oldAnnotations = {} } = existing.metadata;
          const relabelled = deepEqual(metadata, { labels: oldLabels, annotations: oldAnnotations })
            ? existing
            : await nodes.patch(description.nodeName, { metadata }, { type: "application/merge-patch+json" });
          this.#node = await this.#write(relabelled, status);
        }
        this.#reportedMs = clock.monotonic();
        this.#recordTransition(existing?.status, status);
        return;
      } catch (error) {
        log.warn("node was not registered; trying again", { node: description.nodeName, error });
        await clock.sleep(retryMs, this.#stopped.signal).catch(() => undefined);
      }
    }
  }

  async #run(): Promise<void> {
    const { clock, client, log, description } = this.#options;
    const { signal } = this.#stopped;
    for (;;) {
      await clock.sleep(checkMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      try {
        const wanted = await this.#compute(this.#node?.status);
        const isDue = clock.monotonic() - this.#reportedMs >= reportMs;
        if (!isDue && isSameButTime(this.#node?.status, wanted)) continue;
        const current = await client.resource(resources.nodes).get(description.nodeName);
        const status = await this.#compute(current.status);
        this.#recordTransition(current.status, status);
        this.#node = await this.#write(current, status);
        this.#reportedMs = clock.monotonic();
      } catch (error) {
        if (hasReason(error, "NotFound") && this.#description !== undefined) await this.#register(this.#description);
        else log.warn("node status was not written", { node: description.nodeName, error });
      }
    }
  }

  async #compute(old: NodeStatus | undefined): Promise<NodeStatus> {
    const { runtime, clock } = this.#options;
    const { isRuntimeReady, isNetworkReady, message } = await runtime.status();
    const problem = !isRuntimeReady
      ? `container runtime is down: ${message}`
      : isNetworkReady
        ? undefined
        : `container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:${message}`;
    const images = runtime.usesHostFiles === false ? [] : await runtime.listImages();
    return nodeStatus(this.#description as NodeDescription, old, { nowMs: clock.now(), problem, images });
  }

  #write(node: Node, status: NodeStatus): Promise<Node> {
    // Conditions of others (a problem detector's) are in `status` too; the patch replaces the fields as a whole.
    const name = node.metadata.name ?? "";
    const patch = { status };
    return this.#options.client
      .resource(resources.nodes)
      .patch(name, patch, { type: "application/merge-patch+json", subresource: "status" });
  }

  #recordTransition(old: NodeStatus | undefined, status: NodeStatus): void {
    const { events, description } = this.#options;
    const readyOf = (each: NodeStatus | undefined): string | undefined => each?.conditions?.find(({ type }) => type === "Ready")?.status;
    if (readyOf(old) === readyOf(status)) return;
    const reason = readyOf(status) === "True" ? "NodeReady" : "NodeNotReady";
    events.record(this.#reference(), "Normal", reason, `Node ${description.nodeName} status is now: ${reason}`);
  }

  /** Events about a node carry its name as uid, as upstream's do: a kubelet speaks before it knows the object. */
  #reference(): Node {
    const { nodeName } = this.#options.description;
    return { apiVersion: "v1", kind: "Node", metadata: { name: nodeName, uid: nodeName } } as Node;
  }
}

function isSameButTime(old: NodeStatus | undefined, next: NodeStatus): boolean {
  const strip = (status: NodeStatus | undefined): unknown => ({
    ...status,
    conditions: status?.conditions?.map(({ lastHeartbeatTime: _beat, ...rest }) => rest),
  });
  return deepEqual(strip(old), strip(next));
}
