import { createHash } from "node:crypto";
import type { Container, Pod } from "@coracle/api";

/** The labels and annotations through which a restarted kubelet recognises what it once started; the names are upstream's. */
export const podNameLabel = "io.kubernetes.pod.name";
export const podNamespaceLabel = "io.kubernetes.pod.namespace";
export const podUidLabel = "io.kubernetes.pod.uid";
export const containerNameLabel = "io.kubernetes.container.name";

export const hashAnnotation = "io.kubernetes.container.hash";
export const restartCountAnnotation = "io.kubernetes.container.restartCount";
export const terminationMessagePathAnnotation = "io.kubernetes.container.terminationMessagePath";
export const terminationMessagePolicyAnnotation = "io.kubernetes.container.terminationMessagePolicy";
export const podGraceAnnotation = "io.kubernetes.pod.terminationGracePeriod";

/** Labels of a pod's sandbox: the pod's own and those that identify it. */
export function sandboxLabels(pod: Pod): Record<string, string> {
  return { ...pod.metadata.labels, ...identityLabels(pod) };
}

export function containerLabels(pod: Pod, container: Container): Record<string, string> {
  return { ...identityLabels(pod), [containerNameLabel]: container.name };
}

export function containerAnnotations(pod: Pod, container: Container, restartCount: number): Record<string, string> {
  const grace = pod.spec?.terminationGracePeriodSeconds;
  return {
    [hashAnnotation]: containerHash(container),
    [restartCountAnnotation]: String(restartCount),
    [terminationMessagePathAnnotation]: container.terminationMessagePath ?? "/dev/termination-log",
    [terminationMessagePolicyAnnotation]: container.terminationMessagePolicy ?? "File",
    ...(grace === undefined ? {} : { [podGraceAnnotation]: String(grace) }),
  };
}

/** Changes when a running container no longer is what its pod asks for; only name and image can change in place. */
export function containerHash(container: Container): string {
  return createHash("sha256")
    .update(JSON.stringify([container.name, container.image]))
    .digest("hex")
    .slice(0, 8);
}

export function restartCountOf(annotations: Readonly<Record<string, string>>): number {
  return Number(annotations[restartCountAnnotation] ?? 0) || 0;
}

function identityLabels({ metadata }: Pod): Record<string, string> {
  return { [podNameLabel]: metadata.name ?? "", [podNamespaceLabel]: metadata.namespace ?? "", [podUidLabel]: metadata.uid ?? "" };
}
