import { findCondition, isConditionTrue, semanticEqual, setCondition } from "@coracle/apimachinery";
import type { CustomResourceCondition, CustomResourceDefinition, CustomResourceDefinitionStatus, CustomResourceNames } from "./types.ts";

/** The names that others in the group have: resources (plural, singular, short) and kinds. */
export interface TakenNames {
  readonly resources: ReadonlySet<string>;
  readonly kinds: ReadonlySet<string>;
}

/** Gathers the accepted names of the other CustomResourceDefinitions of a group. */
export function takenNames(others: Iterable<Readonly<CustomResourceDefinition>>): TakenNames {
  const resources = new Set<string>();
  const kinds = new Set<string>();
  for (const { status } of others) {
    const names = status?.acceptedNames;
    if (names === undefined) continue;
    for (const name of [names.plural, names.singular, ...(names.shortNames ?? [])]) if (name) resources.add(name);
    for (const kind of [names.kind, names.listKind]) if (kind) kinds.add(kind);
  }
  return { resources, kinds };
}

/** Whether its names were ever accepted and it is served. */
export function isEstablished(crd: Readonly<CustomResourceDefinition>): boolean {
  return isConditionTrue(crd.status?.conditions, "Established");
}

/** The status after looking at the names that are free; the very status when nothing changes. A name keeps its owner until that gives it up. */
export function acceptNames(crd: Readonly<CustomResourceDefinition>, taken: TakenNames, now: string): CustomResourceDefinitionStatus {
  const status = crd.status ?? {};
  const { names, conflict } = chooseNames(crd, taken);
  const namesAccepted: Omit<CustomResourceCondition, "lastTransitionTime"> =
    conflict === undefined
      ? { type: "NamesAccepted", status: "True", reason: "NoConflicts", message: "no conflicts found" }
      : { type: "NamesAccepted", status: "False", ...conflict };
  let conditions = setCondition(status.conditions, namesAccepted, now);
  conditions = setCondition(conditions, establishedCondition(crd, conflict === undefined), now);
  if (conditions === status.conditions && semanticEqual(names, status.acceptedNames)) return status;
  return { ...status, conditions: [...conditions], acceptedNames: names, storedVersions: status.storedVersions ?? [] };
}

/**
 * Upstream establishes in a second step, seconds later when there are several servers. Here whoever calls serves the resource before it writes
 * the status, so that one step is enough.
 */
function establishedCondition(
  crd: Readonly<CustomResourceDefinition>,
  isAccepted: boolean,
): Omit<CustomResourceCondition, "lastTransitionTime"> {
  const current = findCondition(crd.status?.conditions, "Established");
  if (current?.status === "True") return current;
  return isAccepted
    ? { type: "Established", status: "True", reason: "InitialNamesAccepted", message: "the initial names have been accepted" }
    : { type: "Established", status: "False", reason: "NotAccepted", message: "not all names are accepted" };
}

interface Conflict {
  readonly reason: string;
  readonly message: string;
}

function chooseNames(
  crd: Readonly<CustomResourceDefinition>,
  taken: TakenNames,
): { names: CustomResourceNames; conflict: Conflict | undefined } {
  const wanted = crd.spec.names;
  const accepted: Partial<CustomResourceNames> = crd.status?.acceptedNames ?? {};
  const names: CustomResourceNames = { ...accepted, plural: accepted.plural ?? "", kind: accepted.kind ?? "" };
  let conflict: Conflict | undefined;
  const choose = (field: "plural" | "singular" | "kind" | "listKind", used: ReadonlySet<string>): void => {
    const name = wanted[field] ?? "";
    if (name === (accepted[field] ?? "") || !used.has(name)) names[field] = name;
    else conflict = { reason: `${field.charAt(0).toUpperCase()}${field.slice(1)}Conflict`, message: inUse(name) };
  };
  choose("plural", taken.resources);
  choose("singular", taken.resources);
  const lost = (wanted.shortNames ?? []).filter((name) => !accepted.shortNames?.includes(name) && taken.resources.has(name));
  if (lost.length === 0) assignList(names, "shortNames", wanted.shortNames);
  else
    conflict = { reason: "ShortNamesConflict", message: lost.length === 1 ? inUse(lost[0] as string) : `[${lost.map(inUse).join(", ")}]` };
  choose("kind", taken.kinds);
  choose("listKind", taken.kinds);
  assignList(names, "categories", wanted.categories);
  return { names, conflict };
}

function assignList(names: CustomResourceNames, field: "shortNames" | "categories", list: string[] | undefined): void {
  if (list === undefined) delete names[field];
  else names[field] = list;
}

function inUse(name: string): string {
  return `${JSON.stringify(name)} is already in use`;
}
