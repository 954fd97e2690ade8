import type { DiscoveredGroup, DiscoveredVersion } from "./groups.ts";

/** `apidiscovery.k8s.io` in version `v2` or `v2beta1`: everything of many groups in one answer. */
export function groupDiscoveryList(groups: readonly DiscoveredGroup[], version: "v2" | "v2beta1"): object {
  const items = groups.map(({ name, versions }) => ({
    metadata: { name, creationTimestamp: null },
    versions: versions.map((each) => versionOf(name, each)),
  }));
  return { kind: "APIGroupDiscoveryList", apiVersion: `apidiscovery.k8s.io/${version}`, metadata: {}, items };
}

function versionOf(group: string, found: DiscoveredVersion): object {
  const { version, remote } = found;
  if (remote === undefined) return { version, resources: resourcesOf(group, found), freshness: "Current" };
  return { version, ...(remote.resources.length > 0 && { resources: remote.resources }), freshness: remote.freshness };
}

function resourcesOf(group: string, { version, resources }: DiscoveredVersion): object[] {
  return resources.map(({ definition, version: served }) => {
    const { resource, singular, isNamespaced, kind, verbs, shortNames, categories } = definition;
    const subresources = served.subresources.map((subresource) => ({
      subresource: subresource.name,
      responseKind: subresource.kind,
      verbs: subresource.verbs,
    }));
    return {
      resource,
      responseKind: { group, version, kind },
      scope: isNamespaced ? "Namespaced" : "Cluster",
      singularResource: singular,
      verbs,
      ...(shortNames.length > 0 && { shortNames }),
      ...(categories.length > 0 && { categories }),
      ...(subresources.length > 0 && { subresources }),
    };
  });
}
