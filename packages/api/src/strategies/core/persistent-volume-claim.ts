import {
  compareQuantities,
  Findings,
  parseQuantity,
  qualifiedNameErrors,
  semanticEqual,
  zeroQuantity,
  type Quantity,
} from "@coracle/apimachinery";
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from "../../generated/types.ts";
import { strategyOf } from "../hooks.ts";
import { describeDifference } from "../shared/unified-diff.ts";
import { isNativeResource, validateResourceAmount } from "../shared/resource-names.ts";
import { validateClaimSpec } from "../storage/claim-spec.ts";
import { claimSpecWarnings } from "../storage/claim-warnings.ts";

const noSpec: PersistentVolumeClaimSpec = {};
const classAnnotation = "volume.beta.kubernetes.io/storage-class";
const resizeStatuses = [
  "ControllerResizeInProgress",
  "ControllerResizeInfeasible",
  "NodeResizePending",
  "NodeResizeInProgress",
  "NodeResizeInfeasible",
].sort();

export const persistentVolumeClaims = strategyOf<PersistentVolumeClaim>({
  hasGeneration: false,
  defaults({ spec }) {
    if (spec !== undefined) spec.volumeMode ??= "Filesystem";
  },
  prepareCreate(claim) {
    claim.status = { phase: "Pending" };
    if (claim.spec !== undefined) alignSources(claim.spec);
  },
  prepareUpdate(claim, _old, { subresource }) {
    if (subresource === "" && claim.spec !== undefined) alignSources(claim.spec);
  },
  validate({ spec = noSpec }, out, old) {
    const { spec: before = noSpec } = old ?? {};
    const found = new Findings();
    found.labelSelector(before.selector, "");
    const badSourceGroups = before.dataSource?.apiGroup !== undefined || before.dataSourceRef?.apiGroup !== undefined;
    validateClaimSpec(spec, "spec", out, { badSourceGroups, badSelector: found.errors.length > 0 });
  },
  validateUpdate,
  subresources: { status: validateStatus },
  warnings({ metadata, spec = noSpec }) {
    const warnings = claimSpecWarnings(spec, "spec");
    if (metadata.annotations?.[classAnnotation] !== undefined)
      warnings.unshift(`metadata.annotations[${classAnnotation}]: deprecated since v1.8; use "storageClassName" attribute instead`);
    return warnings;
  },
});

/** Two names for one source: the newer one also knows namespaces, and other kinds than claims and snapshots (KEP-1495). */
function alignSources(spec: PersistentVolumeClaimSpec): void {
  if (spec.dataSource?.apiGroup === "") delete spec.dataSource.apiGroup;
  if (spec.dataSourceRef?.apiGroup === "") delete spec.dataSourceRef.apiGroup;
  if (spec.dataSourceRef === undefined && spec.dataSource !== undefined) {
    const { apiGroup, kind } = spec.dataSource;
    const isKnown = kind === "PersistentVolumeClaim" ? !apiGroup : kind === "VolumeSnapshot" && apiGroup === "snapshot.storage.k8s.io";
    if (isKnown) spec.dataSourceRef = { ...spec.dataSource };
    // The older field was ignored where it named anything else.
    else delete spec.dataSource;
  } else if (spec.dataSource === undefined && spec.dataSourceRef !== undefined && !spec.dataSourceRef.namespace) {
    const { namespace: _namespace, ...source } = spec.dataSourceRef;
    spec.dataSource = source;
  }
}

