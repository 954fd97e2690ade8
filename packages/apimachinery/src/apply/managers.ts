import type { ManagedFieldsEntry } from "../meta/types.ts";
import { emptySet, isEmptySet, parseSet, serializeSet, setsEqual, subtractSet, unionSets, type FieldSet } from "./field-set.ts";

/** One entry of `managedFields`, with its fields as a set. */
export interface Manager {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  readonly subresource: string;
  readonly time: string | undefined;
  readonly set: FieldSet;
  /** What it was read from; written again as it is while `set` stays. */
  readonly source?: ManagedFieldsEntry;
}

/** By identity: manager, operation, subresource, and for updates the version. */
export type Managers = ReadonlyMap<string, Manager>;

/** Stored objects are shared and looked at again with every write. */
const decoded = new WeakMap<readonly ManagedFieldsEntry[], Managers | "malformed">();

/** Reads `metadata.managedFields`, which must not change afterwards; undefined when an entry is malformed. */
export function decodeManagers(entries: readonly ManagedFieldsEntry[]): Managers | undefined {
  let managers = decoded.get(entries);
  if (managers === undefined) {
    managers = decodeEntries(entries) ?? "malformed";
    decoded.set(entries, managers);
  }
  return managers === "malformed" ? undefined : managers;
}

function decodeEntries(entries: readonly ManagedFieldsEntry[]): Managers | undefined {
  const managers = new Map<string, Manager>();
  for (const entry of entries) {
    const set = entry.fieldsV1 === undefined ? emptySet : parseSet(entry.fieldsV1);
    const isKnown = entry.operation === "Apply" || entry.operation === "Update";
    if (set === undefined || !isKnown || (entry.fieldsType !== undefined && entry.fieldsType !== "FieldsV1")) return undefined;
    const manager: Manager = {
      manager: entry.manager ?? "",
      operation: entry.operation as Manager["operation"],
      apiVersion: entry.apiVersion ?? "",
      subresource: entry.subresource ?? "",
      time: entry.time,
      set,
      source: entry,
    };
    addManager(managers, manager);
  }
  return managers;
}

/** What is wrong with entries that {@link decodeManagers} cannot read, or that are incomplete, in upstream's words. */
export function managedFieldsProblem(entries: readonly ManagedFieldsEntry[]): string | undefined {
  for (const [index, entry] of entries.entries()) {
    const { operation, apiVersion = "", fieldsType = "", fieldsV1 } = entry;
    if (operation !== "Apply" && operation !== "Update") return "operation must be `Apply` or `Update`";
    if (apiVersion === "") return "apiVersion must not be empty";
    if (fieldsType === "") return `missing fieldsType in managed fields entry ${index}`;
    if (fieldsType !== "FieldsV1") return `invalid fieldsType ${JSON.stringify(fieldsType)} in managed fields entry ${index}`;
    if (fieldsV1 !== undefined && parseSet(fieldsV1) === undefined) return `error decoding versioned set in managed fields entry ${index}`;
  }
  return undefined;
}

/** The identity under which a manager's entries are one. */
export function managerKey(manager: Omit<Manager, "set" | "time" | "source">): string {
  const version = manager.operation === "Apply" ? "" : manager.apiVersion;
  return JSON.stringify([manager.manager, manager.operation, version, manager.subresource]);
}

/** Adds a manager; two with the same identity become one. */
function addManager(managers: Map<string, Manager>, manager: Manager): void {
  const key = managerKey(manager);
  const twin = managers.get(key);
  managers.set(key, twin === undefined ? manager : withSet(manager, unionSets(twin.set, manager.set)));
}

/** The manager owning something else. */
export function withSet(manager: Manager, set: FieldSet): Manager {
  if (set === manager.set) return manager;
  const { manager: name, operation, apiVersion, subresource, time } = manager;
  return { manager: name, operation, apiVersion, subresource, time, set };
}

/**
 * Takes fields, as the managers' versions have them, from every manager for which `isTouched` holds, and forgets those that are left
 * with nothing.
 */
export function takeFromManagers(
  managers: Map<string, Manager>,
  takenIn: (apiVersion: string) => FieldSet,
  isTouched: (key: string) => boolean = () => true,
): void {
  for (const [key, manager] of managers) {
    const taken = isTouched(key) ? takenIn(manager.apiVersion) : emptySet;
    if (isEmptySet(taken)) continue;
    const rest = subtractSet(manager.set, taken);
    if (isEmptySet(rest)) managers.delete(key);
    else managers.set(key, withSet(manager, rest));
  }
}

/** Writes `metadata.managedFields` in upstream's order: appliers first, then by time, name, version and subresource. */
export function encodeManagers(managers: Managers): ManagedFieldsEntry[] {
  const ordered = [...managers.values()].filter((manager) => !isEmptySet(manager.set)).sort(compareManagers);
  return ordered.map((manager) => manager.source ?? encodeManager(manager));
}

function encodeManager(manager: Manager): ManagedFieldsEntry {
  const entry: ManagedFieldsEntry = {};
  if (manager.manager !== "") entry.manager = manager.manager;
  entry.operation = manager.operation;
  if (manager.apiVersion !== "") entry.apiVersion = manager.apiVersion;
  if (manager.time !== undefined) entry.time = manager.time;
  entry.fieldsType = "FieldsV1";
  entry.fieldsV1 = serializeSet(manager.set);
  if (manager.subresource !== "") entry.subresource = manager.subresource;
  return entry;
}

function compareManagers(left: Manager, right: Manager): number {
  return (
    compareText(left.operation, right.operation) ||
    secondsOf(left) - secondsOf(right) ||
    compareText(left.manager, right.manager) ||
    compareText(left.apiVersion, right.apiVersion) ||
    compareText(left.subresource, right.subresource)
  );
}

function secondsOf(manager: Manager): number {
  return manager.time === undefined ? 0 : Math.floor(Date.parse(manager.time) / 1000) || 0;
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Whether both hold the same managers owning the same. */
export function managersEqual(left: Managers, right: Managers): boolean {
  if (left.size !== right.size) return false;
  for (const [key, manager] of left) {
    const other = right.get(key);
    if (other === undefined || other.apiVersion !== manager.apiVersion || !setsEqual(manager.set, other.set)) return false;
  }
  return true;
}

/** More updaters than this are not told apart. */
const updatersLimit = 10;
const bucketName = "ancient-changes";

/** Merges the oldest updaters of each version into `ancient-changes` until there are no more than ten. */
export function capUpdaters(managers: Map<string, Manager>): void {
  const updaters = [...managers].filter(([, manager]) => manager.operation === "Update");
  let count = updaters.length;
  if (count <= updatersLimit) return;
  updaters.sort(([leftKey, left], [rightKey, right]) => secondsOf(left) - secondsOf(right) || compareText(leftKey, rightKey));
  const firstOfVersion = new Map<string, string>();
  for (const [key, manager] of updaters) {
    if (count <= updatersLimit) return;
    const first = firstOfVersion.get(manager.apiVersion);
    if (first === undefined) {
      firstOfVersion.set(manager.apiVersion, key);
      continue;
    }
    const identity = { manager: bucketName, operation: "Update" as const, apiVersion: manager.apiVersion, subresource: "" };
    const bucketKey = managerKey(identity);
    const bucket = managers.get(bucketKey) ?? managers.get(first);
    if (!managers.has(bucketKey)) managers.delete(first);
    managers.delete(key);
    managers.set(bucketKey, { ...identity, time: manager.time, set: unionSets(manager.set, bucket?.set ?? emptySet) });
    count--;
  }
}
