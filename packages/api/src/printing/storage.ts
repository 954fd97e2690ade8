import type { PersistentVolume, PersistentVolumeClaim } from "../generated/core-v1.ts";
import type { CSIDriver, CSINode, StorageClass, VolumeAttachment, VolumeAttributesClass } from "../generated/storage-v1.ts";
import { accessModesText, orNone, unset, type Cells } from "./cells.ts";

const classAnnotation = "volume.beta.kubernetes.io/storage-class";
const isDefaultClass = ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];

export const persistentVolumeCells: Cells<PersistentVolume> = {
  Capacity: ({ spec }) => spec?.capacity?.["storage"] ?? "0",
  "Access Modes": ({ spec }) => accessModesText(spec?.accessModes),
  "Reclaim Policy": ({ spec }) => spec?.persistentVolumeReclaimPolicy ?? "",
  Status: ({ metadata, status }) => (metadata.deletionTimestamp === undefined ? (status?.phase ?? "") : "Terminating"),
  Claim: ({ spec }) => (spec?.claimRef === undefined ? "" : `${spec.claimRef.namespace ?? ""}/${spec.claimRef.name ?? ""}`),
  StorageClass: ({ metadata, spec }) => metadata.annotations?.[classAnnotation] ?? spec?.storageClassName ?? "",
  VolumeAttributesClass: ({ spec }) => spec?.volumeAttributesClassName ?? unset,
  Reason: ({ status }) => status?.reason ?? "",
  VolumeMode: ({ spec }) => spec?.volumeMode ?? unset,
};

export const persistentVolumeClaimCells: Cells<PersistentVolumeClaim> = {
  Status: ({ metadata, status }) => (metadata.deletionTimestamp === undefined ? (status?.phase ?? "") : "Terminating"),
  Volume: ({ spec }) => spec?.volumeName ?? "",
  Capacity: (claim) => (isBound(claim) ? (claim.status?.capacity?.["storage"] ?? "0") : ""),
  "Access Modes": (claim) => (isBound(claim) ? accessModesText(claim.status?.accessModes) : ""),
  StorageClass: ({ metadata, spec }) => metadata.annotations?.[classAnnotation] ?? spec?.storageClassName ?? "",
  VolumeAttributesClass: ({ spec }) => spec?.volumeAttributesClassName ?? unset,
  VolumeMode: ({ spec }) => spec?.volumeMode ?? unset,
};

function isBound({ spec }: PersistentVolumeClaim): boolean {
  return (spec?.volumeName ?? "") !== "";
}

export const storageClassCells: Cells<StorageClass> = {
  Name: ({ metadata: { name = "", annotations } }) =>
    isDefaultClass.some((key) => annotations?.[key] === "true") ? `${name} (default)` : name,
  Provisioner: ({ provisioner }) => provisioner,
  ReclaimPolicy: ({ reclaimPolicy = "Delete" }) => reclaimPolicy,
  VolumeBindingMode: ({ volumeBindingMode = "Immediate" }) => volumeBindingMode,
  AllowVolumeExpansion: ({ allowVolumeExpansion = false }) => allowVolumeExpansion,
};

export const csiDriverCells: Cells<CSIDriver> = {
  AttachRequired: ({ spec }) => spec.attachRequired ?? true,
  PodInfoOnMount: ({ spec }) => spec.podInfoOnMount ?? false,
  StorageCapacity: ({ spec }) => spec.storageCapacity ?? false,
  TokenRequests: ({ spec }) => (spec.tokenRequests ?? []).map(({ audience }) => audience).join(",") || unset,
  RequiresRepublish: ({ spec }) => spec.requiresRepublish ?? false,
  Modes: ({ spec }) => orNone((spec.volumeLifecycleModes ?? []).join(",")),
};

export const csiNodeCells: Cells<CSINode> = { Drivers: ({ spec }) => spec.drivers?.length ?? 0 };

export const volumeAttachmentCells: Cells<VolumeAttachment> = {
  Attacher: ({ spec }) => spec.attacher,
  PV: ({ spec }) => spec.source.persistentVolumeName ?? "",
  Node: ({ spec }) => spec.nodeName,
  Attached: ({ status }) => status?.attached ?? false,
};

export const volumeAttributesClassCells: Cells<VolumeAttributesClass> = { DriverName: ({ driverName }) => driverName };
