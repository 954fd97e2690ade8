/** A resource in an `APIResourceList`. */
export interface LegacyResource {
  readonly name: string;
  readonly singularName?: string;
  readonly namespaced?: boolean;
  readonly group?: string;
  readonly version?: string;
  readonly kind: string;
  readonly verbs?: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
}

interface ResponseKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** A resource in an `APIGroupDiscoveryList`. */
export interface DiscoveredResource {
  readonly resource: string;
  readonly responseKind?: ResponseKind;
  readonly scope: string;
  readonly singularResource: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly subresources?: readonly {
    readonly subresource: string;
    readonly responseKind?: ResponseKind;
    readonly verbs: readonly string[];
  }[];
}

/** The resources of a list with their subresources below them, as the aggregated form has it. */
export function resourcesOfList(resources: readonly LegacyResource[]): DiscoveredResource[] {
  const found = new Map<string, DiscoveredResource>();
  for (const each of resources) {
    const [name = "", subresource] = each.name.split("/", 2);
    if (subresource === undefined) {
      found.set(name, { ...found.get(name), ...mainOf(each) });
      continue;
    }
    // A subresource may stand alone: its resource can only be created, or not even that.
    const owner = found.get(name) ?? { resource: name, scope: scopeOf(each), singularResource: "", verbs: [] };
    const added = { subresource, responseKind: kindOf(each), verbs: each.verbs ?? [] };
    found.set(name, { ...owner, subresources: [...(owner.subresources ?? []), added] });
  }
  return [...found.values()];
}

function mainOf(each: LegacyResource): DiscoveredResource {
  const { name, singularName = "", verbs = [], shortNames, categories } = each;
  return {
    resource: name,
    responseKind: kindOf(each),
    scope: scopeOf(each),
    singularResource: singularName,
    verbs,
    ...(shortNames !== undefined && { shortNames }),
    ...(categories !== undefined && { categories }),
  };
}

/** Empty stands for the group and version of the list. */
function kindOf({ group = "", version = "", kind }: LegacyResource): ResponseKind {
  return { group, version, kind };
}

function scopeOf({ namespaced = false }: LegacyResource): string {
  return namespaced ? "Namespaced" : "Cluster";
}
