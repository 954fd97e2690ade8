import { deepEqual, hasReason, isControlledBy, scaledIntOrPercent } from "@coracle/apimachinery";
import {
  resources,
  type ControllerRevision,
  type PersistentVolumeClaim,
  type Pod,
  type StatefulSet,
  type StatefulSetStatus,
} from "@coracle/api";
import { watchFor, type ControllerContext, type ControllerDefinition, type ReconcileResult } from "@coracle/operator";
import { ensureRevision, truncateHistory, type RevisionHistory } from "../pod-control/controller-revision.ts";
import { Expectations } from "../pod-control/expectations.ts";
import { addOwnerIndexes, candidatesOf, isEmptySelector } from "../pod-control/owner-index.ts";
import { claimObjects } from "../pod-control/ownership.ts";
import { availableAtMs, isAvailable, isFinished, isReady } from "../pod-control/pod-status.ts";
import { podSource } from "../pod-control/pod-watch.ts";
import { withoutZeros } from "../pod-control/stored-status.ts";
import {
  claimOwners,
  claimsOfOrdinal,
  hasSameOwners,
  ordinalOf,
  ordinalRange,
  podIndexLabel,
  podName,
  podNameLabel,
  podOfOrdinal,
  revisionLabel,
} from "./identity.ts";

/** Keeps pods with stable names and claims, in order. */
export function createStatefulSetController(context: ControllerContext): ControllerDefinition {
  const controller = new StatefulSetController(context);
  const { client, signal } = context;
  return {
    name: "statefulset-controller",
    concurrency: 5,
    sources: [
      watchFor(resources.statefulSets),
      podSource({
        client,
        kind: "StatefulSet",
        workloads: client.informer(resources.statefulSets),
        selectorOf: (set) => set.spec?.selector,
        // Names are fixed, so that a second creation of the same pod fails by itself.
        expectations: new Expectations(context.clock),
        signal,
      }),
    ],
    reconcile: (key) => controller.reconcile(key),
  };
}

/** The pods of one set during one reconcile. */
interface Sync {
  readonly set: StatefulSet;
  readonly history: RevisionHistory;
  /** By ordinal, those that should exist. */
  readonly replicas: Map<number, Pod>;
  /** Beyond the wanted ordinals, highest first. */
  readonly condemned: readonly Pod[];
  readonly updateRevision: string;
  readonly currentRevision: ControllerRevision;
}

