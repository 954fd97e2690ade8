import { createHash } from "node:crypto";
import type { ResourceDefinition } from "@coracle/apimachinery";

/**
 * What says in which version a resource is stored, by storage path: clients that migrate objects look whether it changed. Where two groups
 * name the same objects, the first is their home. Upstream hashes the same text, so the values are equal as long as the versions are.
 */
export function storageVersionHashes(resources: readonly ResourceDefinition[]): ReadonlyMap<string, string> {
  const hashes = new Map<string, string>();
  for (const { group, kind, storagePath, versions, isCustom } of resources) {
    const stored = versions.find(({ isStorage }) => isStorage);
    if (storagePath === "" || hashes.has(storagePath) || stored === undefined) continue;
    // Upstream does not tell of custom resources whose stored version nobody serves.
    if (isCustom && !stored.isServed) continue;
    hashes.set(storagePath, storageVersionHash(group, stored.version, kind));
  }
  return hashes;
}

function storageVersionHash(group: string, version: string, kind: string): string {
  return createHash("sha256").update(`${group}/${version}/${kind}`).digest().subarray(0, 8).toString("base64");
}
