import type { Container, Pod } from "@coracle/api";

/** `name_namespace(uid)`, as the kubelet names a pod in its messages. */
export function describePod({ metadata }: Pod): string {
  return `${metadata.name}_${metadata.namespace}(${metadata.uid})`;
}

/** A sidecar: an init container that goes on running beside the others. */
export function isSidecar(container: Container): boolean {
  return container.restartPolicy === "Always";
}

export function initContainersOf(pod: Pod): readonly Container[] {
  return pod.spec?.initContainers ?? [];
}

export function containersOf(pod: Pod): readonly Container[] {
  return pod.spec?.containers ?? [];
}

export function findContainer(pod: Pod, name: string): Container | undefined {
  return containersOf(pod).find((each) => each.name === name) ?? initContainersOf(pod).find((each) => each.name === name);
}

export function isInitContainer(pod: Pod, name: string): boolean {
  return initContainersOf(pod).some((each) => each.name === name);
}

/** The restart policy that holds for one container. */
export function restartPolicyOf(pod: Pod, container: Container): string {
  if (container.restartPolicy !== undefined) return container.restartPolicy;
  const policy = pod.spec?.restartPolicy ?? "Always";
  return policy === "Always" && isInitContainer(pod, container.name) ? "OnFailure" : policy;
}

/** Whether a container that ended with `exitCode` is to run again. */
export function shouldRestart(pod: Pod, container: Container, exitCode: number): boolean {
  const policy = restartPolicyOf(pod, container);
  return policy === "Always" || (policy === "OnFailure" && exitCode !== 0);
}

export function isFinished(pod: Pod): boolean {
  return pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
}

/** `Guaranteed`, `Burstable` or `BestEffort`: from what its containers request and may use. */
export function qosClassOf(pod: Pod): string {
  if (pod.status?.qosClass !== undefined) return pod.status.qosClass;
  const all = [...containersOf(pod), ...initContainersOf(pod)];
  let isBestEffort = true;
  let isGuaranteed = true;
  for (const { resources = {} } of all) {
    for (const name of ["cpu", "memory"]) {
      const limit = resources.limits?.[name];
      const request = resources.requests?.[name] ?? limit;
      if (request !== undefined || limit !== undefined) isBestEffort = false;
      if (limit === undefined || limit !== request) isGuaranteed = false;
    }
  }
  return isBestEffort ? "BestEffort" : isGuaranteed ? "Guaranteed" : "Burstable";
}

/** Where the logs of a pod's containers are, below the node's log directory. */
export function podLogDirectory({ namespace = "", name = "", uid = "" }: Pod["metadata"]): string {
  return `${namespace}_${name}_${uid}`;
}
