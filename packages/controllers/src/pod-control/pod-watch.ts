import { controllerOf, selectorFrom, type KubeObject, type LabelSelector } from "@coracle/apimachinery";
import { resources, type Pod } from "@coracle/api";
import type { Client, Informer } from "@coracle/client";
import { mapped, type Source } from "@coracle/operator";
import type { Expectations } from "./expectations.ts";

/** Which workload a pod belongs to, for a controller of `kind`. */
export interface PodWatchOptions<T extends KubeObject> {
  readonly client: Client;
  readonly kind: string;
  readonly workloads: Informer<T>;
  readonly selectorOf: (workload: T) => LabelSelector | undefined;
  readonly expectations: Expectations;
  readonly signal: AbortSignal;
}

/**
 * The source that reconciles a workload when one of its pods changes: the owner's key, or, for an orphan, the keys of every workload that
 * selects it. Tells the expectations what it sees, before the keys are queued.
 */
export function podSource<T extends KubeObject>(options: PodWatchOptions<T>): Source {
  const { client, kind, workloads, selectorOf, expectations, signal } = options;
  const ownerKey = (pod: Pod): string | undefined => {
    const owner = controllerOf(pod);
    return owner?.kind === kind ? `${pod.metadata.namespace}/${owner.name}` : undefined;
  };
  const subscription = client.informer(resources.pods).subscribe({
    onAdd(pod, isInitial) {
      const key = ownerKey(pod);
      if (key !== undefined && !isInitial) expectations.creationObserved(key);
    },
    onUpdate(pod) {
      const key = ownerKey(pod);
      if (key !== undefined && pod.metadata.deletionTimestamp !== undefined) expectations.deletionObserved(key, pod.metadata.uid ?? "");
    },
    onDelete(pod) {
      const key = ownerKey(pod);
      if (key !== undefined) expectations.deletionObserved(key, pod.metadata.uid ?? "");
    },
  });
  signal.addEventListener("abort", () => subscription[Symbol.dispose](), { once: true });
  return mapped(resources.pods, (pod) => {
    const key = ownerKey(pod);
    if (key !== undefined) return [key];
    if (controllerOf(pod) !== undefined) return [];
    const selecting = workloads
      .list(pod.metadata.namespace ?? "")
      .filter((workload) => selectorFrom(selectorOf(workload)).matches(pod.metadata.labels ?? {}));
    return selecting.map((workload) => `${workload.metadata.namespace}/${workload.metadata.name}`);
  });
}
