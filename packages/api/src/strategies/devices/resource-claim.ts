import { semanticEqual, validateAnnotations, type Findings } from "@coracle/apimachinery";
import type { DeviceClaim, ResourceClaim, ResourceClaimStatus, ResourceClaimTemplate } from "../../generated/resource-v1.ts";
import { strategyOf } from "../hooks.ts";
import { goForm } from "../shared/go-form.ts";
import { validateDeviceClaim } from "./device-requests.ts";
import { validateList, validateUnique } from "./lists.ts";

const consumersLimit = 256;

export const resourceClaims = strategyOf<ResourceClaim>({
  hasGeneration: false,
  keepsMetadataOnStatus: true,
  defaults: ({ spec }) => applyDefaults(spec?.devices),
  prepareCreate: (claim) => void (claim.status = {}),
  validate({ spec }, out, old) {
    if (old !== undefined) out.immutable(spec, old.spec, "spec", goForm("resource/v1.ResourceClaimSpec", spec));
    else validateDeviceClaim(spec?.devices ?? {}, "spec.devices", out);
  },
  subresources: { status: validateStatus },
});

export const resourceClaimTemplates = strategyOf<ResourceClaimTemplate>({
  hasStatus: false,
  defaults: ({ spec }) => applyDefaults(spec?.spec?.devices),
  validate({ spec }, out, old) {
    if (old !== undefined) return out.immutable(spec, old.spec, "spec", goForm("resource/v1.ResourceClaimTemplateSpec", spec));
    const { annotations, labels } = spec?.metadata ?? {};
    if (annotations !== undefined) out.addAll(validateAnnotations(annotations, "spec.metadata.annotations"));
    out.labels(labels, "spec.metadata.labels");
    validateDeviceClaim(spec?.spec?.devices ?? {}, "spec.spec.devices", out);
  },
});

/** One device, where nothing else is said. */
function applyDefaults(claim: DeviceClaim | undefined): void {
  for (const { exactly, firstAvailable = [] } of claim?.requests ?? []) {
    for (const asked of exactly === undefined ? firstAvailable : [exactly, ...firstAvailable]) {
      asked.allocationMode ||= "ExactCount";
      if (asked.allocationMode === "ExactCount") asked.count ||= 1;
      for (const toleration of asked.tolerations ?? []) toleration.operator ||= "Equal";
    }
  }
}

function validateStatus(claim: Readonly<ResourceClaim>, old: Readonly<ResourceClaim>, out: Findings): void {
  const { status = {}, metadata } = claim;
  const { status: before = {} } = old;
  const { reservedFor = [], allocation } = status;
  const at = "status.reservedFor";
  validateList({ items: reservedFor, mostItems: consumersLimit, at, out }, (consumer, here) => {
    for (const name of ["resource", "name", "uid"] as const) out.present(consumer[name], `${here}.${name}`);
  });
  validateUnique(reservedFor, ({ uid }) => uid, at, out);
  if (reservedFor.length > 0) validateReservations(status, before, metadata.deletionTimestamp !== undefined, out);
  if (before.allocation !== undefined && allocation !== undefined)
    out.immutable(allocation, before.allocation, "status.allocation", goForm("resource/v1.AllocationResult", allocation));
}

function validateReservations(
  { reservedFor = [], allocation }: Readonly<ResourceClaimStatus>,
  before: Readonly<ResourceClaimStatus>,
  isDeleted: boolean,
  out: Findings,
): void {
  const at = "status.reservedFor";
  if (allocation === undefined) return out.forbidden(at, "may not be specified when `allocated` is not set");
  const isKnown = (each: object): boolean => (before.reservedFor ?? []).some((other) => semanticEqual(each, other));
  if (isDeleted && !reservedFor.every(isKnown))
    out.forbidden(at, "new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set");
}