function validateUpdate(claim: Readonly<PersistentVolumeClaim>, old: Readonly<PersistentVolumeClaim>, out: Findings): void {
  const { spec = noSpec, status = {} } = claim;
  const { spec: before = noSpec } = old;
  const rest: PersistentVolumeClaimSpec = { ...spec };
  const expected: PersistentVolumeClaimSpec = { ...before };
  if (!before.volumeName && spec.volumeName !== undefined) expected.volumeName = spec.volumeName;
  if (before.storageClassName === undefined && spec.storageClassName !== undefined && mayGetClass(claim, old)) delete rest.storageClassName;
  const size = before.resources?.requests?.["storage"];
  if (status.phase === "Bound") {
    if (rest.resources?.requests !== undefined && size !== undefined)
      rest.resources = { ...rest.resources, requests: { ...rest.resources.requests, storage: size } };
    if (before.volumeAttributesClassName === undefined) delete rest.volumeAttributesClassName;
    else rest.volumeAttributesClassName = before.volumeAttributesClassName;
  }
  if (!semanticEqual(rest, expected)) {
    const text = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
    out.forbidden("spec", `${text}\n${describeDifference("core/v1.PersistentVolumeClaimSpec", expected, rest)}`);
  }
  validateShrinking(spec, before, claim, out);
  out.immutable(spec.volumeMode, before.volumeMode, "volumeMode");
  const at = "spec.volumeAttributesClassName";
  if (spec.volumeAttributesClassName === before.volumeAttributesClassName || status.currentVolumeAttributesClassName === undefined) return;
  if (spec.volumeAttributesClassName === undefined)
    out.forbidden(at, "update to nil is forbidden when status.currentVolumeAttributesClassName is not nil");
  else if (spec.volumeAttributesClassName === "")
    out.forbidden(at, "update to empty string is forbidden when status.currentVolumeAttributesClassName is not nil");
}

/** A claim without a class may get one later (KEP-3333); one with the old annotation only that one. */
function mayGetClass({ spec }: Readonly<PersistentVolumeClaim>, old: Readonly<PersistentVolumeClaim>): boolean {
  const annotation = old.metadata.annotations?.[classAnnotation];
  return annotation === undefined || annotation === spec?.storageClassName;
}

/** Back to a smaller size, but not below what is there, when growing has failed (KEP-1790). */
function validateShrinking(
  spec: Readonly<PersistentVolumeClaimSpec>,
  old: Readonly<PersistentVolumeClaimSpec>,
  { status }: Readonly<PersistentVolumeClaim>,
  out: Findings,
): void {
  const amount = (text: string | undefined): Quantity => (text === undefined ? zeroQuantity : parseQuantity(text));
  const [after, before] = [amount(spec.resources?.requests?.["storage"]), amount(old.resources?.requests?.["storage"])];
  if (compareQuantities(after, before) < 0 && compareQuantities(after, amount(status?.capacity?.["storage"])) <= 0)
    out.forbidden("spec.resources.requests.storage", "field can not be less than status.capacity");
}

function validateStatus({ spec = noSpec, status = {} }: Readonly<PersistentVolumeClaim>, _old: unknown, out: Findings): void {
  if ((spec.accessModes ?? []).length === 0) out.required("Spec.accessModes");
  for (const [name, amount] of Object.entries(status.capacity ?? {})) validateAmount(amount, `status.capacity[${name}]`, out);
  const states = "status.allocatedResourceStatuses";
  for (const [name, state] of Object.entries(status.allocatedResourceStatuses ?? {})) {
    validateKey(name, states, out);
    // Upstream shows the name.
    if (!resizeStatuses.includes(state)) out.unsupported(states, name, resizeStatuses);
  }
  for (const [name, amount] of Object.entries(status.allocatedResources ?? {}))
    if (validateKey(name, "status.allocatedResources", out))
      validateResourceAmount("storage", amount, `status.allocatedResources[${name}]`, out);
}

function validateAmount(amount: string, at: string, out: Findings): void {
  const quantity = parseQuantity(amount);
  if (compareQuantities(quantity, zeroQuantity) < 0)
    out.invalid(at, Number(quantity.nanos / 1_000_000_000n), "must be a valid resource quantity");
}

function validateKey(name: string, at: string, out: Findings): boolean {
  const errors = qualifiedNameErrors(name);
  out.messages(at, name, errors);
  if (errors.length > 0) return false;
  if (!isNativeResource(name) || name === "storage") return true;
  out.unsupported(at, name, ["storage"]);
  return false;
}
