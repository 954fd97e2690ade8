import { deepEqual } from "../meta/deep.ts";
import type { ManagedFieldsEntry, UnstructuredObject } from "../meta/types.ts";
import type { Schema } from "../schema/schema.ts";
import { noChanges, type ResetFields } from "./compare.ts";
import { isEmptySet, unionSets } from "./field-set.ts";
import { capUpdaters, decodeManagers, encodeManagers, managerKey, takeFromManagers, type Manager } from "./managers.ts";
import { changesByVersion, type InVersion } from "./other-versions.ts";

/** A write other than server-side apply. */
export interface ManagedFieldsUpdate {
  /** Of the whole object, in the version of both objects. */
  readonly schema: Schema;
  /** Undefined for a create. */
  readonly old: Readonly<UnstructuredObject> | undefined;
  readonly new: Readonly<UnstructuredObject>;
  readonly manager: string;
  readonly operation?: "Update";
  /** Empty for the main resource. */
  readonly subresource: string;
  /** The apiVersion of the objects: `apps/v1`. */
  readonly version: string;
  /** RFC 3339, whole seconds. */
  readonly now: string;
  /** Top-level fields that this write cannot set; see `resetFieldsOf`. */
  readonly resetFields?: ResetFields;
  /** Absent where an object has one version. */
  readonly inVersion?: InVersion;
}

/**
 * The `managedFields` after a write: the manager owns what it added or changed, nobody else does, and what was removed has no owner. An
 * unchanged object keeps its entries and their times. Undefined when there are none. As kube-apiserver's field manager does:
 * a client may replace the entries or clear them with `[{}]`, and objects without entries are not tracked before the first apply.
 */
export function updateManagedFields(update: ManagedFieldsUpdate): ManagedFieldsEntry[] | undefined {
  const entries = entriesToStart(update);
  if (update.old !== undefined && entries.length === 0) return undefined;
  const { schema, old, new: next, version, resetFields, inVersion } = update;
  const changesIn = changesByVersion({ schema, old, next, version, resetFields, inVersion });
  const changes = changesIn(version);
  const isAlone = inVersion === undefined || entries.every((entry) => entry.apiVersion === version);
  if (changes === noChanges && isAlone) return entries.length === 0 ? undefined : (entries as ManagedFieldsEntry[]);
  const managers = new Map<string, Manager>(decodeManagers(entries));
  if (managers.size === 0 && update.old !== undefined) return undefined;
  const identity = { manager: update.manager, operation: "Update" as const, apiVersion: update.version, subresource: update.subresource };
  const key = managerKey(identity);
  const own = managers.get(key);
  takeFromManagers(
    managers,
    (apiVersion) => changesIn(apiVersion).changed,
    (other) => other !== key,
  );
  takeFromManagers(managers, (apiVersion) => changesIn(apiVersion).removed);
  if (!isEmptySet(changes.changed)) {
    const kept = own === undefined ? undefined : managers.get(key);
    const set = kept === undefined ? changes.changed : unionSets(kept.set, changes.changed);
    managers.set(key, {
      manager: update.manager,
      operation: "Update",
      apiVersion: update.version,
      subresource: update.subresource,
      time: update.now,
      set,
    });
  }
  capUpdaters(managers);
  const result = encodeManagers(managers);
  return result.length === 0 ? undefined : result;
}

/** The client's entries when it sends some that can be read, else those of the stored object. Subresources never replace them. */
function entriesToStart(update: ManagedFieldsUpdate): readonly ManagedFieldsEntry[] {
  const live = update.old?.metadata.managedFields ?? [];
  const sent = update.new.metadata.managedFields ?? [];
  if (update.subresource !== "" || sent === live) return readable(live);
  if (isCleared(sent)) return [];
  if (sent.length === 0 || deepEqual(sent, live)) return readable(live);
  const managers = decodeManagers(sent);
  return managers === undefined || managers.size === 0 ? readable(live) : sent;
}

function readable(entries: readonly ManagedFieldsEntry[]): readonly ManagedFieldsEntry[] {
  return decodeManagers(entries) === undefined ? [] : entries;
}

/** `managedFields: [{}]` asks to forget every owner. */
function isCleared(entries: readonly ManagedFieldsEntry[]): boolean {
  return entries.length === 1 && Object.keys(entries[0] ?? {}).length === 0;
}

/**
 * The fields that a write cannot set, where a kind has a status subresource: the main resource leaves `status` alone, and the status
 * leaves everything else; of built-in kinds it may still change metadata.
 */
export function resetFieldsOf(hasStatus: boolean, subresource: string, kind: { readonly isCustom?: boolean } = {}): ResetFields {
  if (subresource === "status") return kind.isCustom === true ? ["metadata", "spec"] : ["spec"];
  return hasStatus && subresource === "" ? ["status"] : [];
}
