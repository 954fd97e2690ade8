import { dnsSubdomainErrors, supportedValues, type Findings } from "@coracle/apimachinery";
import type {
  AWSElasticBlockStoreVolumeSource,
  AzureDiskVolumeSource,
  FCVolumeSource,
  FlexPersistentVolumeSource,
  FlexVolumeSource,
  FlockerVolumeSource,
  GCEPersistentDiskVolumeSource,
  HostPathVolumeSource,
  ISCSIPersistentVolumeSource,
  ISCSIVolumeSource,
  NFSVolumeSource,
  QuobyteVolumeSource,
  StorageOSPersistentVolumeSource,
  StorageOSVolumeSource,
} from "../../generated/types.ts";
import { validateNoBacksteps } from "../pod/file-paths.ts";
import { enumOf } from "../shared/enums.ts";

/** The kinds of volumes that pods and PersistentVolumes have in common. */

const hostPathTypes = enumOf("core/v1.HostPathType");
const cachingModes = enumOf("core/v1.AzureDataDiskCachingMode");
const diskKinds = enumOf("core/v1.AzureDataDiskKind");
const managedDisks = supportedValues("/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}");
const blobDisks = supportedValues("https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd");
const driverLimitBytes = 63;

/** Fields that may not be empty, whatever their type. */
export function requireNamed<T extends object>(source: Readonly<T>, names: readonly (keyof T & string)[], at: string, out: Findings): void {
  for (const name of names) {
    const value = source[name];
    if (!value || (Array.isArray(value) && value.length === 0)) out.required(`${at}.${name}`);
  }
}

export function validateHostPath(source: Readonly<HostPathVolumeSource>, at: string, out: Findings): void {
  if (!out.present(source.path, `${at}.path`)) return;
  validateNoBacksteps(source.path, `${at}.path`, out);
  out.optionalOneOf(source.type, hostPathTypes, `${at}.type`);
}

export function validateGceDisk(source: Readonly<GCEPersistentDiskVolumeSource>, at: string, out: Findings): void {
  requireNamed(source, ["pdName"], at, out);
  validatePartition(source.partition, `${at}.partition`, out);
}

export function validateAwsDisk(source: Readonly<AWSElasticBlockStoreVolumeSource>, at: string, out: Findings): void {
  requireNamed(source, ["volumeID"], at, out);
  validatePartition(source.partition, `${at}.partition`, out);
}

/** Zero is the whole disk, though the message does not say so. */
function validatePartition(partition: number | undefined, at: string, out: Findings): void {
  if (partition !== undefined && (partition < 0 || partition > 255)) out.invalid(at, partition, "must be between 1 and 255, inclusive");
}

export function validateNfs(source: Readonly<NFSVolumeSource>, at: string, out: Findings): void {
  requireNamed(source, ["server", "path"], at, out);
  if (!(source.path ?? "").startsWith("/")) out.invalid(`${at}.path`, source.path ?? "", "must be an absolute path");
}

const starting = /^(?:iqn|eui|naa)/;
const iqnShape = /iqn\.\d{4}-\d{2}\.([a-zA-Z0-9.-]+)(:[^,;*&$|\s]+)$/;
const euiShape = /^eui.[a-zA-Z0-9]{16}$/;
const naaShape = /^naa.[a-zA-Z0-9]{32}$/;

export function validateIscsi(source: Readonly<ISCSIVolumeSource>, at: string, out: Findings): void {
  validateIscsiTarget(source, at, "must be valid format starting with iqn, eui, or naa", out);
}

/** A PersistentVolume's; `volumeName` is part of what the node logs in with. */
export function validatePersistentIscsi(
  source: Readonly<ISCSIPersistentVolumeSource>,
  at: string,
  { volumeName, out }: { readonly volumeName: string; readonly out: Findings },
): void {
  if (source.initiatorName !== undefined && `${volumeName}:${source.targetPortal}`.length > 64)
    out.invalid(
      `${at}.targetportal`,
      source.targetPortal,
      "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.",
    );
  validateIscsiTarget(source, at, "must be valid format", out);
  if (source.secretRef !== undefined) out.present(source.secretRef.name, `${at}.secretRef.name`);
}

function validateIscsiTarget(
  source: Readonly<ISCSIVolumeSource | ISCSIPersistentVolumeSource>,
  at: string,
  startText: string,
  out: Findings,
): void {
  out.present(source.targetPortal, `${at}.targetPortal`);
  if (out.present(source.iqn, `${at}.iqn`)) validateIscsiName(source.iqn, `${at}.iqn`, startText, out);
  const { lun = 0 } = source;
  out.inRange(lun, [0, 255], `${at}.lun`);
  if ((source.chapAuthDiscovery === true || source.chapAuthSession === true) && source.secretRef === undefined)
    out.required(`${at}.secretRef`);
  if (source.initiatorName !== undefined) validateIscsiName(source.initiatorName, `${at}.initiatorname`, startText, out);
}

