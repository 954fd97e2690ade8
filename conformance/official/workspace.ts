import type * as k8s from "@kubernetes/client-node";
import { expect } from "vitest";
import type { RawApi, RawWatch } from "../src/api.ts";
import { eventually } from "../src/coracle.ts";
import { Objects, type KindOf } from "./objects.ts";

/** An image that every cluster can pull, whose program runs until it is stopped. */
export const pauseImage = "registry.k8s.io/pause:3.10";
/** Another one, for updates. */
export const otherImage = "registry.k8s.io/pause:3.9";
/** No cluster can pull it. */
export const missingImage = "does-not-exist.example/nothing:1";

let count = 0;

/** A namespace of a test's own and what is in it. */
export class Workspace implements AsyncDisposable {
  readonly api: RawApi;
  readonly namespace: string;

  private constructor(api: RawApi, namespace: string) {
    this.api = api;
    this.namespace = namespace;
  }

  static async open(api: RawApi, purpose: string): Promise<Workspace> {
    const workspace = new Workspace(api, `${purpose}-${process.pid}-${++count}`);
    await workspace.namespaces.create(workspace.namespace, {});
    await eventually(async () => expect(await workspace.serviceAccounts.has("default")).toBe(true));
    return workspace;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.api.json("DELETE", `/api/v1/namespaces/${this.namespace}`);
  }

  get namespaces(): Objects<k8s.V1Namespace> {
    return new Objects(this.api, { apiVersion: "v1", kind: "Namespace", resource: "namespaces" });
  }

  get nodes(): Objects<k8s.V1Node> {
    return new Objects(this.api, { apiVersion: "v1", kind: "Node", resource: "nodes" });
  }

  get priorityClasses(): Objects<k8s.V1PriorityClass> {
    return new Objects(this.api, { apiVersion: "scheduling.k8s.io/v1", kind: "PriorityClass", resource: "priorityclasses" });
  }

  get configMaps(): Objects<k8s.V1ConfigMap> {
    return this.#of({ apiVersion: "v1", kind: "ConfigMap", resource: "configmaps" });
  }

  get endpoints(): Objects<k8s.V1Endpoints> {
    return this.#of({ apiVersion: "v1", kind: "Endpoints", resource: "endpoints" });
  }

  get events(): Objects<k8s.CoreV1Event> {
    return this.#of({ apiVersion: "v1", kind: "Event", resource: "events" });
  }

  get pods(): Objects<k8s.V1Pod> {
    return this.#of({ apiVersion: "v1", kind: "Pod", resource: "pods" });
  }

  get replicationControllers(): Objects<k8s.V1ReplicationController> {
    return this.#of({ apiVersion: "v1", kind: "ReplicationController", resource: "replicationcontrollers" });
  }

  get resourceQuotas(): Objects<k8s.V1ResourceQuota> {
    return this.#of({ apiVersion: "v1", kind: "ResourceQuota", resource: "resourcequotas" });
  }

  get serviceAccounts(): Objects<k8s.V1ServiceAccount> {
    return this.#of({ apiVersion: "v1", kind: "ServiceAccount", resource: "serviceaccounts" });
  }

  get services(): Objects<k8s.V1Service> {
    return this.#of({ apiVersion: "v1", kind: "Service", resource: "services" });
  }

  get controllerRevisions(): Objects<k8s.V1ControllerRevision> {
    return this.#of({ apiVersion: "apps/v1", kind: "ControllerRevision", resource: "controllerrevisions" });
  }

  get daemonSets(): Objects<k8s.V1DaemonSet> {
    return this.#of({ apiVersion: "apps/v1", kind: "DaemonSet", resource: "daemonsets" });
  }

  get deployments(): Objects<k8s.V1Deployment> {
    return this.#of({ apiVersion: "apps/v1", kind: "Deployment", resource: "deployments" });
  }

  get replicaSets(): Objects<k8s.V1ReplicaSet> {
    return this.#of({ apiVersion: "apps/v1", kind: "ReplicaSet", resource: "replicasets" });
  }

  get statefulSets(): Objects<k8s.V1StatefulSet> {
    return this.#of({ apiVersion: "apps/v1", kind: "StatefulSet", resource: "statefulsets" });
  }

  get jobs(): Objects<k8s.V1Job> {
    return this.#of({ apiVersion: "batch/v1", kind: "Job", resource: "jobs" });
  }

  get endpointSlices(): Objects<k8s.V1EndpointSlice> {
    return this.#of({ apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", resource: "endpointslices" });
  }

  get disruptionBudgets(): Objects<k8s.V1PodDisruptionBudget> {
    return this.#of({ apiVersion: "policy/v1", kind: "PodDisruptionBudget", resource: "poddisruptionbudgets" });
  }

  #of<T extends { metadata?: k8s.V1ObjectMeta }>(kind: KindOf): Objects<T> {
    return new Objects<T>(this.api, kind, this.namespace);
  }
}

/** A template of pods that run one container until they are stopped. */
export function podTemplate(labels: Record<string, string>, image = pauseImage): { metadata: k8s.V1ObjectMeta; spec: k8s.V1PodSpec } {
  return { metadata: { labels }, spec: podSpec({}, image) };
}

/** One container that runs until it is stopped, and what else a test wants. */
export function podSpec(more: Partial<k8s.V1PodSpec> = {}, image = pauseImage): k8s.V1PodSpec {
  return { terminationGracePeriodSeconds: 1, containers: [{ name: "c", image }], ...(more as object) };
}

/** The name of an object that the server gave. */
export function nameOf(object: { metadata?: k8s.V1ObjectMeta }): string {
  return object.metadata?.name ?? "";
}

/** Its owner that is in control, if there is one. */
export function controllerUid(object: { metadata?: k8s.V1ObjectMeta }): string | undefined {
  return object.metadata?.ownerReferences?.find(({ controller }) => controller === true)?.uid;
}

export function isPodReady(pod: k8s.V1Pod): boolean {
  const conditions = pod.status?.conditions ?? [];
  return conditions.some(({ type, status }) => type === "Ready" && status === "True") && pod.metadata?.deletionTimestamp === undefined;
}

/** Whether a pod has a condition with these fields. */
export function hasCondition(fields: Partial<k8s.V1PodCondition>): (pod: k8s.V1Pod) => boolean {
  const wanted = Object.entries(fields) as [keyof k8s.V1PodCondition, unknown][];
  return ({ status }) => (status?.conditions ?? []).some((condition) => wanted.every(([name, value]) => condition[name] === value));
}

/** Waits for an event of `type` whose object `check` accepts. */
export async function seen<T>(watch: RawWatch, type: string, check: (object: T) => boolean): Promise<void> {
  const wanted = (): boolean => watch.events.some((event) => event.type === type && check(event.object as unknown as T));
  await eventually(() => expect(wanted(), `no ${type} event as wanted among ${watch.events.length}`).toBe(true));
}
