import { compareQuantities, parseQuantity, selectorFrom } from "@coracle/apimachinery";
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from "@coracle/api";

export const defaultClassAnnotation = "storageclass.kubernetes.io/is-default-class";
export const bindCompletedAnnotation = "pv.kubernetes.io/bind-completed";
export const boundByControllerAnnotation = "pv.kubernetes.io/bound-by-controller";
export const provisionedByAnnotation = "pv.kubernetes.io/provisioned-by";
export const storageProvisionerAnnotation = "volume.kubernetes.io/storage-provisioner";
export const betaStorageProvisionerAnnotation = "volume.beta.kubernetes.io/storage-provisioner";
export const selectedNodeAnnotation = "volume.kubernetes.io/selected-node";

export const claimKey = (claim: PersistentVolumeClaim): string => `${claim.metadata.namespace}/${claim.metadata.name}`;

/** The class a claim asks for; the empty string asks for a volume without one. */
export function classOf(claim: PersistentVolumeClaim): string {
  return claim.metadata.annotations?.["volume.beta.kubernetes.io/storage-class"] ?? claim.spec?.storageClassName ?? "";
}

/** Whether a volume is reserved for this very claim: by name, and by uid once that is known. */
export function isReservedFor(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const reference = volume.spec?.claimRef;
  if (reference === undefined || reference.name !== claim.metadata.name || reference.namespace !== claim.metadata.namespace) return false;
  return (reference.uid ?? "") === "" || reference.uid === claim.metadata.uid;
}

/** The volume to bind a claim to: one reserved for it, else the smallest free one that satisfies it. */
export function findVolume(claim: PersistentVolumeClaim, volumes: readonly PersistentVolume[]): PersistentVolume | undefined {
  let best: PersistentVolume | undefined;
  for (const volume of volumes) {
    if (volume.metadata.deletionTimestamp !== undefined || !satisfies(volume, claim)) continue;
    if (volume.spec?.claimRef !== undefined) {
      if (isReservedFor(volume, claim)) return volume;
      continue;
    }
    if (volume.status?.phase !== "Available") continue;
    if (best === undefined || compareQuantities(capacityOf(volume), capacityOf(best)) < 0) best = volume;
  }
  return best;
}

function satisfies(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const modes = volume.spec?.accessModes ?? [];
  const isSelected = claim.spec?.selector === undefined || selectorFrom(claim.spec.selector).matches(volume.metadata.labels ?? {});
  return (
    (volume.spec?.storageClassName ?? "") === classOf(claim) &&
    (volume.spec?.volumeMode ?? "Filesystem") === (claim.spec?.volumeMode ?? "Filesystem") &&
    (claim.spec?.accessModes ?? []).every((mode) => modes.includes(mode)) &&
    isSelected &&
    compareQuantities(capacityOf(volume), parseQuantity(String(claim.spec?.resources?.requests?.["storage"] ?? "0"))) >= 0
  );
}

function capacityOf(volume: PersistentVolume): ReturnType<typeof parseQuantity> {
  return parseQuantity(String(volume.spec?.capacity?.["storage"] ?? "0"));
}

/** Whether a claim is bound only when a pod that uses it has a node. */
export function waitsForConsumer(claim: PersistentVolumeClaim, storageClass: StorageClass | undefined): boolean {
  return storageClass?.volumeBindingMode === "WaitForFirstConsumer" && claim.metadata.annotations?.[selectedNodeAnnotation] === undefined;
}
