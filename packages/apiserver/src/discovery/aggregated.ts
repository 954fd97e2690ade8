import type { GroupVersionKind, ResourceDefinition } from "@coracle/apimachinery";
import type { DiscoveredGroup, DiscoveredVersion } from "./groups.ts";

/** `apidiscovery.k8s.io` in version `v2` or `v2beta1`: everything of many groups in one answer. The core group has no name. */
export function groupDiscoveryList(groups: readonly DiscoveredGroup[], version: "v2" | "v2beta1"): object {
  const items = groups.map(({ name, versions }) => ({
    metadata: name === "" ? {} : { name },
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
      responseKind: kindIn(group, version, definition, subresource.kind),
      verbs: subresource.verbs,
    }));
    return {
      resource,
      responseKind: kindIn(group, version, definition, { group, version, kind }),
      scope: isNamespaced ? "Namespaced" : "Cluster",
      singularResource: singular,
      verbs,
      ...(shortNames.length > 0 && { shortNames }),
      ...(categories.length > 0 && { categories }),
      ...(subresources.length > 0 && { subresources }),
    };
  });
}

/** Upstream leaves the path's own group and version empty, but not for custom resources. */
function kindIn(group: string, version: string, { isCustom }: ResourceDefinition, kind: GroupVersionKind): GroupVersionKind {
  const isOwn = kind.group === group && kind.version === version;
  return isOwn && !isCustom ? { group: "", version: "", kind: kind.kind } : { group: kind.group, version: kind.version, kind: kind.kind };
}
