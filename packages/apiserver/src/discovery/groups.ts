import { compareVersions, type ResourceDefinition, type ResourceVersionDefinition } from "@coracle/apimachinery";
import type { Priority } from "../aggregator/priorities.ts";
import type { RemoteResources } from "../aggregator/remote-discovery.ts";
import { storageVersionHashes } from "./storage-version-hash.ts";

export interface DiscoveredResource {
  readonly definition: ResourceDefinition;
  readonly version: ResourceVersionDefinition;
  /** See {@link storageVersionHash}; undefined of what is not stored. */
  readonly hash: string | undefined;
}

/** The resources of one group in one version. */
export interface DiscoveredVersion {
  readonly version: string;
  /** None when another server serves the version. */
  readonly resources: readonly DiscoveredResource[];
  /** Present when another server serves the version. */
  readonly remote?: RemoteResources;
}

export interface DiscoveredGroup {
  /** Empty for the core group. */
  readonly name: string;
  /** The preferred first. */
  readonly versions: readonly DiscoveredVersion[];
}

/** What is served, by whomever. */
export interface ServedApis {
  readonly resources: readonly ResourceDefinition[];
  /** Of other servers; they go before our own. */
  readonly remotes: readonly { readonly group: string; readonly version: string; readonly resources: RemoteResources }[];
  /** More comes first. */
  priorityOf(group: string, version: string): Priority;
  /** Whether a version that we could serve is not offered. */
  isHidden(group: string, version: string): boolean;
}

/** Sorts what is served into groups and versions, in the order of their APIServices: groups by priority and name, versions likewise. */
export function groupApis(apis: ServedApis): DiscoveredGroup[] {
  const groups = new Map<string, Map<string, DiscoveredVersion>>();
  for (const { group, version, resources } of apis.remotes) {
    getOrMake(groups, group, () => new Map()).set(version, { version, resources: [], remote: resources });
  }
  for (const { group, version, resources } of localVersions(apis.resources)) {
    if (apis.isHidden(group, version)) continue;
    const versions = getOrMake(groups, group, () => new Map<string, DiscoveredVersion>());
    if (!versions.has(version)) versions.set(version, { version, resources });
  }
  const { priorityOf } = apis;
  return [...groups]
    .map(([name, versions]) => ({
      name,
      priority: Math.max(...[...versions.keys()].map((version) => priorityOf(name, version).group)),
      versions: [...versions.values()].sort(
        (left, right) =>
          priorityOf(name, right.version).version - priorityOf(name, left.version).version || compareVersions(left.version, right.version),
      ),
    }))
    .sort((left, right) => right.priority - left.priority || (left.name < right.name ? -1 : 1))
    .map(({ name, versions }) => ({ name, versions }));
}

interface LocalVersion {
  readonly group: string;
  readonly version: string;
  readonly resources: DiscoveredResource[];
}

function localVersions(resources: readonly ResourceDefinition[]): LocalVersion[] {
  const found = new Map<string, LocalVersion>();
  const hashes = storageVersionHashes(resources);
  for (const definition of resources) {
    for (const served of definition.versions) {
      if (!served.isServed) continue;
      const { group } = definition;
      const { version } = served;
      getOrMake(found, `${group}/${version}`, () => ({ group, version, resources: [] })).resources.push({
        definition,
        version: served,
        hash: hashes.get(definition.storagePath),
      });
    }
  }
  for (const each of found.values()) each.resources.sort(byResource);
  return [...found.values()];
}

function byResource(left: { definition: ResourceDefinition }, right: { definition: ResourceDefinition }): number {
  return left.definition.resource < right.definition.resource ? -1 : 1;
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
