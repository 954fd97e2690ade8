import { deepEqual, findCondition, formatTime, hasReason, objectKey } from "@coracle/apimachinery";
import { resources, type Pod, type Taint } from "@coracle/api";
import type { Informer } from "@coracle/client";
import { mapped, watchFor, type ControllerContext, type ControllerDefinition, type ReconcileResult } from "@coracle/operator";
import { evictingTaints, tolerationMs } from "./toleration-time.ts";

const nodeIndex = "node";

/** Deletes pods that do not tolerate the NoExecute taints of their node, or no longer; a taint that goes in time cancels it. */
export function createTaintEvictionController(context: ControllerContext): ControllerDefinition {
  const { client } = context;
  const pods = client.informer(resources.pods);
  pods.addIndex(nodeIndex, (pod) => (pod.spec?.nodeName === undefined ? [] : [pod.spec.nodeName]));
  const controller = new TaintEvictionController(context, pods);
  return {
    name: "taint-eviction-controller",
    concurrency: 8,
    sources: [
      watchFor(resources.pods, (event, pod, old) => event !== "update" || !isSamePlace(pod, old)),
      mapped(
        resources.nodes,
        (node) => pods.byIndex(nodeIndex, node.metadata.name ?? "").map(objectKey),
        (_event, node, old) => !deepEqual(evictingTaints(node.spec?.taints), evictingTaints(old?.spec?.taints)),
      ),
    ],
    reconcile: (key) => controller.reconcile(key),
  };
}

function isSamePlace(pod: Pod, old: Pod | undefined): boolean {
  return pod.spec?.nodeName === old?.spec?.nodeName && deepEqual(pod.spec?.tolerations, old?.spec?.tolerations);
}

interface Scheduled {
  readonly uid: string | undefined;
  readonly dueMs: number;
}

class TaintEvictionController {
  readonly #context: ControllerContext;
  readonly #pods: Informer<Pod>;
  /** Pods to be deleted later. At most as many as there are pods. */
  readonly #scheduled = new Map<string, Scheduled>();

  constructor(context: ControllerContext, pods: Informer<Pod>) {
    this.#context = context;
    this.#pods = pods;
  }

  async reconcile(key: string): Promise<ReconcileResult | void> {
    const { client, clock } = this.#context;
    const pod = this.#pods.get(key);
    const known = this.#scheduled.get(key);
    if (pod === undefined || pod.metadata.deletionTimestamp !== undefined || known?.uid !== pod.metadata.uid) this.#scheduled.delete(key);
    if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) return;
    const nodeName = pod.spec?.nodeName ?? "";
    const taints: Taint[] = nodeName === "" ? [] : evictingTaints(client.informer(resources.nodes).get(nodeName)?.spec?.taints);
    const stayMs = taints.length === 0 ? Infinity : tolerationMs(pod, taints);
    if (stayMs === Infinity) return this.#cancel(key, pod);
    if (stayMs === 0) {
      this.#cancel(key, pod);
      return this.#evict(key, pod);
    }
    // What is scheduled already stays so, whatever taints come besides.
    const dueMs = this.#scheduled.get(key)?.dueMs ?? clock.now() + stayMs;
    if (dueMs <= clock.now()) return this.#evict(key, pod);
    this.#scheduled.set(key, { uid: pod.metadata.uid, dueMs });
    return { requeueAfterMs: dueMs - clock.now() };
  }

  #cancel(key: string, pod: Pod): void {
    if (!this.#scheduled.delete(key)) return;
    this.#context.events.record(pod, "Normal", "TaintManagerEviction", `Cancelling deletion of Pod ${key}`);
  }

  async #evict(key: string, pod: Pod): Promise<void> {
    const { client, events } = this.#context;
    const { name = "", namespace, uid } = pod.metadata;
    events.record(pod, "Normal", "TaintManagerEviction", `Marking for deletion Pod ${key}`);
    try {
      await this.#announce(pod);
      await client.resource(resources.pods, namespace).delete(name, uid === undefined ? {} : { preconditions: { uid } });
    } catch (error) {
      if (!hasReason(error, "NotFound")) throw error;
    }
    this.#scheduled.delete(key);
  }

  async #announce(pod: Pod): Promise<void> {
    const { client, clock } = this.#context;
    const known = findCondition(pod.status?.conditions, "DisruptionTarget");
    const fields = { reason: "DeletionByTaintManager", message: "Taint manager: deleting due to NoExecute taint" };
    if (known?.status === "True" && known.reason === fields.reason) return;
    const condition = { type: "DisruptionTarget", status: "True", ...fields, lastTransitionTime: formatTime(clock.now()) };
    const conditions = [...(pod.status?.conditions ?? []).filter((each) => each !== known), condition];
    const { name = "", namespace, uid, resourceVersion } = pod.metadata;
    await client
      .resource(resources.pods, namespace)
      .patch(
        name,
        { metadata: { uid, resourceVersion }, status: { conditions } },
        { type: "application/merge-patch+json", subresource: "status" },
      );
  }
}
