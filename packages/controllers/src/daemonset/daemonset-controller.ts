import { deepEqual, hasReason, scaledIntOrPercent } from "@coracle/apimachinery";
import { resources, type DaemonSet, type DaemonSetStatus, type Node, type Pod } from "@coracle/api";
import { mapped, watchFor, type ControllerContext, type ControllerDefinition, type ReconcileResult } from "@coracle/operator";
import { ensureRevision, truncateHistory } from "../pod-control/controller-revision.ts";
import { Expectations } from "../pod-control/expectations.ts";
import { addOwnerIndexes, candidatesOf, isEmptySelector } from "../pod-control/owner-index.ts";
import { claimObjects } from "../pod-control/ownership.ts";
import { createPodControl, podFromTemplate, slowStart, type PodControl } from "../pod-control/pod-control.ts";
import { availableAtMs, isActive, isAvailable, isFinished, isReady } from "../pod-control/pod-status.ts";
import { podSource } from "../pod-control/pod-watch.ts";
import { withoutZeros } from "../pod-control/stored-status.ts";
import { FailedPods } from "./failed-pods.ts";
import { nodeFit, pinToNode, targetNode } from "./node-fit.ts";

const revisionLabel = "controller-revision-hash";
const generationLabel = "pod-template-generation";

/** Runs one pod of a template on every node that takes it. */
export function createDaemonSetController(context: ControllerContext): ControllerDefinition {
  const controller = new DaemonSetController(context);
  const { client, signal } = context;
  const sets = client.informer(resources.daemonSets);
  return {
    name: "daemonset-controller",
    concurrency: 2,
    sources: [
      watchFor(resources.daemonSets),
      mapped(
        resources.nodes,
        () => sets.list().map((set) => `${set.metadata.namespace}/${set.metadata.name}`),
        (event, node, old) => event !== "update" || old === undefined || isDifferentNode(node, old),
      ),
      podSource({
        client,
        kind: "DaemonSet",
        workloads: sets,
        selectorOf: (set) => set.spec?.selector,
        expectations: controller.expectations,
        signal,
      }),
    ],
    reconcile: (key) => controller.reconcile(key),
  };
}

function isDifferentNode(node: Node, old: Node): boolean {
  return (
    !deepEqual(node.metadata.labels, old.metadata.labels) ||
    !deepEqual(node.spec?.taints, old.spec?.taints) ||
    node.spec?.unschedulable !== old.spec?.unschedulable
  );
}

/** What to do on the nodes. */
interface Plan {
  readonly create: readonly string[];
  readonly remove: readonly Pod[];
  /** When a failed pod that is left for now may be removed. */
  readonly retryMs?: number;
}

