import type { Pod, Volume } from "@coracle/api";

interface Named {
  readonly name?: string | undefined;
}

/** Names of the secrets that a pod refers to, in any way. */
export function secretsOf({ spec }: Readonly<Pod>): string[] {
  const names = [
    ...(spec?.imagePullSecrets ?? []).map(nameOf),
    ...containersOf(spec).flatMap(({ env = [], envFrom = [] }) => [
      ...env.map(({ valueFrom }) => nameOf(valueFrom?.secretKeyRef)),
      ...envFrom.map(({ secretRef }) => nameOf(secretRef)),
    ]),
    ...(spec?.volumes ?? []).flatMap(secretsOfVolume),
  ];
  return names.filter((name) => name !== "");
}

function secretsOfVolume(volume: Volume): string[] {
  const holders = [volume.cephfs, volume.cinder, volume.flexVolume, volume.rbd, volume.scaleIO, volume.iscsi, volume.storageos];
  return [
    volume.secret?.secretName ?? "",
    volume.azureFile?.secretName ?? "",
    nameOf(volume.csi?.nodePublishSecretRef),
    ...holders.map((holder) => nameOf(holder?.secretRef)),
    ...(volume.projected?.sources ?? []).map(({ secret }) => nameOf(secret)),
  ];
}

/** Whether a pod refers to some config map. */
export function hasConfigMaps({ spec }: Readonly<Pod>): boolean {
  const names = [
    ...containersOf(spec).flatMap(({ env = [], envFrom = [] }) => [
      ...env.map(({ valueFrom }) => nameOf(valueFrom?.configMapKeyRef)),
      ...envFrom.map(({ configMapRef }) => nameOf(configMapRef)),
    ]),
    ...(spec?.volumes ?? []).flatMap(({ configMap, projected }) => [
      nameOf(configMap),
      ...(projected?.sources ?? []).map((source) => nameOf(source.configMap)),
    ]),
  ];
  return names.some((name) => name !== "");
}

/** Whether some volume of a pod has a service account's token. */
export function hasTokenVolume({ spec }: Readonly<Pod>): boolean {
  return (spec?.volumes ?? []).some(({ projected }) => (projected?.sources ?? []).some(({ serviceAccountToken }) => serviceAccountToken));
}

function nameOf(reference: Named | null | undefined): string {
  return reference?.name ?? "";
}

function containersOf(spec: Pod["spec"]): Pick<NonNullable<Pod["spec"]>["containers"][number], "env" | "envFrom">[] {
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? []), ...(spec?.ephemeralContainers ?? [])];
}

/** What of the API a pod needs, in upstream's words; undefined for pods that need nothing, as those from files must. */
export function apiReference(pod: Readonly<Pod>): string | undefined {
  const { spec } = pod;
  if ((spec?.serviceAccountName ?? "") !== "") return "serviceaccounts";
  if (secretsOf(pod).length > 0) return "secrets";
  if (hasConfigMaps(pod)) return "configmaps";
  if ((spec?.resourceClaims ?? []).length > 0) return "resourceclaims";
  for (const volume of spec?.volumes ?? []) {
    const reference = volumeReference(volume);
    if (reference !== undefined) return reference;
  }
  return undefined;
}

const referringSources: readonly (readonly [keyof Volume, string])[] = [
  ["configMap", "configmaps (via configmap volumes)"],
  ["secret", "secrets (via secret volumes)"],
  ["csi", "csidrivers (via CSI volumes)"],
  ["glusterfs", "endpoints (via glusterFS volumes)"],
  ["persistentVolumeClaim", "persistentvolumeclaims"],
  ["ephemeral", "persistentvolumeclaims (via ephemeral volumes)"],
  ["azureFile", "secrets (via azureFile volumes)"],
];

function volumeReference(volume: Volume): string | undefined {
  const source = referringSources.find(([field]) => volume[field]);
  if (source !== undefined) return source[1];
  for (const projected of volume.projected?.sources ?? []) {
    if (projected.configMap) return "configmaps (via projected volumes)";
    if (projected.secret) return "secrets (via projected volumes)";
    if (projected.serviceAccountToken) return "serviceaccounts (via projected volumes)";
    if (projected.clusterTrustBundle) return "clustertrustbundles";
    if (projected.podCertificate) return "podcertificates";
  }
  return undefined;
}
