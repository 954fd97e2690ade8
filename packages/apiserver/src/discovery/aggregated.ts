import type { DiscoveredGroup, DiscoveredVersion } from "./groups.ts";

/** `apidiscovery.k8s.io` in version `v2` or `v2beta1`: everything of many groups in one answer. */
export function groupDiscoveryList(groups: readonly DiscoveredGroup[], version: "v2" | "v2beta1"): object {
  const items = groups.map(({ name, versions }) => ({
    metadata: { name, creationTimestamp: null },
    versions: versions.map((each) => ({ version: each.version, resources: resourcesOf(name, each), freshness: "Current" })),
  }));
  return { kind: "APIGroupDiscoveryList", apiVersion: `apidiscovery.k8s.io/${version}`, metadata: {}, items };
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