class DaemonSetController {
  readonly expectations: Expectations;
  readonly #context: ControllerContext;
  readonly #podControl: PodControl;
  readonly #failedPods: FailedPods;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.expectations = new Expectations(context.clock);
    this.#failedPods = new FailedPods(context.clock);
    this.#podControl = createPodControl(context.client, context.events);
    addOwnerIndexes(context.client.informer(resources.pods));
    addOwnerIndexes(context.client.informer(resources.controllerRevisions));
  }

  async reconcile(key: string): Promise<ReconcileResult | void> {
    const { client, clock, events } = this.#context;
    const set = client.informer(resources.daemonSets).get(key);
    if (set === undefined) {
      this.expectations.forget(key);
      return;
    }
    if (isEmptySelector(set.spec?.selector)) {
      events.record(set, "Warning", "SelectingAll", "This daemon set is selecting all pods. A non-empty selector is required.");
      return;
    }
    if (set.metadata.deletionTimestamp !== undefined) return;
    const history = await ensureRevision({
      client,
      owner: set,
      data: { spec: { template: { ...set.spec?.template, $patch: "replace" } } },
      labels: set.spec?.template?.metadata?.labels ?? {},
      revisions: candidatesOf(client.informer(resources.controllerRevisions), set),
    });
    const hash = history.current.metadata.labels?.[revisionLabel] ?? "";
    let failure: unknown;
    let retryMs = Infinity;
    if (this.expectations.isSatisfied(key)) {
      const plan = this.#planNodes(set, await this.#podsByNode(set));
      retryMs = plan.retryMs ?? Infinity;
      failure = await this.#carryOut(key, set, hash, plan);
      if (failure === undefined && this.expectations.isSatisfied(key)) {
        failure = await this.#carryOut(key, set, hash, { create: [], remove: this.#planUpdate(set, await this.#podsByNode(set), hash) });
      }
    }
    const pods = await this.#podsByNode(set);
    await this.#writeStatus(set, this.#statusOf(set, pods, hash));
    const all = [...pods.values()].flat();
    await truncateHistory(client, history, set.spec?.revisionHistoryLimit ?? 10, (revision) =>
      all.some((pod) => pod.metadata.labels?.[revisionLabel] === revision.metadata.labels?.[revisionLabel]),
    );
    if (failure !== undefined) throw failure;
    const nowMs = clock.now();
    const waits = all.map((pod) => availableAtMs(pod, set.spec?.minReadySeconds ?? 0, nowMs)).filter((atMs) => atMs !== undefined);
    const requeueAfterMs = Math.min(retryMs, ...waits.map((atMs) => atMs - nowMs + 1));
    if (requeueAfterMs < Infinity) return { requeueAfterMs };
  }

  async #podsByNode(set: DaemonSet): Promise<Map<string, Pod[]>> {
    const { client } = this.#context;
    const pods = await claimObjects(candidatesOf(client.informer(resources.pods), set), {
      client,
      owner: set,
      selector: set.spec?.selector,
      resource: resources.pods,
    });
    const byNode = new Map<string, Pod[]>();
    for (const pod of pods) {
      const name = targetNode(pod);
      byNode.set(name, [...(byNode.get(name) ?? []), pod]);
    }
    return byNode;
  }

  /** One pod on each fitting node, none elsewhere. */
  #planNodes(set: DaemonSet, pods: ReadonlyMap<string, readonly Pod[]>): Plan {
    const { client } = this.#context;
    const create: string[] = [];
    const remove: Pod[] = [];
    const waits: number[] = [];
    const nodes = client.informer(resources.nodes).list();
    for (const node of nodes) {
      const name = node.metadata.name ?? "";
      const { shouldRun, mayContinue } = nodeFit(set, node);
      const own = pods.get(name) ?? [];
      const finished = own.filter((pod) => isFinished(pod) && pod.metadata.deletionTimestamp === undefined);
      const active = own.filter(isActive);
      if (mayContinue) {
        for (const pod of finished) {
          const waitMs = this.#replaceFinished(set, pod, name);
          if (waitMs > 0) waits.push(waitMs);
          else remove.push(pod);
        }
        remove.push(...this.#surplus(set, active));
        if (shouldRun && own.length === 0) create.push(name);
      } else remove.push(...own.filter((pod) => pod.metadata.deletionTimestamp === undefined));
    }
    const known = new Set(nodes.map((node) => node.metadata.name));
    for (const [name, own] of pods) if (!known.has(name)) remove.push(...own.filter((pod) => pod.metadata.deletionTimestamp === undefined));
    return { create, remove, ...(waits.length > 0 && { retryMs: Math.min(...waits) }) };
  }

  /** Tells of a pod that ended. Returns the milliseconds to leave it, 0 to remove it. */
  #replaceFinished(set: DaemonSet, { metadata, status }: Pod, node: string): number {
    const { events } = this.#context;
    const place = `daemon pod ${metadata.namespace}/${metadata.name} on node ${node}`;
    if (status?.phase === "Succeeded") {
      events.record(set, "Normal", "SucceededDaemonPod", `Found succeeded ${place}, will try to delete it`);
      return 0;
    }
    const waitMs = this.#failedPods.takeTurn(`${set.metadata.uid}/${set.status?.observedGeneration ?? 0}/${node}`);
    if (waitMs === 0) events.record(set, "Warning", "FailedDaemonPod", `Found failed ${place}, will try to kill it`);
    return waitMs;
  }

  /** All but the oldest; during a surging update a node may hold an old pod beside a new one. */
  #surplus(set: DaemonSet, active: readonly Pod[]): Pod[] {
    const allowed = this.#limits(set).maxSurge > 0 ? 2 : 1;
    return active
      .toSorted((a, b) => Date.parse(a.metadata.creationTimestamp ?? "") - Date.parse(b.metadata.creationTimestamp ?? ""))
      .slice(allowed);
  }

  #limits(set: DaemonSet): { maxUnavailable: number; maxSurge: number } {
    const desired = this.#context.client
      .informer(resources.nodes)
      .list()
      .filter((node) => nodeFit(set, node).shouldRun).length;
    const { maxUnavailable = 1, maxSurge = 0 } = set.spec?.updateStrategy?.rollingUpdate ?? {};
    const surge = scaledIntOrPercent(maxSurge, desired, "up");
    const unavailable = scaledIntOrPercent(maxUnavailable, desired, "up");
    return { maxSurge: surge, maxUnavailable: surge === 0 ? Math.max(1, unavailable) : unavailable };
  }

  /** Pods of an older template that may go now. With a surge, a node's new pod must be available first. */
  #planUpdate(set: DaemonSet, pods: ReadonlyMap<string, readonly Pod[]>, hash: string): Pod[] {
    if (set.spec?.updateStrategy?.type === "OnDelete") return [];
    const nowMs = this.#context.clock.now();
    const { maxUnavailable } = this.#limits(set);
    const isUp = (pod: Pod): boolean => isActive(pod) && isAvailable(pod, set.spec?.minReadySeconds ?? 0, nowMs);
    const remove: Pod[] = [];
    const candidates: Pod[] = [];
    let unavailable = 0;
    for (const node of this.#context.client.informer(resources.nodes).list()) {
      if (!nodeFit(set, node).shouldRun) continue;
      const own = pods.get(node.metadata.name ?? "") ?? [];
      const outdated = own.filter((pod) => isActive(pod) && pod.metadata.labels?.[revisionLabel] !== hash);
      if (!own.some(isUp)) unavailable++;
      for (const pod of outdated) {
        const hasReplacement = own.some((other) => other.metadata.labels?.[revisionLabel] === hash && isUp(other));
        if (!isUp(pod) || hasReplacement) remove.push(pod);
        else candidates.push(pod);
      }
    }
    return [...remove, ...candidates.slice(0, Math.max(0, maxUnavailable - unavailable))];
  }

  /** Returns the first error instead of throwing: the status comes first. */
  async #carryOut(key: string, set: DaemonSet, hash: string, { create, remove }: Plan): Promise<unknown> {
    if (create.length > 0) this.expectations.expectCreations(key, create.length);
    const template = set.spec?.template ?? {};
    let tried = 0;
    const created = await slowStart(create.length, async (index) => {
      tried++;
      const pod = podFromTemplate(set, template);
      const labels = { ...pod.metadata.labels, [revisionLabel]: hash, [generationLabel]: String(set.metadata.generation ?? 1) };
      try {
        await this.#podControl.create(set, {
          ...pod,
          metadata: { ...pod.metadata, labels },
          spec: pinToNode(pod.spec ?? { containers: [] }, create[index] ?? ""),
        });
      } catch (error) {
        this.expectations.creationObserved(key);
        throw error;
      }
    });
    for (let index = tried; index < create.length; index++) this.expectations.creationObserved(key);
    for (const pod of remove) this.expectations.expectDeletion(key, pod.metadata.uid ?? "");
    const removed = await Promise.allSettled(
      remove.map(async (pod) => {
        try {
          await this.#podControl.delete(set, pod);
        } catch (error) {
          this.expectations.deletionObserved(key, pod.metadata.uid ?? "");
          throw error;
        }
      }),
    );
    return created.error ?? removed.find((result) => result.status === "rejected")?.reason;
  }

  #statusOf(set: DaemonSet, pods: ReadonlyMap<string, readonly Pod[]>, hash: string): DaemonSetStatus {
    const nowMs = this.#context.clock.now();
    const count = { desired: 0, current: 0, misscheduled: 0, ready: 0, available: 0, updated: 0 };
    for (const node of this.#context.client.informer(resources.nodes).list()) {
      const own = (pods.get(node.metadata.name ?? "") ?? []).filter(isActive);
      if (!nodeFit(set, node).shouldRun) {
        if (own.length > 0) count.misscheduled++;
        continue;
      }
      count.desired++;
      if (own.length > 0) count.current++;
      const ready = own.find(isReady);
      if (ready !== undefined) count.ready++;
      if (ready !== undefined && isAvailable(ready, set.spec?.minReadySeconds ?? 0, nowMs)) count.available++;
      if (own.some((pod) => pod.metadata.labels?.[revisionLabel] === hash)) count.updated++;
    }
    return {
      currentNumberScheduled: count.current,
      numberMisscheduled: count.misscheduled,
      desiredNumberScheduled: count.desired,
      numberReady: count.ready,
      observedGeneration: set.metadata.generation ?? 0,
      updatedNumberScheduled: count.updated,
      numberAvailable: count.available,
      numberUnavailable: count.desired - count.available,
    };
  }

  async #writeStatus(set: DaemonSet, status: DaemonSetStatus): Promise<void> {
    if (set.status !== undefined && deepEqual(withoutZeros(set.status), withoutZeros(status))) return;
    try {
      await this.#context.client
        .resource(resources.daemonSets, set.metadata.namespace)
        .updateStatus({ ...set, status: { ...set.status, ...status } });
    } catch (error) {
      if (!hasReason(error, "Conflict", "NotFound")) throw error;
    }
  }
}
