import {
  compareQuantities,
  dnsLabelErrors,
  dnsSubdomainErrors,
  parseQuantity,
  quantityValue,
  zeroQuantity,
  type Findings,
} from "@coracle/apimachinery";
import type {
  AzureFilePersistentVolumeSource,
  CSIPersistentVolumeSource,
  GlusterfsPersistentVolumeSource,
  PersistentVolumeSpec,
  SecretReference,
} from "../../generated/types.ts";
import { validateNoBacksteps } from "../pod/file-paths.ts";
import { enumOf } from "../shared/enums.ts";
import { goForm } from "../shared/go-form.ts";
import { validateNodeSelector, type MayKeepValues } from "../shared/node-selector.ts";
import { validateAccessModes, volumeModes } from "./claim-spec.ts";
import {
  requireNamed,
  validateAwsDisk,
  validateAzureDisk,
  validateCsiDriverName,
  validateFibreChannel,
  validateFlexVolume,
  validateFlocker,
  validateGceDisk,
  validateHostPath,
  validateNfs,
  validatePersistentIscsi,
  validateQuobyte,
  validateStorageOs,
} from "./volume-kinds.ts";

const reclaimPolicies = enumOf("core/v1.PersistentVolumeReclaimPolicy");

export interface VolumeCircumstances {
  readonly volumeName: string;
  /** As part of another object: only what a driver needs may be there. */
  readonly isInline?: boolean;
  readonly mayKeepSelector?: MayKeepValues;
}

export function validateVolumeSpec(
  spec: Readonly<PersistentVolumeSpec>,
  at: string,
  out: Findings,
  circumstances: VolumeCircumstances,
): void {
  const { isInline = false, mayKeepSelector } = circumstances;
  const forbid = (name: string): void => out.forbidden(`${at}.${name}`, "may not be specified in the context of inline volumes");
  if (isInline) {
    if (spec.claimRef !== undefined) forbid("claimRef");
    if (Object.keys(spec.capacity ?? {}).length > 0) forbid("capacity");
    if (spec.csi === undefined) out.required(`${at}.csi`, "has to be specified in the context of inline volumes");
  }
  if ((spec.accessModes ?? []).length === 0) out.required(`${at}.accessModes`);
  validateAccessModes(spec.accessModes ?? [], `${at}.accessModes`, out);
  if (!isInline) validateCapacity(spec.capacity ?? {}, `${at}.capacity`, out);
  validateReclaimPolicy(spec, at, isInline, out);
  if (spec.nodeAffinity !== undefined) {
    if (isInline) forbid("nodeAffinity");
    else if (spec.nodeAffinity.required === undefined)
      out.required(`${at}.nodeAffinity.required`, "must specify required node constraints");
    else validateNodeSelector(spec.nodeAffinity.required, `${at}.nodeAffinity.required`, out, mayKeepSelector);
  }
  validateSources(spec, at, out, circumstances.volumeName);
  if (spec.hostPath !== undefined && /^[/.]*$/.test(spec.hostPath.path) && spec.persistentVolumeReclaimPolicy === "Recycle")
    out.forbidden(`${at}.persistentVolumeReclaimPolicy`, "may not be 'recycle' for a hostPath mount of '/'");
  if (spec.storageClassName) {
    if (isInline) forbid("storageClassName");
    else out.messages(`${at}.storageClassName`, spec.storageClassName, dnsSubdomainErrors(spec.storageClassName));
  }
  if (spec.volumeMode !== undefined) {
    if (!isInline) out.oneOf(spec.volumeMode, volumeModes, `${at}.volumeMode`);
    else if (spec.volumeMode !== "Filesystem")
      out.forbidden(`${at}.volumeMode`, "may not specify volumeMode other than Filesystem in the context of inline volumes");
  }
  validateAttributesClass(spec, at, isInline, out);
}

function validateAttributesClass(spec: Readonly<PersistentVolumeSpec>, at: string, isInline: boolean, out: Findings): void {
  const here = `${at}.volumeAttributesClassName`;
  const { volumeAttributesClassName: name, csi } = spec;
  if (name === undefined) return;
  if (isInline) return out.forbidden(here, "may not be specified in the context of inline volumes");
  if (name === "") return out.required(here, "an empty string is disallowed");
  out.messages(here, name, dnsSubdomainErrors(name));
  if (csi === undefined) out.required(`${at}.csi`, "has to be specified when using volumeAttributesClassName");
}

function validateCapacity(capacity: Readonly<Record<string, string>>, at: string, out: Findings): void {
  const names = Object.keys(capacity);
  if (names.length === 0) out.required(at);
  if (capacity["storage"] === undefined || names.length > 1)
    out.unsupported(at, names.length === 0 ? null : goForm("{}quantity", capacity), ["storage"]);
  for (const name of names) {
    const quantity = parseQuantity(capacity[name] as string);
    if (compareQuantities(quantity, zeroQuantity) < 0)
      out.invalid(`${at}[${name}]`, quantityValue(quantity), "must be a valid resource quantity");
    if (compareQuantities(quantity, zeroQuantity) <= 0) out.invalid(`${at}[${name}]`, capacity[name], "must be greater than zero");
  }
}

function validateReclaimPolicy(
  { persistentVolumeReclaimPolicy: policy }: Readonly<PersistentVolumeSpec>,
  at: string,
  isInline: boolean,
  out: Findings,
): void {
  if (!policy) return;
  const here = `${at}.persistentVolumeReclaimPolicy`;
  if (!isInline) out.oneOf(policy, reclaimPolicies, here);
  else if (policy !== "Retain") out.forbidden(here, "may only be Retain in the context of inline volumes");
}

