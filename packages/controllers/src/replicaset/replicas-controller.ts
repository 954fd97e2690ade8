import { deepEqual, hasReason, isControlledBy, type LabelSelector, type ResourceType } from "@coracle/apimachinery";
import { resources, type Pod } from "@coracle/api";
import type { Client } from "@coracle/client";
import { watchFor, type ControllerContext, type ControllerDefinition, type ReconcileResult } from "@coracle/operator";
import { Expectations } from "../pod-control/expectations.ts";
import { addOwnerIndexes, candidatesOf } from "../pod-control/owner-index.ts";
import { claimObjects } from "../pod-control/ownership.ts";
import { createPodControl } from "../pod-control/pod-control.ts";
import { availableAtMs, isActive } from "../pod-control/pod-status.ts";
import { podSource } from "../pod-control/pod-watch.ts";
import { withoutZeros } from "../pod-control/stored-status.ts";
import { PodCounter } from "./create-and-delete.ts";
import { replicasStatus, type Replicated } from "./replicas-status.ts";

/** What the kinds that keep a number of equal pods differ in. */
export interface ReplicatedKind<T extends Replicated> {
  readonly controllerName: string;
  readonly resource: ResourceType<T>;
  selectorOf(set: T): LabelSelector | undefined;
  /** Whether the status tells how many pods are on their way out. */
  readonly countsTerminating: boolean;
}

/** Keeps the number of pods that the objects of `kind` ask for. */
export function createReplicasController<T extends Replicated>(context: ControllerContext, kind: ReplicatedKind<T>): ControllerDefinition {
  const { client, signal } = context;
  const controller = new ReplicasController(context, kind);
  const { expectations } = controller;
  const { selectorOf } = kind;
  const workloads = client.informer(kind.resource);
  return {
    name: kind.controllerName,
    concurrency: 5,
    sources: [watchFor(kind.resource), podSource({ client, kind: kind.resource.kind, workloads, selectorOf, expectations, signal })],
    reconcile: (key) => controller.reconcile(key),
  };
}

class ReplicasController<T extends Replicated> {
  readonly expectations: Expectations;
  readonly #client: Client;
  readonly #clock: ControllerContext["clock"];
  readonly #kind: ReplicatedKind<T>;
  readonly #counter: PodCounter;

  constructor({ client, clock, events }: ControllerContext, kind: ReplicatedKind<T>) {
    this.#client = client;
    this.#clock = clock;
    this.#kind = kind;
    this.expectations = new Expectations(clock);
    this.#counter = new PodCounter(this.expectations, createPodControl(client, events));
    addOwnerIndexes<Pod>(client.informer(resources.pods));
  }

  async reconcile(key: string): Promise<ReconcileResult | void> {
    const set = this.#client.informer(this.#kind.resource).get(key);
    if (set === undefined) return this.expectations.forget(key);
    const candidates = this.#candidates(set).filter((pod) => isActive(pod));
    const selector = this.#kind.selectorOf(set);
    const claimed = await claimObjects<Pod>(candidates, { client: this.#client, owner: set, selector, resource: resources.pods });
    const isManaged = set.metadata.deletionTimestamp === undefined && this.expectations.isSatisfied(key);
    const failure = isManaged ? await this.#counter.bringToCount(key, set, claimed) : undefined;
    const nowMs = this.#clock.now();
    // Read again: in one process, what was created just now is there already.
    const pods = this.#candidates(set).filter((pod) => isActive(pod) && isControlledBy(pod, set));
    await this.#writeStatus(set, { pods, failure, nowMs });
    if (failure !== undefined) throw failure;
    const waits = pods.map((pod) => availableAtMs(pod, set.spec?.minReadySeconds ?? 0, nowMs)).filter((atMs) => atMs !== undefined);
    if (waits.length > 0) return { requeueAfterMs: Math.min(...waits) - nowMs + 1 };
  }

  #candidates(set: T): readonly Pod[] {
    return candidatesOf(this.#client.informer(resources.pods), set);
  }

  async #writeStatus(set: T, found: { pods: readonly Pod[]; failure: unknown; nowMs: number }): Promise<void> {
    const terminating = this.#candidates(set).filter((pod) => pod.metadata.deletionTimestamp !== undefined && isControlledBy(pod, set));
    const status = {
      ...replicasStatus(set, found),
      ...(this.#kind.countsTerminating && { terminatingReplicas: terminating.length }),
    };
    if (set.status !== undefined && deepEqual(withoutZeros(set.status), withoutZeros(status))) return;
    try {
      await this.#client.resource(this.#kind.resource, set.metadata.namespace).updateStatus({ ...set, status });
    } catch (error) {
      // A newer version is on its way to the cache, and brings another reconcile.
      if (!hasReason(error, "Conflict", "NotFound")) throw error;
    }
  }
}
