import type { ResourceStrategy } from "@coracle/apimachinery";
import { csiDrivers, csiNodes, csiStorageCapacities } from "./csi.ts";
import { storageClasses, volumeAttributesClasses } from "./storage-class.ts";
import { volumeAttachments } from "./volume-attachment.ts";

export const storageStrategies: Readonly<Record<string, ResourceStrategy>> = {
  "csidrivers.storage.k8s.io": csiDrivers,
  "csinodes.storage.k8s.io": csiNodes,
  "csistoragecapacities.storage.k8s.io": csiStorageCapacities,
  "storageclasses.storage.k8s.io": storageClasses,
  "volumeattachments.storage.k8s.io": volumeAttachments,
  "volumeattributesclasses.storage.k8s.io": volumeAttributesClasses,
};
