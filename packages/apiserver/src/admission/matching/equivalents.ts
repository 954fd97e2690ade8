import type { ResourceDefinition, ResourceVersionDefinition } from "@coracle/apimachinery";
import type { AdmissionAttributes } from "../admission.ts";
import type { Sight } from "./admitted-objects.ts";

/** The resource as the request names it. */
export function requestedSight({ served, kind, subresource }: Pick<AdmissionAttributes, "served" | "kind" | "subresource">): Sight {
  return sightOf(served.definition, served.version, subresource) ?? { ...served, subresource, kind };
}

/**
 * The other names of the request's resource: its other served versions, and those of other groups that share its storage, as far as they
 * have the subresource. In the order in which they are served.
 */
export function equivalentSights(definitions: readonly ResourceDefinition[], attributes: AdmissionAttributes): Sight[] {
  const { definition, version } = attributes.served;
  if (definition.storagePath === "") return [];
  const sights: Sight[] = [];
  for (const each of definitions) {
    if (each.storagePath !== definition.storagePath) continue;
    for (const other of each.versions) {
      const isRequested = each.resource === definition.resource && each.group === definition.group && other.version === version.version;
      const sight = isRequested || !other.isServed ? undefined : sightOf(each, other, attributes.subresource);
      if (sight !== undefined) sights.push(sight);
    }
  }
  return sights;
}

function sightOf(definition: ResourceDefinition, version: ResourceVersionDefinition, subresource: string): Sight | undefined {
  const own = { group: definition.group, version: version.version, kind: definition.kind };
  if (subresource === "") return { definition, version, subresource, kind: own };
  const found = version.subresources.find(({ name }) => name === subresource);
  return found === undefined ? undefined : { definition, version, subresource, kind: found.kind };
}
