import {
  controllerReference,
  deepEqual,
  findCondition,
  hasReason,
  isNamespaceTerminating,
  isControlledBy,
  objectKey,
} from "@coracle/apimachinery";
import { resources, type Deployment, type DeploymentCondition, type DeploymentStatus, type ReplicaSet } from "@coracle/api";
import { mapped, owned, watchFor, type ControllerContext, type ControllerDefinition, type ReconcileResult } from "@coracle/operator";
import { addOwnerIndexes, candidatesOf, isEmptySelector } from "../pod-control/owner-index.ts";
import { claimObjects } from "../pod-control/ownership.ts";
import { isFinished } from "../pod-control/pod-status.ts";
import { hashOf } from "../pod-control/template-hash.ts";
import { withoutZeros } from "../pod-control/stored-status.ts";
import { deploymentStatus, isComplete, progressDeadlineSeconds, put } from "./deployment-status.ts";
import {
  maxReplicasAnnotation,
  newSetReplicas,
  oldSetReplicas,
  proportionalReplicas,
  rollingLimits,
  wantedReplicas,
} from "./replica-counts.ts";
import {
  byCreation,
  byRevision,
  desiredReplicasAnnotation,
  findNewSet,
  hashLabel,
  revisionAnnotation,
  nextRevision,
  revisionOf,
  setAnnotations,
} from "./revision.ts";

/** Runs a pod template as a ReplicaSet, and rolls from one template to the next. */
export function createDeploymentController(context: ControllerContext): ControllerDefinition {
  const controller = new DeploymentController(context);
  const sets = context.client.informer(resources.replicaSets);
  return {
    name: "deployment-controller",
    concurrency: 5,
    sources: [
      watchFor(resources.deployments),
      owned(resources.replicaSets, resources.deployments),
      // Recreate waits until the last old pod is gone.
      mapped(
        resources.pods,
        (pod) => {
          const owner = pod.metadata.ownerReferences?.find((reference) => reference.controller === true && reference.kind === "ReplicaSet");
          const set = owner === undefined ? undefined : sets.get(`${pod.metadata.namespace}/${owner.name}`);
          const deployment = set?.metadata.ownerReferences?.find(
            (reference) => reference.controller === true && reference.kind === "Deployment",
          );
          return deployment === undefined ? [] : [`${pod.metadata.namespace}/${deployment.name}`];
        },
        (event) => event === "delete",
      ),
    ],
    reconcile: (key) => controller.reconcile(key),
  };
}