function validateIscsiName(name: string, at: string, startText: string, out: Findings): void {
  if (!starting.test(name)) return out.invalid(at, name, startText);
  const shape = name.startsWith("iqn") ? iqnShape : name.startsWith("eui") ? euiShape : naaShape;
  if (!shape.test(name)) out.invalid(at, name, "must be valid format");
}

export function validateFibreChannel(source: Readonly<FCVolumeSource>, at: string, out: Findings): void {
  const { targetWWNs = [], wwids = [], lun } = source;
  if (targetWWNs.length + wwids.length === 0) out.required(`${at}.targetWWNs`, "must specify either targetWWNs or wwids, but not both");
  if (targetWWNs.length === 0) return;
  if (wwids.length > 0) out.invalid(`${at}.targetWWNs`, targetWWNs, "targetWWNs and wwids can not be specified simultaneously");
  if (lun === undefined) out.required(`${at}.lun`, "lun is required if targetWWNs is specified");
  else out.inRange(lun, [0, 255], `${at}.lun`);
}

const hostPort = /^(?:\[[^[\]]*\]|[^[\]:]*):[^[\]:]*$/;
const registryText = "must be a host:port pair or multiple pairs separated by commas";

export function validateQuobyte(source: Readonly<QuobyteVolumeSource>, at: string, out: Findings): void {
  const { registry = "", tenant = "" } = source;
  if (registry === "") out.required(`${at}.registry`, registryText);
  else if (tenant.length >= 65) out.required(`${at}.tenant`, "must be a UUID and may not exceed a length of 64 characters");
  else for (const pair of registry.split(",")) if (!hostPort.test(pair)) out.invalid(`${at}.registry`, registry, registryText);
  out.present(source.volume, `${at}.volume`);
}

export function validateFlocker({ datasetName = "", datasetUUID = "" }: Readonly<FlockerVolumeSource>, at: string, out: Findings): void {
  if (datasetName === "" && datasetUUID === "") out.required(at, "one of datasetName and datasetUUID is required");
  if (datasetName !== "" && datasetUUID !== "")
    out.invalid(at, "resource", "datasetName and datasetUUID can not be specified simultaneously");
  if (datasetName.includes("/")) out.invalid(`${at}.datasetName`, datasetName, "must not contain '/'");
}

export function validateFlexVolume(source: Readonly<FlexVolumeSource | FlexPersistentVolumeSource>, at: string, out: Findings): void {
  out.present(source.driver, `${at}.driver`);
  for (const key of Object.keys(source.options ?? {})) {
    const namespace = `.${(key.split("/", 1)[0] as string).toLowerCase()}`;
    if (namespace.endsWith(".kubernetes.io") || namespace.endsWith(".k8s.io"))
      out.invalid(`${at}.options[${key}]`, key, "kubernetes.io and k8s.io namespaces are reserved");
  }
}

export function validateAzureDisk(source: Readonly<AzureDiskVolumeSource>, at: string, out: Findings): void {
  requireNamed(source, ["diskName", "diskURI"], at, out);
  out.optionalOneOf(source.cachingMode, cachingModes, `${at}.cachingMode`);
  out.optionalOneOf(source.kind, diskKinds, `${at}.kind`);
  if (source.kind === undefined) return;
  const { diskURI = "" } = source;
  const isManaged = source.kind === "Managed";
  if (isManaged && !diskURI.startsWith("/subscriptions/")) out.unsupported(`${at}.diskURI`, diskURI, managedDisks.values);
  if (!isManaged && !diskURI.startsWith("https://")) out.unsupported(`${at}.diskURI`, diskURI, blobDisks.values);
}

export function validateStorageOs(
  source: Readonly<StorageOSVolumeSource | StorageOSPersistentVolumeSource>,
  at: string,
  out: Findings,
): void {
  const { volumeName = "", volumeNamespace = "" } = source;
  if (out.present(volumeName, `${at}.volumeName`)) out.label(volumeName, `${at}.volumeName`);
  if (volumeNamespace !== "") out.label(volumeNamespace, `${at}.volumeNamespace`);
}

/** The name of a CSI driver: a DNS subdomain in any case. */
export function validateCsiDriverName(name: string | undefined, at: string, out: Findings): void {
  if (!out.present(name, at) || name === undefined) return;
  if (name.length > driverLimitBytes) out.tooLong(at, driverLimitBytes);
  out.messages(at, name, dnsSubdomainErrors(name.toLowerCase()));
}
