import { quoteText } from "@coracle/apimachinery";
import type { DownwardAPIVolumeFile, KeyToPath, Volume, VolumeProjection } from "../../generated/types.ts";

interface VirtualFile {
  readonly path: string;
  /** What it comes from; empty when the volume has one source only. */
  readonly source: string;
}

/** Files of one volume that hide one another. */
export function overlapWarnings(volumes: readonly Volume[]): string[] {
  const warnings: string[] = [];
  for (const { name, configMap, secret, downwardAPI, projected } of volumes) {
    const warn = (kind: string, files: readonly VirtualFile[]): void => {
      for (const text of overlapsOf(files)) warnings.push(`volume ${quoteText(name)} (${kind}): overlapping paths: ${text}`);
    };
    if (configMap?.items !== undefined) warn(`ConfigMap ${quoteText(configMap.name ?? "")}`, filesOf(configMap.items));
    if (secret?.items !== undefined) warn(`Secret ${quoteText(secret.secretName ?? "")}`, filesOf(secret.items));
    if (downwardAPI?.items !== undefined) warn("DownwardAPI", filesOf(downwardAPI.items));
    if (projected?.sources === undefined) continue;
    for (const source of projected.sources)
      if (Object.keys(source).length === 0) warnings.push(`volume ${quoteText(name)} (Projected) has no sources provided`);
    warn("Projected", projected.sources.flatMap(projectedFiles));
  }
  return warnings;
}

function filesOf(items: readonly (KeyToPath | DownwardAPIVolumeFile)[] | undefined, source = ""): VirtualFile[] {
  return (items ?? []).map(({ path }) => ({ path, source }));
}

function projectedFiles(part: Readonly<VolumeProjection>): VirtualFile[] {
  const { configMap, secret, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate } = part;
  if (configMap?.items !== undefined) return filesOf(configMap.items, `ConfigMap ${quoteText(configMap.name ?? "")}`);
  if (secret?.items !== undefined) return filesOf(secret.items, `Secret ${quoteText(secret.name ?? "")}`);
  if (downwardAPI?.items !== undefined) return filesOf(downwardAPI.items, "DownwardAPI");
  if (serviceAccountToken !== undefined) return [{ path: serviceAccountToken.path, source: "ServiceAccountToken" }];
  if (clusterTrustBundle !== undefined) {
    const name = clusterTrustBundle.name ?? clusterTrustBundle.signerName ?? "";
    return [{ path: clusterTrustBundle.path, source: `ClusterTrustBundle ${quoteText(name)}` }];
  }
  return [
    { path: podCertificate?.certificateChainPath ?? "", source: "PodCertificate chain" },
    { path: podCertificate?.keyPath ?? "", source: "PodCertificate key" },
    { path: podCertificate?.credentialBundlePath ?? "", source: "PodCertificate credential bundle" },
  ].filter(({ path }) => path !== "");
}

function overlapsOf(files: readonly VirtualFile[]): string[] {
  const texts: string[] = [];
  const seen: VirtualFile[] = [];
  for (const { path, source } of files) {
    const file = { path: (path ?? "").replace(/\/+$/, ""), source };
    for (const other of seen) if (isOverlapping(file.path, other.path)) texts.push(`${describe(file)} with ${describe(other)}`);
    seen.push(file);
  }
  return texts;
}

function isOverlapping(path: string, other: string): boolean {
  if (path === "" || other === "") return false;
  return `${other}/`.startsWith(`${path}/`) || `${path}/`.startsWith(`${other}/`);
}

function describe({ path, source }: VirtualFile): string {
  return source === "" ? quoteText(path) : `${quoteText(path)} (${source})`;
}