class DeploymentController {
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
    addOwnerIndexes(context.client.informer(resources.replicaSets));
    addOwnerIndexes(context.client.informer(resources.pods));
  }

  async reconcile(key: string): Promise<ReconcileResult | void> {
    const { client, events, clock } = this.#context;
    const deployment = client.informer(resources.deployments).get(key);
    if (deployment === undefined) return;
    if (isEmptySelector(deployment.spec?.selector)) {
      events.record(deployment, "Warning", "SelectingAll", "This deployment is selecting all pods. A non-empty selector is required.");
      return;
    }
    const informer = client.informer(resources.replicaSets);
    const sets = await claimObjects(candidatesOf(informer, deployment), {
      client,
      owner: deployment,
      selector: deployment.spec?.selector,
      resource: resources.replicaSets,
    });
    if (deployment.metadata.deletionTimestamp !== undefined) return this.#writeStatus(deployment, this.#statusOf(deployment, sets));
    const paused = this.#pauseCondition(deployment);
    if (paused !== undefined) {
      await this.#writeStatus(deployment, {
        ...deployment.status,
        conditions: put(deployment.status?.conditions ?? [], paused, clock.now()),
      });
      return;
    }
    if (deployment.spec?.paused === true || isScaling(deployment, sets)) await this.#scaleInProportion(deployment, sets);
    else if (deployment.spec?.strategy?.type === "Recreate") await this.#recreate(deployment, sets);
    else await this.#roll(deployment, sets);
    const current = informerView(candidatesOf(informer, deployment), deployment);
    if (deployment.spec?.paused !== true) await this.#cleanUpHistory(deployment, current);
    const status = this.#statusOf(deployment, current);
    await this.#writeStatus(deployment, status);
    return this.#untilDeadline(deployment, status);
  }

  async #roll(deployment: Deployment, sets: readonly ReplicaSet[]): Promise<void> {
    const newSet = await this.#ensureNewSet(deployment, sets);
    if (newSet === undefined) return;
    const oldSets = sets.filter((set) => set.metadata.uid !== newSet.metadata.uid);
    const grown = newSetReplicas(deployment, newSet, [newSet, ...oldSets]);
    const current = await this.#scale(deployment, newSet, grown);
    const active = oldSets.filter((set) => wantedReplicas(set) > 0).sort(byCreation);
    if (active.length === 0) return;
    const sizes = oldSetReplicas(deployment, current, active);
    for (const set of active) {
      const size = sizes.get(set.metadata.uid ?? "");
      if (size !== undefined) await this.#scale(deployment, set, size);
    }
  }

  async #recreate(deployment: Deployment, sets: readonly ReplicaSet[]): Promise<void> {
    const known = findNewSet(deployment, sets);
    const oldSets = sets.filter((set) => set !== known);
    for (const set of oldSets) if (wantedReplicas(set) > 0) await this.#scale(deployment, set, 0);
    const pods = this.#context.client.informer(resources.pods);
    if (oldSets.some((set) => candidatesOf(pods, set).some((pod) => isControlledBy(pod, set) && !isFinished(pod)))) return;
    const newSet = await this.#ensureNewSet(deployment, sets);
    if (newSet !== undefined) await this.#scale(deployment, newSet, wantedReplicas(deployment));
  }

  async #scaleInProportion(deployment: Deployment, sets: readonly ReplicaSet[]): Promise<void> {
    const active = sets.filter((set) => wantedReplicas(set) > 0);
    const only = active.length === 1 ? active[0] : active.length === 0 ? findNewSet(deployment, sets) : undefined;
    if (only !== undefined) {
      if (deployment.spec?.paused !== true || active.length === 1) await this.#scale(deployment, only, wantedReplicas(deployment));
      return;
    }
    if (active.length === 0 || deployment.spec?.strategy?.type === "Recreate") return;
    const sizes = proportionalReplicas(deployment, active);
    for (const set of active) await this.#scale(deployment, set, sizes.get(set.metadata.uid ?? "") ?? wantedReplicas(set));
  }

  /** The set of the current template, made when there is none; undefined when its name clashed and another try is on the way. */
  async #ensureNewSet(deployment: Deployment, sets: readonly ReplicaSet[]): Promise<ReplicaSet | undefined> {
    const known = findNewSet(deployment, sets);
    const revision = nextRevision(sets.filter((set) => set !== known));
    const set =
      known === undefined ? await this.#createNewSet(deployment, sets, revision) : await this.#renewSet(deployment, known, revision);
    if (set !== undefined) await this.#recordRevision(deployment, revisionOf(set));
    return set;
  }

  async #renewSet(deployment: Deployment, set: ReplicaSet, revision: bigint): Promise<ReplicaSet> {
    const annotations = setAnnotations(deployment, set, revision);
    const minReadySeconds = deployment.spec?.minReadySeconds ?? 0;
    if (deepEqual(annotations, set.metadata.annotations) && (set.spec?.minReadySeconds ?? 0) === minReadySeconds) return set;
    const patch = { metadata: { annotations }, spec: { minReadySeconds } };
    return this.#context.client
      .resource(resources.replicaSets, set.metadata.namespace)
      .patch(set.metadata.name ?? "", patch, { type: "application/merge-patch+json" });
  }

  async #createNewSet(deployment: Deployment, sets: readonly ReplicaSet[], revision: bigint): Promise<ReplicaSet | undefined> {
    const { client, events } = this.#context;
    const { namespace, name } = deployment.metadata;
    const template = deployment.spec?.template ?? {};
    const hash = hashOf(template, deployment.status?.collisionCount ?? 0);
    const labels = { ...template.metadata?.labels, [hashLabel]: hash };
    const selector = deployment.spec?.selector ?? {};
    const draft: ReplicaSet = {
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: {
        name: `${name}-${hash}`,
        ...(namespace === undefined ? {} : { namespace }),
        labels,
        ownerReferences: [controllerReference(deployment)],
      },
      spec: {
        replicas: 0,
        minReadySeconds: deployment.spec?.minReadySeconds ?? 0,
        selector: { ...selector, matchLabels: { ...selector.matchLabels, [hashLabel]: hash } },
        template: { ...template, metadata: { ...template.metadata, labels } },
      },
    };
    const replicas = newSetReplicas(deployment, draft, [draft, ...sets]);
    const annotations = { ...setAnnotations(deployment, undefined, revision), ...sizeAnnotations(deployment) };
    const set: ReplicaSet = {
      ...draft,
      metadata: { ...draft.metadata, annotations },
      spec: { ...draft.spec, selector: draft.spec?.selector ?? {}, replicas },
    };
    try {
      const created = await client.resource(resources.replicaSets, namespace).create(set);
      if (replicas > 0)
        events.record(deployment, "Normal", "ScalingReplicaSet", `Scaled up replica set ${created.metadata.name} from 0 to ${replicas}`);
      await this.#noteProgress(deployment, "NewReplicaSetCreated", `Created new replica set "${created.metadata.name}"`);
      return created;
    } catch (error) {
      if (hasReason(error, "AlreadyExists")) return this.#resolveCollision(deployment, set);
      if (!isNamespaceTerminating(error)) {
        const message = `Failed to create new replica set "${set.metadata.name}": ${(error as Error).message}`;
        events.record(deployment, "Warning", "ReplicaSetCreateError", message);
      }
      throw error;
    }
  }

  /** The name is taken: by our own set that the cache does not show yet, or by a stranger, which calls for another hash. */
  async #resolveCollision(deployment: Deployment, set: ReplicaSet): Promise<ReplicaSet | undefined> {
    const { client } = this.#context;
    const existing = await client.resource(resources.replicaSets, set.metadata.namespace).get(set.metadata.name ?? "");
    if (isControlledBy(existing, deployment) && findNewSet(deployment, [existing]) !== undefined) return existing;
    const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
    await client
      .resource(resources.deployments, deployment.metadata.namespace)
      .updateStatus({ ...deployment, status: { ...deployment.status, collisionCount } });
    return undefined;
  }

  async #recordRevision(deployment: Deployment, revision: bigint): Promise<void> {
    if (revisionOf(deployment) === revision) return;
    // The role of this controller has no right to patch Deployments, upstream's neither.
    const latest = this.#cached(deployment) ?? deployment;
    const annotations = { ...latest.metadata.annotations, [revisionAnnotation]: String(revision) };
    await this.#context.client
      .resource(resources.deployments, deployment.metadata.namespace)
      .update({ ...latest, metadata: { ...latest.metadata, annotations } });
  }

  async #scale(deployment: Deployment, set: ReplicaSet, replicas: number): Promise<ReplicaSet> {
    const { client, events } = this.#context;
    const before = wantedReplicas(set);
    const sizes = sizeAnnotations(deployment);
    const hasSizes = Object.entries(sizes).every(([name, value]) => set.metadata.annotations?.[name] === value);
    if (before === replicas && hasSizes) return set;
    const patch = { metadata: { annotations: sizes }, ...(before === replicas ? {} : { spec: { replicas } }) };
    const scaled = await client
      .resource(resources.replicaSets, set.metadata.namespace)
      .patch(set.metadata.name ?? "", patch, { type: "application/merge-patch+json" });
    if (before !== replicas) {
      events.record(
        deployment,
        "Normal",
        "ScalingReplicaSet",
        `Scaled ${replicas > before ? "up" : "down"} replica set ${set.metadata.name} from ${before} to ${replicas}`,
      );
    }
    return scaled;
  }

  /** Deletes the oldest empty sets beyond the history limit, once the rollout is complete. */
  async #cleanUpHistory(deployment: Deployment, sets: readonly ReplicaSet[]): Promise<void> {
    const limit = deployment.spec?.revisionHistoryLimit ?? 10;
    if (!isComplete(deployment, this.#statusOf(deployment, sets))) return;
    const newSet = findNewSet(deployment, sets);
    const old = sets.filter((set) => set !== newSet && set.metadata.deletionTimestamp === undefined).sort(byRevision);
    for (const set of old.slice(0, Math.max(0, old.length - limit))) {
      const isEmpty =
        (set.status?.replicas ?? 0) === 0 &&
        wantedReplicas(set) === 0 &&
        (set.status?.observedGeneration ?? 0) >= (set.metadata.generation ?? 0);
      if (!isEmpty) continue;
      await this.#context.client
        .resource(resources.replicaSets, set.metadata.namespace)
        .delete(set.metadata.name ?? "", { propagationPolicy: "Background" })
        .catch((error: unknown) => {
          if (!hasReason(error, "NotFound")) throw error;
        });
    }
  }

  #statusOf(deployment: Deployment, sets: readonly ReplicaSet[]): DeploymentStatus {
    return deploymentStatus({
      deployment: this.#latest(deployment),
      newSet: findNewSet(deployment, sets),
      allSets: sets,
      nowMs: this.#context.clock.now(),
    });
  }

  #cached(deployment: Deployment): Deployment | undefined {
    const cached = this.#context.client.informer(resources.deployments).get(objectKey(deployment));
    return cached?.metadata.uid === deployment.metadata.uid ? cached : undefined;
  }

  /** The Deployment with the conditions written during this reconcile. */
  #latest(deployment: Deployment): Deployment {
    const status = this.#cached(deployment)?.status;
    return status === undefined ? deployment : { ...deployment, status };
  }

  /** The condition to set when the Deployment was just paused or resumed. */
  #pauseCondition(deployment: Deployment): Parameters<typeof put>[1] | undefined {
    if (progressDeadlineSeconds(deployment) === undefined) return undefined;
    const current = findCondition(deployment.status?.conditions, "Progressing");
    if (current?.reason === "ProgressDeadlineExceeded") return undefined;
    const isMarked = current?.reason === "DeploymentPaused";
    if (deployment.spec?.paused === true && !isMarked)
      return { type: "Progressing", status: "Unknown", reason: "DeploymentPaused", message: "Deployment is paused" };
    if (deployment.spec?.paused !== true && isMarked)
      return { type: "Progressing", status: "Unknown", reason: "DeploymentResumed", message: "Deployment is resumed" };
    return undefined;
  }

  async #noteProgress(deployment: Deployment, reason: string, message: string): Promise<void> {
    if (progressDeadlineSeconds(deployment) === undefined) return;
    const conditions: DeploymentCondition[] = put(
      deployment.status?.conditions ?? [],
      { type: "Progressing", status: "True", reason, message, isProgress: true },
      this.#context.clock.now(),
    );
    await this.#writeStatus(deployment, { ...deployment.status, conditions });
  }

  async #writeStatus(deployment: Deployment, status: DeploymentStatus): Promise<void> {
    // What this reconcile changed already, its annotations among it, must not be undone.
    const latest = this.#cached(deployment);
    if (latest === undefined || deepEqual(withoutZeros(latest.status ?? {}), withoutZeros(status))) return;
    try {
      await this.#context.client.resource(resources.deployments, deployment.metadata.namespace).updateStatus({ ...latest, status });
    } catch (error) {
      if (!hasReason(error, "Conflict", "NotFound")) throw error;
    }
  }

  /** Nothing but time makes a stuck rollout exceed its deadline. */
  #untilDeadline(deployment: Deployment, status: DeploymentStatus): ReconcileResult | void {
    const deadlineSeconds = progressDeadlineSeconds(deployment);
    const progress = findCondition(status.conditions, "Progressing");
    if (
      deadlineSeconds === undefined ||
      progress?.status !== "True" ||
      progress.reason === "NewReplicaSetAvailable" ||
      isComplete(deployment, status)
    )
      return;
    const dueMs = Date.parse(progress.lastUpdateTime ?? "") + deadlineSeconds * 1000;
    return { requeueAfterMs: Math.max(1000, dueMs - this.#context.clock.now() + 1000) };
  }
}

/** Whether the number of replicas was changed: an active set still has the old number in its annotation. */
function isScaling(deployment: Deployment, sets: readonly ReplicaSet[]): boolean {
  return sets.some((set) => {
    const desired = set.metadata.annotations?.[desiredReplicasAnnotation];
    return wantedReplicas(set) > 0 && desired !== undefined && Number(desired) !== wantedReplicas(deployment);
  });
}

function sizeAnnotations(deployment: Deployment): Record<string, string> {
  const replicas = wantedReplicas(deployment);
  return { [desiredReplicasAnnotation]: String(replicas), [maxReplicasAnnotation]: String(replicas + rollingLimits(deployment).maxSurge) };
}

function informerView(candidates: readonly ReplicaSet[], deployment: Deployment): ReplicaSet[] {
  return candidates.filter((set) => isControlledBy(set, deployment));
}
