import { controllerOf, type OwnerReference } from "@coracle/apimachinery";
import { resources, type Deployment, type Pod, type ReplicaSet, type ReplicationController, type StatefulSet } from "@coracle/api";
import type { Client } from "@coracle/client";

/** How many pods there should be. */
export interface ExpectedScale {
  readonly count: number;
  /** Names of pods that no workload controls. */
  readonly unmanaged: readonly string[];
}

/** The sum of what the workloads behind `pods` ask for. @throws {Error} when a workload says no number. */
export function expectedScale(client: Client, pods: readonly Pod[]): ExpectedScale {
  const scales = new Map<string, number>();
  const unmanaged: string[] = [];
  for (const pod of pods) {
    const owner = controllerOf(pod);
    if (owner === undefined) {
      unmanaged.push(pod.metadata.name ?? "");
      continue;
    }
    const found = scaleOf(client, owner, pod.metadata.namespace ?? "");
    if (found === undefined) throw new Error(`found no controllers for pod ${JSON.stringify(pod.metadata.name)}`);
    scales.set(found.uid, found.replicas);
  }
  return { count: [...scales.values()].reduce((sum, scale) => sum + scale, 0), unmanaged };
}

interface Scale {
  readonly uid: string;
  readonly replicas: number;
}

function scaleOf(client: Client, owner: OwnerReference, namespace: string): Scale | undefined {
  const key = `${namespace}/${owner.name}`;
  switch (`${owner.apiVersion.split("/")[0]}/${owner.kind}`) {
    case "apps/ReplicaSet":
      return scaleOfReplicaSet(client, owner, key);
    case "apps/StatefulSet":
      return toScale(client.informer(resources.statefulSets).get(key), owner);
    case "v1/ReplicationController":
      return toScale(client.informer(resources.replicationControllers).get(key), owner);
    default:
      return undefined;
  }
}

/** During a rollout the pods of all ReplicaSets are those of one Deployment. */
function scaleOfReplicaSet(client: Client, owner: OwnerReference, key: string): Scale | undefined {
  const replicaSet = client.informer(resources.replicaSets).get(key);
  const deployment = replicaSet === undefined ? undefined : controllerOf(replicaSet);
  if (replicaSet === undefined || deployment?.kind !== "Deployment") return toScale(replicaSet, owner);
  return toScale(client.informer(resources.deployments).get(`${replicaSet.metadata.namespace}/${deployment.name}`), deployment);
}

/** Undefined for a workload of the same name that is another. */
function toScale(
  workload: ReplicaSet | StatefulSet | ReplicationController | Deployment | undefined,
  owner: OwnerReference,
): Scale | undefined {
  return workload?.metadata.uid === owner.uid ? { uid: owner.uid, replicas: workload.spec?.replicas ?? 1 } : undefined;
}
