import type { Clock, Logger, Random } from "@coracle/base";
import { formatTime, hasReason } from "@coracle/apimachinery";
import { resources, type Pod } from "@coracle/api";
import type { Client, EventRecorder } from "@coracle/client";
import type { Plugin, PodInfo, Refusal, Snapshot } from "../framework/plugin.ts";
import type { Nominations } from "./nominations.ts";
import { preempt } from "./preempt.ts";

export interface PreemptorOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly events: EventRecorder;
  readonly schedulerName: string;
  readonly plugins: readonly Plugin[];
  readonly nominations: Nominations;
}

export interface Outcome {
  /** The node that the pod waits for; undefined when it waits for none. */
  readonly node: string | undefined;
  /** What to add to the reasons why the pod is not scheduled. */
  readonly message: string;
}

/** Makes room for pods that fit nowhere by removing less important ones. */
export class Preemptor {
  readonly #options: PreemptorOptions;

  constructor(options: PreemptorOptions) {
    this.#options = options;
  }

  /** Decides at once; the victims go by and by. */
  run(pod: PodInfo, snapshot: Snapshot, refusals: ReadonlyMap<string, Refusal>): Outcome {
    const { client, nominations, plugins, random } = this.#options;
    const result = preempt(pod, snapshot, {
      plugins,
      refusals,
      budgets: client.informer(resources.podDisruptionBudgets).list(),
      offset: Math.floor(random.next() * snapshot.nodes.length),
      nominated: nominations.nodeOf(pod.key),
      rivals: (node) => nominations.rivals(node, pod),
    });
    if (result.type === "none") {
      const isWaiting = result.message === "not eligible due to a terminating pod on the nominated node.";
      if (!isWaiting) nominations.delete(pod.key);
      return { node: isWaiting ? nominations.nodeOf(pod.key) : undefined, message: ` preemption: ${result.message}` };
    }
    for (const other of nominations.lesser(result.node, pod)) this.#withdraw(other);
    nominations.set(pod, result.node);
    for (const victim of result.victims) this.#remove(victim.pod, pod.pod, result.node);
    return { node: result.node, message: "" };
  }

  /** A pod of less importance has to look for another node. */
  #withdraw(other: PodInfo): void {
    this.#options.nominations.delete(other.key);
    const { name = "", namespace } = other.pod.metadata;
    const patch = { status: { nominatedNodeName: null } };
    this.#options.client
      .resource(resources.pods, namespace)
      .patch(name, patch, { type: "application/merge-patch+json", subresource: "status" })
      .catch((error: unknown) => this.#warn("cannot withdraw a nomination", other.pod, error));
  }

  #remove(victim: Pod, preemptor: Pod, node: string): void {
    if (victim.metadata.deletionTimestamp !== undefined) return;
    this.#delete(victim)
      .then(() => this.#options.events.record(victim, "Normal", "Preempted", `Preempted by pod ${preemptor.metadata.uid} on node ${node}`))
      .catch((error: unknown) => this.#warn("cannot preempt a pod", victim, error));
  }

  async #delete(victim: Pod): Promise<void> {
    const { client, clock, schedulerName } = this.#options;
    const { name = "", namespace, uid } = victim.metadata;
    const pods = client.resource(resources.pods, namespace);
    const condition = {
      type: "DisruptionTarget",
      status: "True",
      reason: "PreemptionByScheduler",
      message: `${schedulerName}: preempting to accommodate a higher priority pod`,
      lastTransitionTime: formatTime(clock.now()),
    };
    const patch = { metadata: { uid }, status: { conditions: [condition] } };
    await pods.patch(name, patch, { type: "application/strategic-merge-patch+json", subresource: "status" });
    await pods.delete(name, uid === undefined ? {} : { preconditions: { uid } });
  }

  #warn(text: string, { metadata }: Pod, error: unknown): void {
    if (!hasReason(error, "NotFound")) this.#options.log.warn(text, { pod: `${metadata.namespace}/${metadata.name}`, error });
  }
}
