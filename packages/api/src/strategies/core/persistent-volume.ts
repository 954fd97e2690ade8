import { compareQuantities, Findings, parseQuantity, semanticEqual, zeroQuantity } from "@coracle/apimachinery";
import type { NodeSelector, PersistentVolume, PersistentVolumeSpec } from "../../generated/types.ts";
import { strategyOf } from "../hooks.ts";
import { describeDifference } from "../shared/unified-diff.ts";
import { nodeTermWarnings } from "../shared/node-labels.ts";
import { fractionWarning } from "../storage/claim-warnings.ts";
import { sourceOf, validateVolumeSpec } from "../storage/volume-spec.ts";
import { validateNodeSelector } from "../shared/node-selector.ts";

const noSpec: PersistentVolumeSpec = {};
const classAnnotation = "volume.beta.kubernetes.io/storage-class";

export const persistentVolumes = strategyOf<PersistentVolume>({
  hasGeneration: false,
  defaults({ spec }) {
    if (spec === undefined) return;
    spec.persistentVolumeReclaimPolicy ||= "Retain";
    spec.volumeMode ??= "Filesystem";
    if (spec.hostPath !== undefined) spec.hostPath.type ??= "";
  },
  prepareCreate: (volume, { now }) => void (volume.status = { phase: "Pending", lastPhaseTransitionTime: now }),
  prepareUpdate(volume, old, { subresource, now }) {
    if (subresource !== "status") return;
    const status = (volume.status ??= {});
    const before = old.status?.lastPhaseTransitionTime;
    if (status.phase !== old.status?.phase) {
      if (status.lastPhaseTransitionTime === undefined || status.lastPhaseTransitionTime === before) status.lastPhaseTransitionTime = now;
    } else if (before !== undefined) status.lastPhaseTransitionTime ??= before;
  },
  validate({ metadata, spec = noSpec }, out, old) {
    const mayKeep = (): boolean => hasBadSelector(old?.spec?.nodeAffinity?.required);
    validateVolumeSpec(spec, "spec", out, { volumeName: metadata.name ?? "", mayKeepSelector: mayKeep });
  },
  validateUpdate({ spec = noSpec }, { spec: old = noSpec }, out) {
    const [source, before] = [sourceOf(spec), sourceOf(old)];
    // A secret for growing may be added.
    if (before.csi !== undefined && before.csi.controllerExpandSecretRef === undefined && source.csi !== undefined) {
      const { controllerExpandSecretRef: _secret, ...csi } = source.csi;
      source.csi = csi;
    }
    if (!semanticEqual(source, before)) {
      const difference = describeDifference("core/v1.PersistentVolumeSource", before, source);
      out.forbidden("spec.persistentvolumesource", `spec.persistentvolumesource is immutable after creation\n${difference}`);
    }
    out.immutable(spec.volumeMode, old.volumeMode, "volumeMode");
    if (old.nodeAffinity !== undefined && !semanticEqual(spec.nodeAffinity, old.nodeAffinity))
      out.immutable(spec.nodeAffinity, old.nodeAffinity, "nodeAffinity");
    if (old.volumeAttributesClassName !== undefined && spec.volumeAttributesClassName === undefined)
      out.forbidden("spec.volumeAttributesClassName", "update from non-nil value to nil is forbidden");
  },
  warnings: volumeWarnings,
});

function hasBadSelector(selector: NodeSelector | undefined): boolean {
  if (selector === undefined) return false;
  const found = new Findings();
  validateNodeSelector(selector, "", found);
  return found.errors.length > 0;
}

const unsupportedSources: Readonly<Partial<Record<keyof PersistentVolumeSpec, string>>> = {
  cephfs: "deprecated in v1.28, non-functional in v1.31+",
  photonPersistentDisk: "deprecated in v1.11, non-functional in v1.16+",
  scaleIO: "deprecated in v1.16, non-functional in v1.22+",
  storageos: "deprecated in v1.22, non-functional in v1.25+",
  glusterfs: "deprecated in v1.25, non-functional in v1.26+",
  rbd: "deprecated in v1.28, non-functional in v1.31+",
};

function volumeWarnings({ metadata, spec = noSpec }: Readonly<PersistentVolume>): string[] {
  const warnings: string[] = [];
  const { annotations = {} } = metadata;
  if (annotations[classAnnotation] !== undefined)
    warnings.push(`metadata.annotations[${classAnnotation}]: deprecated since v1.8; use "storageClassName" attribute instead`);
  if (annotations["volume.beta.kubernetes.io/mount-options"] !== undefined) {
    const key = "volume.beta.kubernetes.io/mount-options";
    warnings.push(`metadata.annotations[${key}]: deprecated since v1.31; use "mountOptions" attribute instead`);
  }
  if (spec.persistentVolumeReclaimPolicy === "Recycle")
    warnings.push(
      "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.",
    );
  for (const [index, term] of (spec.nodeAffinity?.required?.nodeSelectorTerms ?? []).entries())
    warnings.push(...nodeTermWarnings(term, `spec.nodeAffinity.required.nodeSelectorTerms[${index}]`));
  for (const [name, text] of Object.entries(unsupportedSources))
    if (spec[name as keyof PersistentVolumeSpec] !== undefined) warnings.push(`spec.${name}: ${text}`);
  const capacity = spec.capacity?.["storage"];
  if (capacity !== undefined && compareQuantities(parseQuantity(capacity), zeroQuantity) > 0)
    warnings.push(...fractionWarning(spec.capacity, "storage", "spec.capacity"));
  return warnings;
}
