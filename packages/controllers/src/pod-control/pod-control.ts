import { controllerReference, hasReason, isNamespaceTerminating, type KubeObject } from "@coracle/apimachinery";
import { resources, type Pod, type PodTemplateSpec } from "@coracle/api";
import type { Client, EventRecorder } from "@coracle/client";

/** Creates and deletes pods for a controller's object, and says so in events. */
export interface PodControl {
  /** @throws {StatusError} */
  create(owner: KubeObject, pod: Pod): Promise<Pod>;
  /** A pod that is gone already counts as deleted. @throws {StatusError} */
  delete(owner: KubeObject, pod: Pod): Promise<void>;
}

export function createPodControl(client: Client, events: EventRecorder): PodControl {
  return {
    async create(owner, pod) {
      try {
        const created = await client.resource(resources.pods, owner.metadata.namespace).create(pod);
        events.record(owner, "Normal", "SuccessfulCreate", `Created pod: ${created.metadata.name}`);
        return created;
      } catch (error) {
        // A namespace on its way out refuses everything: that is no news.
        if (!isNamespaceTerminating(error)) events.record(owner, "Warning", "FailedCreate", `Error creating: ${(error as Error).message}`);
        throw error;
      }
    },
    async delete(owner, pod) {
      const { name = "", namespace, uid } = pod.metadata;
      try {
        await client.resource(resources.pods, namespace).delete(name, uid === undefined ? {} : { preconditions: { uid } });
      } catch (error) {
        if (hasReason(error, "NotFound")) return;
        events.record(owner, "Warning", "FailedDelete", `Error deleting: ${(error as Error).message}`);
        throw error;
      }
      events.record(owner, "Normal", "SuccessfulDelete", `Deleted pod: ${name}`);
    },
  };
}

/** A pod of `template` for `owner`. Its name is generated unless `name` is given. */
export function podFromTemplate(owner: KubeObject, template: PodTemplateSpec, name?: string): Pod {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      ...(name === undefined ? { generateName: `${owner.metadata.name}-` } : { name }),
      ...(owner.metadata.namespace === undefined ? {} : { namespace: owner.metadata.namespace }),
      ...(labels === undefined ? {} : { labels: { ...labels } }),
      ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
      ...(finalizers === undefined ? {} : { finalizers: [...finalizers] }),
      ownerReferences: [controllerReference(owner)],
    },
    spec: structuredClone(template.spec ?? { containers: [] }),
  };
}

/**
 * Calls `work` `count` times in batches of 1, 2, 4 …: when something is wrong with every call, little is wasted. Stops after a batch with a
 * failure. Resolves to the number of successes and the first error.
 */
export async function slowStart(count: number, work: (index: number) => Promise<void>): Promise<{ successes: number; error?: unknown }> {
  let successes = 0;
  for (let batch = 1, index = 0; index < count; batch *= 2) {
    const size = Math.min(batch, count - index);
    const results = await Promise.allSettled(Array.from({ length: size }, (_, offset) => work(index + offset)));
    index += size;
    successes += results.filter((result) => result.status === "fulfilled").length;
    const failure = results.find((result) => result.status === "rejected");
    if (failure !== undefined) return { successes, error: failure.reason };
  }
  return { successes };
}