type SourceName =
  | "hostPath"
  | "gcePersistentDisk"
  | "awsElasticBlockStore"
  | "glusterfs"
  | "flocker"
  | "nfs"
  | "rbd"
  | "quobyte"
  | "cephfs"
  | "iscsi"
  | "cinder"
  | "fc"
  | "flexVolume"
  | "azureFile"
  | "vsphereVolume"
  | "photonPersistentDisk"
  | "portworxVolume"
  | "azureDisk"
  | "scaleIO"
  | "local"
  | "storageos"
  | "csi";
type Source<K extends SourceName> = NonNullable<PersistentVolumeSpec[K]>;
type Rule<K extends SourceName> = (source: Readonly<Source<K>>, at: string, out: Findings, volumeName: string) => void;

const needing =
  <K extends SourceName>(...names: (keyof Source<K> & string)[]): Rule<K> =>
  (source, at, out) =>
    requireNamed(source, names, at, out);

/** In the order in which upstream looks at them. */
const rules: { readonly [K in SourceName]: Rule<K> } = {
  hostPath: validateHostPath,
  gcePersistentDisk: validateGceDisk,
  awsElasticBlockStore: validateAwsDisk,
  glusterfs: validateGlusterfs,
  flocker: validateFlocker,
  nfs: validateNfs,
  rbd: needing<"rbd">("monitors", "image"),
  quobyte: validateQuobyte,
  cephfs: needing<"cephfs">("monitors"),
  iscsi: (source, at, out, volumeName) => validatePersistentIscsi(source, at, { volumeName, out }),
  cinder(source, at, out) {
    requireNamed(source, ["volumeID"], at, out);
    if (source.secretRef !== undefined) requireNamed(source.secretRef, ["name", "namespace"], `${at}.secretRef`, out);
  },
  fc: validateFibreChannel,
  flexVolume: validateFlexVolume,
  azureFile: validateAzureFile,
  vsphereVolume: needing<"vsphereVolume">("volumePath"),
  photonPersistentDisk: needing<"photonPersistentDisk">("pdID"),
  portworxVolume: needing<"portworxVolume">("volumeID"),
  azureDisk: validateAzureDisk,
  scaleIO: needing<"scaleIO">("gateway", "system", "volumeName"),
  local({ path = "" }, at, out) {
    out.present(path, `${at}.path`);
    validateNoBacksteps(path, `${at}.path`, out);
  },
  storageos(source, at, out) {
    validateStorageOs(source, at, out);
    if (source.secretRef !== undefined) {
      out.present(source.secretRef.name, `${at}.secretRef.name`);
      out.present(source.secretRef.namespace, `${at}.secretRef.namespace`);
    }
  },
  csi: validateCsi,
};

const sourceNames = Object.keys(rules) as readonly SourceName[];

/** What of a volume says where it is. */
export function sourceOf(spec: Readonly<PersistentVolumeSpec>): Pick<PersistentVolumeSpec, SourceName> {
  return Object.fromEntries(sourceNames.flatMap((name) => (spec[name] === undefined ? [] : [[name, spec[name]]])));
}

function validateSources(spec: Readonly<PersistentVolumeSpec>, at: string, out: Findings, volumeName: string): void {
  let count = 0;
  for (const name of sourceNames) {
    if (spec[name] === undefined) continue;
    // Upstream does not ask whether this one is surplus, and calls two by another name.
    if (count++ > 0 && name !== "flexVolume") {
      out.forbidden(`${at}.${name === "cephfs" ? "cephFS" : name}`, "may not specify more than 1 volume type");
      continue;
    }
    const rule = rules[name] as (source: unknown, at: string, out: Findings, volumeName: string) => void;
    rule(spec[name], `${at}.${name === "gcePersistentDisk" ? "persistentDisk" : name}`, out, volumeName);
    if (name === "local" && spec.nodeAffinity === undefined) out.required(`${at}.nodeAffinity`, "Local volume requires node affinity");
  }
  if (count === 0) out.required(at, "must specify a volume type");
}

function validateGlusterfs(source: Readonly<GlusterfsPersistentVolumeSource>, at: string, out: Findings): void {
  requireNamed(source, ["endpoints", "path"], at, out);
  const { endpointsNamespace: namespace } = source;
  if (namespace === "")
    out.invalid(`${at}.endpointsNamespace`, namespace, "if the endpointnamespace is set, it must be a valid namespace name");
  else if (namespace !== undefined) out.messages(`${at}.endpointsNamespace`, namespace, dnsLabelErrors(namespace));
}

function validateAzureFile(source: Readonly<AzureFilePersistentVolumeSource>, at: string, out: Findings): void {
  requireNamed(source, ["secretName", "shareName"], at, out);
  if (source.secretNamespace === "") out.required(`${at}.secretNamespace`);
}

function validateCsi(source: Readonly<CSIPersistentVolumeSource>, at: string, out: Findings): void {
  validateCsiDriverName(source.driver, `${at}.driver`, out);
  out.present(source.volumeHandle, `${at}.volumeHandle`);
  for (const name of ["controllerPublishSecretRef", "controllerExpandSecretRef", "nodePublishSecretRef", "nodeExpandSecretRef"] as const) {
    const reference = source[name];
    if (reference !== undefined) validateSecretReference(reference, `${at}.${name}`, out);
  }
}

function validateSecretReference({ name = "", namespace = "" }: Readonly<SecretReference>, at: string, out: Findings): void {
  if (out.present(name, `${at}.name`)) out.subdomain(name, `${at}.name`);
  if (out.present(namespace, `${at}.namespace`)) out.label(namespace, `${at}.namespace`);
}
