import { formatTime, hasReason, isConditionTrue, setCondition } from "@coracle/apimachinery";
import { resources, type Node, type Pod, type PodCondition } from "@coracle/api";
import { cached, type ControllerContext, type ControllerDefinition, type ReconcileResult } from "@coracle/operator";
import { isFinished } from "../pod-control/pod-status.ts";

export interface PodGarbageCollectorOptions {
  /** Finished pods that may stay. Defaults to 12500, upstream's `--terminated-pod-gc-threshold`. */
  readonly finishedLimit?: number;
}

const periodMs = 20_000;
/** A node that is missing for less may be on its way back. */
const quarantineMs = 40_000;
const nodeGone = { type: "DisruptionTarget", status: "True", reason: "DeletionByPodGC", message: "PodGC: node no longer exists" } as const;
const onlyKey = "pods";

/**
 * Removes pods that nobody else will: finished ones beyond a limit, those of nodes that are gone or out of service, and those that were
 * deleted before they got a node.
 */
export function createPodGarbageCollector(options: PodGarbageCollectorOptions = {}): (context: ControllerContext) => ControllerDefinition {
  return (context) => {
    const collector = new PodGarbageCollector(options.finishedLimit ?? 12_500, context);
    return {
      name: "pod-garbage-collector",
      sources: [cached(resources.pods), cached(resources.nodes)],
      start: (queue) => queue.add(onlyKey),
      reconcile: () => collector.collect(),
    };
  };
}

class PodGarbageCollector {
  readonly #finishedLimit: number;
  readonly #context: ControllerContext;
  /** Since when a node that pods name is missing. */
  readonly #missingSinceMs = new Map<string, number>();

  constructor(finishedLimit: number, context: ControllerContext) {
    this.#finishedLimit = finishedLimit;
    this.#context = context;
  }

  async collect(): Promise<ReconcileResult> {
    const { client, log } = this.#context;
    const pods = client.informer(resources.pods).list();
    const orphans = await this.#orphans(pods);
    const doomed = new Map<Pod, Omit<PodCondition, "lastTransitionTime"> | undefined>(
      [...this.#excessFinished(pods), ...this.#stuck(pods)].map((pod) => [pod, undefined]),
    );
    for (const pod of orphans) doomed.set(pod, nodeGone);
    for (const [pod, condition] of doomed) {
      try {
        await this.#remove(pod, condition);
      } catch (error) {
        log.warn("cannot remove a pod", { pod: `${pod.metadata.namespace}/${pod.metadata.name}`, error });
      }
    }
    return { requeueAfterMs: periodMs };
  }

  /** Evicted pods go first, then the oldest. */
  #excessFinished(pods: readonly Pod[]): Pod[] {
    const finished = pods.filter(isFinished);
    if (finished.length <= this.#finishedLimit) return [];
    const rank = ({ status }: Pod): number => (status?.reason === "Evicted" ? 0 : 1);
    const ageOf = ({ metadata }: Pod): number => Date.parse(metadata.creationTimestamp ?? "");
    finished.sort((a, b) => rank(a) - rank(b) || ageOf(a) - ageOf(b) || ((a.metadata.name ?? "") < (b.metadata.name ?? "") ? -1 : 1));
    return finished.slice(0, finished.length - this.#finishedLimit);
  }

  /** Deleted pods that no kubelet will let go of. */
  #stuck(pods: readonly Pod[]): Pod[] {
    const nodes = this.#context.client.informer(resources.nodes);
    return pods.filter(({ metadata, spec }) => {
      if (metadata.deletionTimestamp === undefined) return false;
      if ((spec?.nodeName ?? "") === "") return true;
      const node = nodes.get(spec?.nodeName ?? "");
      return node !== undefined && isOutOfService(node);
    });
  }

  async #orphans(pods: readonly Pod[]): Promise<Pod[]> {
    const { client, clock } = this.#context;
    const nodes = client.informer(resources.nodes);
    const missing = new Set(pods.map((pod) => pod.spec?.nodeName ?? "").filter((name) => name !== "" && nodes.get(name) === undefined));
    for (const name of this.#missingSinceMs.keys()) if (!missing.has(name)) this.#missingSinceMs.delete(name);
    const gone = new Set<string>();
    for (const name of missing) {
      const sinceMs = this.#missingSinceMs.get(name) ?? clock.now();
      this.#missingSinceMs.set(name, sinceMs);
      // The cache may be behind.
      if (clock.now() - sinceMs >= quarantineMs && !(await this.#hasNode(name))) gone.add(name);
    }
    return pods.filter((pod) => gone.has(pod.spec?.nodeName ?? ""));
  }

  async #hasNode(name: string): Promise<boolean> {
    try {
      await this.#context.client.resource(resources.nodes).get(name);
      return true;
    } catch (error) {
      if (hasReason(error, "NotFound")) return false;
      throw error;
    }
  }

  /** Whoever waits for the pod must see it fail, unless it had ended. */
  async #remove(pod: Pod, condition: Omit<PodCondition, "lastTransitionTime"> | undefined): Promise<void> {
    const { name = "", namespace, uid = "", resourceVersion } = pod.metadata;
    const requests = this.#context.client.resource(resources.pods, namespace);
    const now = formatTime(this.#context.clock.now());
    try {
      if (!isFinished(pod)) {
        const conditions = condition === undefined ? {} : { conditions: setCondition(pod.status?.conditions, condition, now) };
        const patch = { metadata: { uid, resourceVersion }, status: { phase: "Failed", ...conditions } };
        await requests.patch(name, patch, { type: "application/merge-patch+json", subresource: "status" });
      }
      await requests.delete(name, { gracePeriodSeconds: 0, preconditions: { uid } });
    } catch (error) {
      // A changed pod is looked at again.
      if (!hasReason(error, "NotFound", "Conflict")) throw error;
    }
  }
}

function isOutOfService({ spec, status }: Node): boolean {
  return (
    spec?.taints?.some(({ key }) => key === "node.kubernetes.io/out-of-service") === true && !isConditionTrue(status?.conditions, "Ready")
  );
}
