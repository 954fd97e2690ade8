import type { UnstructuredObject } from "../meta/types.ts";
import type { Schema } from "../schema/schema.ts";
import { compareObjects, type Changes, type ResetFields } from "./compare.ts";
import { fieldSetOf } from "./field-set-of.ts";
import { emptySet, subtractSet, unionSets, type FieldSet } from "./field-set.ts";
import type { Managers } from "./managers.ts";
import { removeDropped, type Ownership } from "./remove-dropped.ts";

/** An object in one of its versions. */
export interface VersionedObject {
  /** Of the whole object in this version. */
  readonly schema: Schema;
  readonly object: Readonly<UnstructuredObject>;
}

/**
 * Converts an object, whose apiVersion says what it is in, to another apiVersion; undefined when that is not served. Managers own fields of
 * the version that they write in, and the same field has another path elsewhere.
 */
export type InVersion = (object: Readonly<UnstructuredObject>, apiVersion: string) => VersionedObject | undefined;

export interface ChangeSource {
  readonly schema: Schema;
  readonly old: Readonly<UnstructuredObject> | undefined;
  readonly next: Readonly<UnstructuredObject>;
  /** The apiVersion of both objects. */
  readonly version: string;
  readonly resetFields?: ResetFields | undefined;
  readonly inVersion?: InVersion | undefined;
}

/** What changed, as each version has it. Versions that are not served are taken to have the same paths. */
export type ChangesIn = (apiVersion: string) => Changes;

export function changesByVersion(source: ChangeSource): ChangesIn {
  const { schema, old, next, version, resetFields } = source;
  const known = new Map([[version, compareObjects(schema, old, next, resetFields)]]);
  return (apiVersion) => {
    let changes = known.get(apiVersion);
    if (changes === undefined) {
      changes = compareIn(source, apiVersion) ?? (known.get(version) as Changes);
      known.set(apiVersion, changes);
    }
    return changes;
  };
}

function compareIn({ old, next, resetFields, inVersion }: ChangeSource, apiVersion: string): Changes | undefined {
  const after = inVersion?.(next, apiVersion);
  const before = old === undefined ? undefined : inVersion?.(old, apiVersion);
  return after === undefined ? undefined : compareObjects(after.schema, before?.object, after.object, resetFields);
}

/** What an applier owned before, and everybody who owns something now, the applier included. */
export interface OwnershipInVersions {
  readonly previous: { readonly apiVersion: string; readonly set: FieldSet };
  readonly managers: Managers;
  readonly inVersion: InVersion | undefined;
}

/**
 * `merged` without what the applier has dropped and nobody owns now, see {@link removeDropped}. What managers own in another version is
 * kept by looking at the object in that version. What one version cannot say is not lost on the way.
 */
export function removeDroppedInVersions(merged: VersionedObject, ownership: OwnershipInVersions): Readonly<UnstructuredObject> {
  const { previous, managers, inVersion } = ownership;
  const { apiVersion } = merged.object;
  const versions = new Set([...managers.values()].map((manager) => manager.apiVersion));
  if (inVersion === undefined || (previous.apiVersion === apiVersion && versions.size === 1))
    return removed(merged, { previous: previous.set, current: ownedBy(managers) });
  let kept = keptOfPrevious(merged, ownership, inVersion);
  for (const version of versions) if (version !== previous.apiVersion) kept = unionSets(kept, keptIn(version, merged, kept, ownership));
  return keepOnly(merged, kept);
}

function removed({ schema, object }: VersionedObject, ownership: Ownership): Readonly<UnstructuredObject> {
  return removeDropped(schema, object, ownership) as UnstructuredObject;
}

function keepOnly(whole: VersionedObject, kept: FieldSet): Readonly<UnstructuredObject> {
  return removed(whole, { previous: fieldsOf(whole), current: kept });
}

function fieldsOf({ schema, object }: VersionedObject): FieldSet {
  return fieldSetOf(schema, object);
}

/** The fields of `merged` that stay when only the owners in the version count that the applier wrote in before. */
function keptOfPrevious(merged: VersionedObject, { previous, managers }: OwnershipInVersions, inVersion: InVersion): FieldSet {
  const { object } = merged;
  const all = fieldsOf(merged);
  const there = inVersion(object, previous.apiVersion);
  const again = there === undefined ? undefined : inVersion(there.object, object.apiVersion);
  if (there === undefined || again === undefined) {
    // Nobody knows that version any more: its fields are taken to have the same paths.
    return fieldsOf({ ...merged, object: removed(merged, { previous: previous.set, current: ownedBy(managers) }) });
  }
  const own = ownedBy(managers, previous.apiVersion);
  const left = inVersion(removed(there, { previous: previous.set, current: own }), object.apiVersion);
  const lost = left === undefined ? emptySet : subtractSet(fieldsOf(again), fieldsOf(left));
  return subtractSet(all, lost);
}

/** The fields of `merged` beyond `kept` that somebody owns in `version`. */
function keptIn(version: string, merged: VersionedObject, kept: FieldSet, { managers, inVersion }: OwnershipInVersions): FieldSet {
  const own = ownedBy(managers, version);
  if (version === merged.object.apiVersion) return own;
  const whole = inVersion?.(merged.object, version);
  const rest = inVersion?.(keepOnly(merged, kept), version);
  if (whole === undefined || rest === undefined) return own;
  const restored = inVersion?.(keepOnly(whole, unionSets(fieldsOf(rest), own)), merged.object.apiVersion);
  return restored === undefined ? own : fieldsOf(restored);
}

function ownedBy(managers: Managers, apiVersion?: string): FieldSet {
  let all = emptySet;
  for (const manager of managers.values()) {
    if (apiVersion === undefined || manager.apiVersion === apiVersion) all = unionSets(all, manager.set);
  }
  return all;
}
