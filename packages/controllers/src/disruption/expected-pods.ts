import {
  controllerOf,
  parseApiVersion,
  scaledIntOrPercent,
  type KubeObject,
  type OwnerReference,
  type ResourceType,
} from "@coracle/apimachinery";
import { resources, type Pod, type PodDisruptionBudget } from "@coracle/api";
import type { Client } from "@coracle/client";

/** A kind that may own pods, for those that this controller does not know. */
export interface ScalableKind {
  readonly resource: ResourceType;
  readonly hasScale: boolean;
}

export interface OwnerLookup {
  readonly client: Client;
  /** The served kind; undefined when there is none. */
  kindOf(group: string, kind: string): ScalableKind | undefined;
}

export interface Expected {
  readonly expectedPods: number;
  readonly desiredHealthy: number;
  /** Names of pods without a controller, where that matters. */
  readonly unmanaged: readonly string[];
}

/** How many pods a budget is about, and how many of them must be healthy. Fractions are of what the pods' owners ask for. @throws {Error} */
export async function expectedPods({ spec }: PodDisruptionBudget, pods: readonly Pod[], lookup: OwnerLookup): Promise<Expected> {
  const { maxUnavailable, minAvailable } = spec ?? {};
  if (maxUnavailable !== undefined) {
    const { scale, unmanaged } = await expectedScale(pods, lookup);
    const desiredHealthy = Math.max(0, scale - scaledIntOrPercent(maxUnavailable, scale, "up"));
    return { expectedPods: scale, desiredHealthy, unmanaged };
  }
  if (typeof minAvailable === "string") {
    const { scale, unmanaged } = await expectedScale(pods, lookup);
    return { expectedPods: scale, desiredHealthy: scaledIntOrPercent(minAvailable, scale, "up"), unmanaged };
  }
  if (minAvailable === undefined) return { expectedPods: 0, desiredHealthy: 0, unmanaged: [] };
  return { expectedPods: pods.length, desiredHealthy: minAvailable, unmanaged: [] };
}

/** The sum of the scales of all controllers of `pods`. */
async function expectedScale(pods: readonly Pod[], lookup: OwnerLookup): Promise<{ scale: number; unmanaged: string[] }> {
  const scales = new Map<string, number>();
  const seen = new Set<string>();
  const unmanaged: string[] = [];
  for (const pod of pods) {
    const owner = controllerOf(pod);
    if (owner === undefined) unmanaged.push(pod.metadata.name ?? "");
    if (owner === undefined || seen.has(owner.uid)) continue;
    seen.add(owner.uid);
    const found = await scaleOf(owner, pod.metadata.namespace ?? "", lookup);
    if (found === undefined) throw new Error(`found no controllers for pod "${pod.metadata.name}"`);
    scales.set(found.uid, found.replicas);
  }
  return { scale: [...scales.values()].reduce((sum, replicas) => sum + replicas, 0), unmanaged };
}

interface Scale {
  readonly uid: string;
  readonly replicas: number;
}

type Workload = KubeObject & { readonly spec?: { readonly replicas?: number } };

/** The kinds whose caches are at hand anyway. */
const workloads = {
  "/ReplicationController": resources.replicationControllers,
  "apps/Deployment": resources.deployments,
  "apps/ReplicaSet": resources.replicaSets,
  "apps/StatefulSet": resources.statefulSets,
} as const;

async function scaleOf(owner: OwnerReference, namespace: string, lookup: OwnerLookup): Promise<Scale | undefined> {
  const { group } = parseApiVersion(owner.apiVersion);
  const resource = workloads[`${group}/${owner.kind}` as keyof typeof workloads] as ResourceType<Workload> | undefined;
  if (resource === undefined) return remoteScale(owner, namespace, lookup);
  const object = lookup.client.informer(resource).get(`${namespace}/${owner.name}`);
  if (object === undefined || object.metadata.uid !== owner.uid) return undefined;
  const parent = controllerOf(object);
  // A Deployment's sets come and go: what it asks for itself is what counts.
  if (owner.kind === "ReplicaSet" && parent?.kind === "Deployment") return scaleOf(parent, namespace, lookup);
  return { uid: owner.uid, replicas: object.spec?.replicas ?? 1 };
}

async function remoteScale(owner: OwnerReference, namespace: string, { client, kindOf }: OwnerLookup): Promise<Scale | undefined> {
  const { group } = parseApiVersion(owner.apiVersion);
  const served = kindOf(group, owner.kind);
  if (served === undefined) throw new Error(`no matches for kind "${owner.kind}" in version "${owner.apiVersion}"`);
  const { resource, hasScale } = served;
  const name = resource.group === "" ? resource.resource : `${resource.resource}.${resource.group}`;
  if (!hasScale) throw new Error(`${name} does not implement the scale subresource`);
  const scale = (await client.resource(resource, namespace).get(owner.name, { subresource: "scale" })) as Workload;
  return scale.metadata.uid === owner.uid ? { uid: owner.uid, replicas: scale.spec?.replicas ?? 0 } : undefined;
}
