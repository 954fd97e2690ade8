import {
  compareQuantities,
  dnsSubdomainErrors,
  parseQuantity,
  validateAnnotations,
  zeroQuantity,
  type Findings,
} from "@coracle/apimachinery";
import type { ObjectMeta } from "@coracle/apimachinery";
import type {
  PersistentVolumeClaimSpec,
  PersistentVolumeClaimTemplate,
  TypedLocalObjectReference,
  TypedObjectReference,
} from "../../generated/types.ts";
import { enumOf } from "../shared/enums.ts";
import { validateResourceAmount } from "../shared/resource-names.ts";

const accessModes = enumOf("core/v1.PersistentVolumeAccessMode");
export const volumeModes = enumOf("core/v1.PersistentVolumeMode");

/** Rules that a stored claim may break, because it did before. */
export interface ClaimAllowances {
  /** API groups of data sources that are no DNS names. */
  readonly badSourceGroups: boolean;
  /** Values in the selector that no label can have. */
  readonly badSelector: boolean;
}

const none: ClaimAllowances = { badSourceGroups: false, badSelector: false };

export function validateClaimSpec(
  spec: Readonly<PersistentVolumeClaimSpec>,
  at: string,
  out: Findings,
  allow: ClaimAllowances = none,
): void {
  if ((spec.accessModes ?? []).length === 0) out.required(`${at}.accessModes`, "at least 1 access mode is required");
  if (!allow.badSelector) out.labelSelector(spec.selector, `${at}.selector`);
  validateAccessModes(spec.accessModes ?? [], `${at}.accessModes`, out);
  validateStorage(spec.resources?.requests?.["storage"], `${at}.resources[storage]`, out);
  validateClassName(spec.storageClassName, `${at}.storageClassName`, out);
  out.optionalOneOf(spec.volumeMode, volumeModes, `${at}.volumeMode`);
  const { dataSource, dataSourceRef } = spec;
  if (dataSource !== undefined) validateSource(dataSource, `${at}.dataSource`, out, allow);
  if (dataSourceRef !== undefined) validateSource(dataSourceRef, `${at}.dataSourceRef`, out, allow);
  if (dataSource !== undefined && dataSourceRef !== undefined) validateBothSources(dataSource, dataSourceRef, at, out);
  validateClassName(spec.volumeAttributesClassName, `${at}.volumeAttributesClassName`, out);
}

/** Known modes; one pod alone is no mode among others. */
export function validateAccessModes(modes: readonly string[], at: string, out: Findings): void {
  for (const mode of modes) out.oneOf(mode, accessModes, at);
  const isShared = modes.some((mode) => mode !== "ReadWriteOncePod" && accessModes.has(mode));
  if (isShared && modes.includes("ReadWriteOncePod")) out.forbidden(at, "may not use ReadWriteOncePod with other access modes");
}

function validateStorage(amount: string | undefined, at: string, out: Findings): void {
  if (amount === undefined) out.required(at);
  else if (compareQuantities(parseQuantity(amount), zeroQuantity) <= 0) out.invalid(at, amount, "must be greater than zero");
  else validateResourceAmount("storage", amount, at, out);
}

function validateClassName(name: string | undefined, at: string, out: Findings): void {
  if (name) out.messages(at, name, dnsSubdomainErrors(name));
}

function validateSource(
  source: Readonly<TypedLocalObjectReference & Pick<TypedObjectReference, "namespace">>,
  at: string,
  out: Findings,
  allow: ClaimAllowances,
): void {
  out.present(source.name, `${at}.name`);
  out.present(source.kind, `${at}.kind`);
  const { apiGroup = "", kind = "", namespace = "" } = source;
  if (apiGroup === "" && kind !== "PersistentVolumeClaim")
    out.invalid(at, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup");
  if (apiGroup !== "" && !allow.badSourceGroups) out.subdomain(apiGroup, `${at}.apiGroup`);
  if (namespace !== "") out.label(namespace, `${at}.namespace`);
}

/** Both fields say the same, unless the source is in another namespace, which only one can say. */
function validateBothSources(
  source: Readonly<TypedLocalObjectReference>,
  reference: Readonly<TypedObjectReference>,
  at: string,
  out: Findings,
): void {
  // Upstream shows the path itself as the value.
  if (reference.namespace) out.invalid(at, {}, "may not be specified when dataSourceRef.namespace is specified");
  else if (source.apiGroup !== reference.apiGroup || source.kind !== reference.kind || source.name !== reference.name)
    out.invalid(at, {}, "must match dataSourceRef");
}

/** The claim of an ephemeral volume: only labels and annotations of its metadata are used, so nothing else may be set. */
export function validateClaimTemplate(template: Readonly<PersistentVolumeClaimTemplate>, at: string, out: Findings): void {
  const { metadata = {}, spec } = template;
  if (metadata.annotations !== undefined) out.addAll(validateAnnotations(metadata.annotations, `${at}.metadata.annotations`));
  out.labels(metadata.labels, `${at}.metadata.labels`);
  for (const [field, shown] of unusedMetadata) if (isSet(metadata[field])) out.forbidden(`${at}.metadata.${shown}`, "cannot be set");
  validateClaimSpec(spec ?? {}, `${at}.spec`, out);
}

const unusedMetadata: readonly (readonly [field: keyof ObjectMeta, shown: string])[] = [
  ["name", "name"],
  ["generateName", "generateName"],
  ["namespace", "namespace"],
  ["selfLink", "selfLink"],
  // Upstream lowers the first letter of the name in Go.
  ["uid", "uID"],
  ["resourceVersion", "resourceVersion"],
  ["generation", "generation"],
  ["creationTimestamp", "creationTimestamp"],
  ["deletionTimestamp", "deletionTimestamp"],
  ["deletionGracePeriodSeconds", "deletionGracePeriodSeconds"],
  ["ownerReferences", "ownerReferences"],
  ["finalizers", "finalizers"],
  ["managedFields", "managedFields"],
];

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== "" && value !== 0;
}
