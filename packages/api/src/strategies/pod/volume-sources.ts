import type {
  ConfigMapVolumeSource,
  CSIVolumeSource,
  EphemeralVolumeSource,
  GitRepoVolumeSource,
  ImageVolumeSource,
  SecretVolumeSource,
  Volume,
} from "../../generated/types.ts";
import { enumOf } from "../shared/enums.ts";
import { validateClaimTemplate } from "../storage/claim-spec.ts";
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
  validateIscsi,
  validateNfs,
  validateQuobyte,
  validateStorageOs,
} from "../storage/volume-kinds.ts";
import type { PodContext } from "./context.ts";
import { validateDescendingPath, validateFileMode } from "./file-paths.ts";
import { validateDownwardApiVolume, validateKeyToPath, validateProjected } from "./projected-volumes.ts";

export type SourceName = Exclude<keyof Volume, "name">;
type Source<K extends SourceName> = NonNullable<Volume[K]>;
type Rule<K extends SourceName> = (source: Readonly<Source<K>>, at: string, pod: PodContext) => void;

const pullPolicies = enumOf("core/v1.PullPolicy");

const needing =
  <K extends SourceName>(...names: (keyof Source<K> & string)[]): Rule<K> =>
  (source, at, { out }) =>
    requireNamed(source, names, at, out);

/** In the order in which upstream looks at them. */
const rules: { readonly [K in SourceName]-?: Rule<K> } = {
  emptyDir({ sizeLimit }, at, { out }) {
    if (sizeLimit?.startsWith("-") === true) out.forbidden(`${at}.sizeLimit`, "SizeLimit field must be a valid resource quantity");
  },
  hostPath: (source, at, { out }) => validateHostPath(source, at, out),
  gitRepo: validateGitRepo,
  gcePersistentDisk: (source, at, { out }) => validateGceDisk(source, at, out),
  awsElasticBlockStore: (source, at, { out }) => validateAwsDisk(source, at, out),
  secret: validateSecret,
  nfs: (source, at, { out }) => validateNfs(source, at, out),
  iscsi: (source, at, { out }) => validateIscsi(source, at, out),
  glusterfs: needing<"glusterfs">("endpoints", "path"),
  flocker: (source, at, { out }) => validateFlocker(source, at, out),
  persistentVolumeClaim: needing<"persistentVolumeClaim">("claimName"),
  rbd: needing<"rbd">("monitors", "image"),
  cinder(source, at, { out }) {
    requireNamed(source, ["volumeID"], at, out);
    if (source.secretRef !== undefined) out.present(source.secretRef.name, `${at}.secretRef.name`);
  },
  cephfs: needing<"cephfs">("monitors"),
  quobyte: (source, at, { out }) => validateQuobyte(source, at, out),
  downwardAPI: validateDownwardApiVolume,
  fc: (source, at, { out }) => validateFibreChannel(source, at, out),
  flexVolume: (source, at, { out }) => validateFlexVolume(source, at, out),
  configMap: validateConfigMap,
  azureFile: needing<"azureFile">("secretName", "shareName"),
  vsphereVolume: needing<"vsphereVolume">("volumePath"),
  photonPersistentDisk: needing<"photonPersistentDisk">("pdID"),
  portworxVolume: needing<"portworxVolume">("volumeID"),
  azureDisk: (source, at, { out }) => validateAzureDisk(source, at, out),
  storageos(source, at, { out }) {
    validateStorageOs(source, at, out);
    if (source.secretRef !== undefined) out.present(source.secretRef.name, `${at}.secretRef.name`);
  },
  projected: validateProjected,
  scaleIO: needing<"scaleIO">("gateway", "system", "volumeName"),
  csi: validateCsi,
  ephemeral: validateEphemeral,
  image: validateImage,
};

export const sourceNames = Object.keys(rules) as readonly SourceName[];

/** Judges one source of a volume that stands at `at`. */
export function validateSource(name: SourceName, volume: Readonly<Volume>, at: string, pod: PodContext): void {
  const rule = rules[name] as ((source: unknown, at: string, pod: PodContext) => void) | undefined;
  // One name differs in upstream.
  rule?.(volume[name], `${at}.${name === "gcePersistentDisk" ? "persistentDisk" : name}`, pod);
  const { iscsi } = volume;
  if (name === "iscsi" && iscsi?.initiatorName !== undefined && `${volume.name}:${iscsi.targetPortal}`.length > 64)
    pod.out.invalid(
      `${at}.name`,
      volume.name,
      "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.",
    );
}

function validateGitRepo(source: Readonly<GitRepoVolumeSource>, at: string, { out }: PodContext): void {
  requireNamed(source, ["repository"], at, out);
  validateDescendingPath(source.directory ?? "", `${at}.directory`, out);
}

function validateSecret(source: Readonly<SecretVolumeSource>, at: string, { out }: PodContext): void {
  out.present(source.secretName, `${at}.secretName`);
  validateFileMode(source.defaultMode, `${at}.defaultMode`, out);
  for (const [index, item] of (source.items ?? []).entries()) validateKeyToPath(item, `${at}.items[${index}]`, out);
}

function validateConfigMap(source: Readonly<ConfigMapVolumeSource>, at: string, { out }: PodContext): void {
  out.present(source.name, `${at}.name`);
  validateFileMode(source.defaultMode, `${at}.defaultMode`, out);
  for (const [index, item] of (source.items ?? []).entries()) validateKeyToPath(item, `${at}.items[${index}]`, out);
}

function validateCsi(source: Readonly<CSIVolumeSource>, at: string, { out }: PodContext): void {
  validateCsiDriverName(source.driver, `${at}.driver`, out);
  const name = source.nodePublishSecretRef?.name;
  if (source.nodePublishSecretRef !== undefined && out.present(name, `${at}.nodePublishSecretRef.name`))
    out.subdomain(name ?? "", `${at}.name`);
}

function validateEphemeral(source: Readonly<EphemeralVolumeSource>, at: string, { out }: PodContext): void {
  if (source.volumeClaimTemplate === undefined) out.required(`${at}.volumeClaimTemplate`);
  else validateClaimTemplate(source.volumeClaimTemplate, `${at}.volumeClaimTemplate`, out);
}

function validateImage(source: Readonly<ImageVolumeSource>, at: string, { out, isPod }: PodContext): void {
  if (isPod) out.present(source.reference, `${at}.reference`);
  out.requiredOneOf(source.pullPolicy, pullPolicies, `${at}.pullPolicy`);
}
