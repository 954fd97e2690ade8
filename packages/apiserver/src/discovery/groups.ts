import { compareVersions, type ResourceDefinition, type ResourceVersionDefinition } from "@coracle/apimachinery";

/** The resources of one group in one version. */
export interface DiscoveredVersion {
  readonly version: string;
  readonly resources: readonly { readonly definition: ResourceDefinition; readonly version: ResourceVersionDefinition }[];
}

export interface DiscoveredGroup {
  /** Empty for the core group. */
  readonly name: string;
  /** The preferred first. */
  readonly versions: readonly DiscoveredVersion[];
}

/** Sorts resources into groups and versions; groups in `groupOrder`, then by name. */
export function groupResources(resources: readonly ResourceDefinition[], groupOrder: readonly string[]): DiscoveredGroup[] {
  const groups = new Map<string, Map<string, DiscoveredVersion["resources"][number][]>>();
  for (const definition of resources) {
    for (const version of definition.versions) {
      if (!version.isServed) continue;
      const versions = getOrMake(groups, definition.group, () => new Map());
      getOrMake(versions, version.version, () => []).push({ definition, version });
    }
  }
  const rank = new Map(groupOrder.map((name, index) => [name, index]));
  const rankOf = (name: string): number => (name === "" ? -1 : (rank.get(name) ?? groupOrder.length));
  return [...groups]
    .sort(([left], [right]) => rankOf(left) - rankOf(right) || (left < right ? -1 : 1))
    .map(([name, versions]) => ({
      name,
      versions: [...versions]
        .sort(([left], [right]) => compareVersions(left, right))
        .map(([version, found]) => ({ version, resources: found.sort(byResource) })),
    }));
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
