import { controllerReference, deepEqual } from "@coracle/apimachinery";
import type { PersistentVolumeClaim, Pod, PodTemplateSpec, StatefulSet } from "@coracle/api";
import { podFromTemplate } from "../pod-control/pod-control.ts";

export const podNameLabel = "statefulset.kubernetes.io/pod-name";
export const podIndexLabel = "apps.kubernetes.io/pod-index";
export const revisionLabel = "controller-revision-hash";

export const podName = (set: StatefulSet, ordinal: number): string => `${set.metadata.name}-${ordinal}`;

/** The ordinal in a pod's name; undefined when the name is not of this set. */
export function ordinalOf(set: StatefulSet, pod: Pod): number | undefined {
  const prefix = `${set.metadata.name}-`;
  const name = pod.metadata.name ?? "";
  const digits = name.slice(prefix.length);
  return name.startsWith(prefix) && /^(0|[1-9]\d*)$/.test(digits) ? Number(digits) : undefined;
}

/** The lowest ordinal, and one after the highest. */
export function ordinalRange(set: StatefulSet): { start: number; end: number } {
  const start = set.spec?.ordinals?.start ?? 0;
  return { start, end: start + (set.spec?.replicas ?? 1) };
}

export const claimName = (set: StatefulSet, template: PersistentVolumeClaim, ordinal: number): string =>
  `${template.metadata.name}-${podName(set, ordinal)}`;

/** The pod with this ordinal: a stable name, host name and claims. `template` is that of `revision`. */
export function podOfOrdinal(set: StatefulSet, template: PodTemplateSpec, ordinal: number, revision: string): Pod {
  const name = podName(set, ordinal);
  const pod = podFromTemplate(set, template, name);
  const templates = set.spec?.volumeClaimTemplates ?? [];
  const replaced = new Set(templates.map((claim) => claim.metadata.name));
  const volumes = [
    ...templates.map((claim) => ({
      name: claim.metadata.name ?? "",
      persistentVolumeClaim: { claimName: claimName(set, claim, ordinal) },
    })),
    ...(pod.spec?.volumes ?? []).filter((volume) => !replaced.has(volume.name)),
  ];
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      labels: { ...pod.metadata.labels, [podNameLabel]: name, [podIndexLabel]: String(ordinal), [revisionLabel]: revision },
    },
    spec: {
      ...pod.spec,
      containers: pod.spec?.containers ?? [],
      hostname: name,
      ...(set.spec?.serviceName === undefined ? {} : { subdomain: set.spec.serviceName }),
      ...(volumes.length === 0 ? {} : { volumes }),
    },
  };
}

/** The claims that the pod with this ordinal mounts. */
export function claimsOfOrdinal(set: StatefulSet, ordinal: number): PersistentVolumeClaim[] {
  return (set.spec?.volumeClaimTemplates ?? []).map((template) => ({
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: {
      name: claimName(set, template, ordinal),
      ...(set.metadata.namespace === undefined ? {} : { namespace: set.metadata.namespace }),
      ...(template.metadata.annotations === undefined ? {} : { annotations: template.metadata.annotations }),
      labels: { ...template.metadata.labels, ...set.spec?.selector?.matchLabels },
    },
    ...(template.spec === undefined ? {} : { spec: template.spec }),
  }));
}

/** Owners that make a claim go with the set, or with a pod that was scaled away (KEP-1847). */
export function claimOwners(
  set: StatefulSet,
  ordinal: number,
  pod: Pod | undefined,
): NonNullable<PersistentVolumeClaim["metadata"]["ownerReferences"]> {
  const { whenDeleted = "Retain", whenScaled = "Retain" } = set.spec?.persistentVolumeClaimRetentionPolicy ?? {};
  const { start, end } = ordinalRange(set);
  const isCondemned = ordinal < start || ordinal >= end;
  const weak = (owner: StatefulSet | Pod): NonNullable<PersistentVolumeClaim["metadata"]["ownerReferences"]>[number] => {
    const { controller: _controller, blockOwnerDeletion: _block, ...reference } = controllerReference(owner);
    return reference;
  };
  if (whenScaled === "Delete" && isCondemned && pod !== undefined) return [weak(pod)];
  return whenDeleted === "Delete" ? [weak(set)] : [];
}

export function hasSameOwners(
  a: PersistentVolumeClaim["metadata"]["ownerReferences"],
  b: PersistentVolumeClaim["metadata"]["ownerReferences"],
): boolean {
  return deepEqual((a ?? []).map((owner) => owner.uid).sort(), (b ?? []).map((owner) => owner.uid).sort());
}
