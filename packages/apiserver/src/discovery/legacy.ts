import { formatApiVersion } from "@coracle/apimachinery";
import type { DiscoveredGroup, DiscoveredVersion } from "./groups.ts";

/** `/api`; the address is the one at which clients reach this server. As upstream, without an apiVersion. */
export function apiVersions(core: DiscoveredGroup | undefined, serverAddress: string): object {
  const serverAddressByClientCIDRs = [{ clientCIDR: "0.0.0.0/0", serverAddress }];
  return { kind: "APIVersions", versions: (core?.versions ?? []).map(({ version }) => version), serverAddressByClientCIDRs };
}

/** `/apis`. */
export function apiGroupList(groups: readonly DiscoveredGroup[]): object {
  return { kind: "APIGroupList", apiVersion: "v1", groups: groups.map((group) => groupBody(group)) };
}

/** `/apis/{group}`. */
export function apiGroup(group: DiscoveredGroup): object {
  return { kind: "APIGroup", apiVersion: "v1", ...groupBody(group) };
}

function groupBody({ name, versions }: DiscoveredGroup): object {
  const entries = versions.map(({ version }) => ({ groupVersion: formatApiVersion(name, version), version }));
  return { name, versions: entries, preferredVersion: entries[0] };
}

/** `/api/v1`, `/apis/{group}/{version}`: a line for each resource and each subresource. */
export function apiResourceList(group: string, { version, resources }: DiscoveredVersion): object {
  const lines = resources.flatMap(({ definition, version: served, hash }) => {
    const { resource, singular, isNamespaced, kind, verbs, shortNames, categories } = definition;
    const main = {
      name: resource,
      singularName: singular,
      namespaced: isNamespaced,
      kind,
      verbs,
      ...(shortNames.length > 0 && { shortNames }),
      ...(categories.length > 0 && { categories }),
      ...(hash !== undefined && { storageVersionHash: hash }),
    };
    const subresources = served.subresources.map((subresource) => ({
      name: `${resource}/${subresource.name}`,
      singularName: "",
      namespaced: isNamespaced,
      ...foreignVersion(subresource.kind, group, version),
      kind: subresource.kind.kind,
      verbs: subresource.verbs,
    }));
    return [...(verbs.length > 0 ? [main] : []), ...subresources];
  });
  const body = { groupVersion: formatApiVersion(group, version), resources: lines };
  // Of the core group, upstream leaves the apiVersion out.
  return { kind: "APIResourceList", ...(group !== "" && { apiVersion: "v1" }), ...body };
}

function foreignVersion(kind: { group: string; version: string }, group: string, version: string): object {
  return kind.group === group && kind.version === version ? {} : { group: kind.group, version: kind.version };
}