class StatefulSetController {
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
    addOwnerIndexes(context.client.informer(resources.pods));
    addOwnerIndexes(context.client.informer(resources.controllerRevisions));
  }

  async reconcile(key: string): Promise<ReconcileResult | void> {
    const { client, clock, events } = this.#context;
    const set = client.informer(resources.statefulSets).get(key);
    if (set === undefined) return;
    if (isEmptySelector(set.spec?.selector)) {
      events.record(set, "Warning", "SelectingAll", "This StatefulSet is selecting all pods. A non-empty selector is required.");
      return;
    }
    const candidates = candidatesOf(client.informer(resources.pods), set).filter((pod) => ordinalOf(set, pod) !== undefined);
    const pods = await claimObjects(candidates, { client, owner: set, selector: set.spec?.selector, resource: resources.pods });
    const sync = await this.#prepare(set, pods);
    if (set.metadata.deletionTimestamp === undefined) await this.#update(sync);
    const current = candidatesOf(client.informer(resources.pods), set).filter((pod) => isControlledBy(pod, set));
    await this.#writeStatus(set, this.#statusOf(sync, current));
    await truncateHistory(client, sync.history, set.spec?.revisionHistoryLimit ?? 10, (revision) => {
      const name = hashLabelOf(revision);
      return (
        revision.metadata.uid === sync.currentRevision.metadata.uid || current.some((pod) => pod.metadata.labels?.[revisionLabel] === name)
      );
    });
    const waits = current
      .map((pod) => availableAtMs(pod, set.spec?.minReadySeconds ?? 0, clock.now()))
      .filter((atMs) => atMs !== undefined);
    if (waits.length > 0) return { requeueAfterMs: Math.min(...waits) - clock.now() + 1 };
  }

  async #prepare(set: StatefulSet, pods: readonly Pod[]): Promise<Sync> {
    const { client } = this.#context;
    const history = await ensureRevision({
      client,
      owner: set,
      data: { spec: { template: { ...set.spec?.template, $patch: "replace" } } },
      labels: set.spec?.selector?.matchLabels ?? {},
      revisions: candidatesOf(client.informer(resources.controllerRevisions), set),
    });
    const { start, end } = ordinalRange(set);
    const replicas = new Map<number, Pod>();
    const condemned: Pod[] = [];
    for (const pod of pods) {
      const ordinal = ordinalOf(set, pod) ?? -1;
      if (ordinal >= start && ordinal < end) replicas.set(ordinal, pod);
      else condemned.push(pod);
    }
    condemned.sort((a, b) => (ordinalOf(set, b) ?? 0) - (ordinalOf(set, a) ?? 0));
    const currentName = set.status?.currentRevision;
    const currentRevision =
      [history.current, ...history.others].find((revision) => revision.metadata.name === currentName) ?? history.current;
    return { set, history, replicas, condemned, updateRevision: hashLabelOf(history.current), currentRevision };
  }

  /** Creates what is missing in order, deletes what is too much in reverse order, then replaces pods of older revisions. */
  async #update(sync: Sync): Promise<void> {
    const { set } = sync;
    const isOrdered = (set.spec?.podManagementPolicy ?? "OrderedReady") === "OrderedReady";
    const { start, end } = ordinalRange(set);
    for (let ordinal = start; ordinal < end; ordinal++) {
      const isSettled = await this.#ensureReplica(sync, ordinal);
      if (!isSettled && isOrdered) return;
    }
    for (const pod of sync.condemned) {
      await this.#updateClaimOwners(set, ordinalOf(set, pod) ?? 0, pod);
      if (pod.metadata.deletionTimestamp === undefined) {
        // In order, the one below must be well before the next one above goes.
        if (isOrdered && !this.#areHealthy(set, [...sync.replicas.values()])) return;
        await this.#deletePod(set, pod);
      }
      if (isOrdered) return;
    }
    await this.#replaceOutdated(sync);
  }

  /** Makes one pod and its claims right. Resolves to whether the next ordinal may follow. */
  async #ensureReplica(sync: Sync, ordinal: number): Promise<boolean> {
    const { set } = sync;
    const pod = sync.replicas.get(ordinal);
    if (pod === undefined) {
      await this.#createPod(sync, ordinal);
      return false;
    }
    if (isFinished(pod)) {
      if (pod.metadata.deletionTimestamp === undefined) {
        const phase = pod.status?.phase ?? "";
        this.#context.events.record(
          set,
          "Warning",
          "RecreatingFailedPod",
          `StatefulSet ${set.metadata.namespace}/${set.metadata.name} is recreating ${phase.toLowerCase()} Pod ${pod.metadata.name}`,
        );
        await this.#deletePod(set, pod);
      }
      return false;
    }
    await this.#ensureClaims(set, ordinal, pod);
    if (pod.metadata.deletionTimestamp !== undefined) return false;
    await this.#ensureLabels(pod, ordinal);
    return isAvailable(pod, set.spec?.minReadySeconds ?? 0, this.#context.clock.now());
  }

  async #createPod(sync: Sync, ordinal: number): Promise<void> {
    const { set } = sync;
    const { client, events } = this.#context;
    const isUpdated = ordinal >= this.#partition(sync) || hashLabelOf(sync.currentRevision) === sync.updateRevision;
    const revision = isUpdated ? sync.history.current : sync.currentRevision;
    const template = isUpdated ? set.spec?.template : templateOf(revision);
    const name = podName(set, ordinal);
    try {
      await this.#ensureClaims(set, ordinal, undefined);
      await client
        .resource(resources.pods, set.metadata.namespace)
        .create(podOfOrdinal(set, template ?? {}, ordinal, hashLabelOf(revision)));
      events.record(set, "Normal", "SuccessfulCreate", `create Pod ${name} in StatefulSet ${set.metadata.name} successful`);
    } catch (error) {
      // The cache is behind: the pod is on its way to it.
      if (hasReason(error, "AlreadyExists")) return;
      events.record(
        set,
        "Warning",
        "FailedCreate",
        `create Pod ${name} in StatefulSet ${set.metadata.name} failed error: ${(error as Error).message}`,
      );
      throw error;
    }
  }

  async #ensureClaims(set: StatefulSet, ordinal: number, pod: Pod | undefined): Promise<void> {
    const { client, events } = this.#context;
    for (const claim of claimsOfOrdinal(set, ordinal)) {
      if (client.informer(resources.persistentVolumeClaims).get(`${set.metadata.namespace}/${claim.metadata.name}`) !== undefined) continue;
      const ownerReferences = claimOwners(set, ordinal, pod);
      try {
        await client
          .resource(resources.persistentVolumeClaims, set.metadata.namespace)
          .create({ ...claim, metadata: { ...claim.metadata, ...(ownerReferences.length === 0 ? {} : { ownerReferences }) } });
        events.record(
          set,
          "Normal",
          "SuccessfulCreate",
          `create Claim ${claim.metadata.name} Pod ${podName(set, ordinal)} in StatefulSet ${set.metadata.name} success`,
        );
      } catch (error) {
        if (!hasReason(error, "AlreadyExists")) throw error;
      }
    }
    if (set.spec?.persistentVolumeClaimRetentionPolicy !== undefined && pod !== undefined) await this.#updateClaimOwners(set, ordinal, pod);
  }

  async #updateClaimOwners(set: StatefulSet, ordinal: number, pod: Pod): Promise<void> {
    const { client } = this.#context;
    const wanted = claimOwners(set, ordinal, pod);
    for (const { metadata } of claimsOfOrdinal(set, ordinal)) {
      const claim: PersistentVolumeClaim | undefined = client
        .informer(resources.persistentVolumeClaims)
        .get(`${set.metadata.namespace}/${metadata.name}`);
      if (claim === undefined) continue;
      const foreign = (claim.metadata.ownerReferences ?? []).filter(
        (owner) => owner.uid !== set.metadata.uid && owner.uid !== pod.metadata.uid,
      );
      const ownerReferences = [...foreign, ...wanted];
      if (hasSameOwners(claim.metadata.ownerReferences, ownerReferences)) continue;
      await client
        .resource(resources.persistentVolumeClaims, set.metadata.namespace)
        .update({ ...claim, metadata: { ...claim.metadata, ownerReferences } });
    }
  }

  /** Adopted pods may lack the labels that services and people find them by. */
  async #ensureLabels(pod: Pod, ordinal: number): Promise<void> {
    const labels = { [podNameLabel]: pod.metadata.name ?? "", [podIndexLabel]: String(ordinal) };
    if (Object.entries(labels).every(([name, value]) => pod.metadata.labels?.[name] === value)) return;
    await this.#context.client
      .resource(resources.pods, pod.metadata.namespace)
      .patch(pod.metadata.name ?? "", { metadata: { labels } }, { type: "application/merge-patch+json" });
  }

  async #deletePod(set: StatefulSet, pod: Pod): Promise<void> {
    const { client, events } = this.#context;
    const { name = "", uid } = pod.metadata;
    try {
      await client.resource(resources.pods, set.metadata.namespace).delete(name, uid === undefined ? {} : { preconditions: { uid } });
      events.record(set, "Normal", "SuccessfulDelete", `delete Pod ${name} in StatefulSet ${set.metadata.name} successful`);
    } catch (error) {
      if (!hasReason(error, "NotFound")) throw error;
    }
  }

  #partition({ set }: Sync): number {
    const strategy = set.spec?.updateStrategy;
    if (strategy?.type === "OnDelete") return 0;
    return strategy?.rollingUpdate?.partition ?? 0;
  }

  #areHealthy(set: StatefulSet, pods: readonly Pod[]): boolean {
    return pods.every(
      (pod) => pod.metadata.deletionTimestamp === undefined && isAvailable(pod, set.spec?.minReadySeconds ?? 0, this.#context.clock.now()),
    );
  }

  /** From the highest ordinal down to the partition, `maxUnavailable` (one) at a time. */
  async #replaceOutdated(sync: Sync): Promise<void> {
    const { set, replicas, updateRevision } = sync;
    if (set.spec?.updateStrategy?.type === "OnDelete") return;
    const limit = Math.max(
      1,
      scaledIntOrPercent(set.spec?.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1, set.spec?.replicas ?? 1, "up"),
    );
    let unavailable = [...replicas.values()].filter((pod) => !this.#areHealthy(set, [pod])).length;
    const ordinals = [...replicas.keys()].sort((a, b) => b - a).filter((ordinal) => ordinal >= this.#partition(sync));
    for (const ordinal of ordinals) {
      const pod = replicas.get(ordinal);
      if (pod === undefined || pod.metadata.labels?.[revisionLabel] === updateRevision || pod.metadata.deletionTimestamp !== undefined)
        continue;
      // A pod that is not available anyway costs nothing.
      const isUp = this.#areHealthy(set, [pod]);
      if (isUp && unavailable >= limit) return;
      await this.#deletePod(set, pod);
      if (isUp) unavailable++;
      if (unavailable >= limit) return;
    }
  }

  #statusOf({ set, updateRevision, history, currentRevision }: Sync, pods: readonly Pod[]): StatefulSetStatus {
    const nowMs = this.#context.clock.now();
    const existing = pods.filter((pod) => !isFinished(pod));
    const staying = existing.filter((pod) => pod.metadata.deletionTimestamp === undefined);
    const ofRevision = (name: string): number => staying.filter((pod) => pod.metadata.labels?.[revisionLabel] === name).length;
    const updated = ofRevision(updateRevision);
    const wanted = set.spec?.replicas ?? 1;
    const ready = existing.filter(isReady).length;
    const isComplete = updated === wanted && existing.length === wanted && ready === wanted && this.#partitionOf(set) === 0;
    const current = isComplete ? history.current : currentRevision;
    return {
      observedGeneration: set.metadata.generation ?? 0,
      replicas: existing.length,
      readyReplicas: ready,
      availableReplicas: existing.filter((pod) => isAvailable(pod, set.spec?.minReadySeconds ?? 0, nowMs)).length,
      currentReplicas: ofRevision(hashLabelOf(current)),
      updatedReplicas: updated,
      currentRevision: current.metadata.name ?? "",
      updateRevision: history.current.metadata.name ?? "",
      collisionCount: set.status?.collisionCount ?? 0,
      ...(set.status?.conditions === undefined ? {} : { conditions: set.status.conditions }),
    };
  }

  #partitionOf(set: StatefulSet): number {
    return set.spec?.updateStrategy?.rollingUpdate?.partition ?? 0;
  }

  async #writeStatus(set: StatefulSet, status: StatefulSetStatus): Promise<void> {
    if (set.status !== undefined && deepEqual(withoutZeros(set.status), withoutZeros(status))) return;
    try {
      await this.#context.client.resource(resources.statefulSets, set.metadata.namespace).updateStatus({ ...set, status });
    } catch (error) {
      if (!hasReason(error, "Conflict", "NotFound")) throw error;
    }
  }
}

function hashLabelOf(revision: ControllerRevision): string {
  // Upstream labels a StatefulSet's pods with the whole name of the revision.
  return revision.metadata.name ?? "";
}

function templateOf(revision: ControllerRevision): NonNullable<StatefulSet["spec"]>["template"] {
  const { $patch: _patch, ...template } = (revision.data as { spec: { template: Record<string, unknown> } }).spec.template;
  return template as NonNullable<StatefulSet["spec"]>["template"];
}
