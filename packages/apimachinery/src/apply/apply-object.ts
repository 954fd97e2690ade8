import { newApplyConflict, newBadRequest } from "../errors/errors.ts";
import { cloneJson } from "../meta/deep.ts";
import type { ManagedFieldsEntry, UnstructuredObject } from "../meta/types.ts";
import type { Schema } from "../schema/schema.ts";
import { checkTyped } from "./check-typed.ts";
import { compareObjects, type ResetFields } from "./compare.ts";
import { conflictCauses, conflictMessage, findConflicts, type ApplyConflict } from "./conflicts.ts";
import { fieldSetOf } from "./field-set-of.ts";
import { isEmptySet, setsEqual } from "./field-set.ts";
import { buildLastApplied, lastAppliedAnnotation, matchingLastApplied } from "./last-applied.ts";
import { decodeManagers, encodeManagers, managerKey, managersEqual, takeFromManagers, type Manager } from "./managers.ts";
import { mergeObjects } from "./merge.ts";
import { changesByVersion, removeDroppedInVersions, type InVersion } from "./other-versions.ts";

/** A server-side apply. */
export interface ApplyRequest {
  /** Of the whole object, in the version of both objects. */
  readonly schema: Schema;
  /** Undefined when the object does not exist yet. */
  readonly live: Readonly<UnstructuredObject> | undefined;
  readonly applied: Readonly<UnstructuredObject>;
  readonly manager: string;
  /** Takes fields from their owners instead of reporting conflicts. */
  readonly force: boolean;
  /** The apiVersion of the objects: `apps/v1`. */
  readonly version: string;
  /** Empty for the main resource. */
  readonly subresource: string;
  /** RFC 3339, whole seconds. */
  readonly now: string;
  /** Top-level fields that this write cannot set; see `resetFieldsOf`. */
  readonly resetFields?: ResetFields;
  /** Absent where an object has one version. Fields of managers in versions that it does not know are taken to have the same paths. */
  readonly inVersion?: InVersion;
}

export type ApplyResult =
  | {
      readonly type: "applied";
      /** Shares nothing with the request; carries its `managedFields`. */
      readonly object: UnstructuredObject;
      /** False when neither the object nor an owner changed. */
      readonly isChanged: boolean;
    }
  | { readonly type: "conflict"; readonly conflicts: readonly ApplyConflict[] };

/**
 * Merges what a manager applies into the live object, removes what it applied before and nobody owns now, and records who owns what
 * (KEP-555). Throws a StatusError when `applied` does not fit the schema.
 */
export function applyObject(request: ApplyRequest): ApplyResult {
  checkApplied(request);
  const managers = new Map<string, Manager>(decodeManagers(request.live?.metadata.managedFields ?? []));
  if (managers.size === 0 && request.live !== undefined) claimForPast(request, managers, request.live);
  const result = applyOver(request, managers, request.force);
  if (result.type === "conflict" && request.manager === "kubectl") {
    const left = notFromClientSideApply(request, result.conflicts);
    return left.length > 0 ? { type: "conflict", conflicts: left } : syncLastApplied(request, applyOver(request, managers, true));
  }
  return syncLastApplied(request, result);
}

/** {@link applyObject}, but a conflict is thrown as kube-apiserver's 409. */
export function applyOrThrow(request: ApplyRequest): Extract<ApplyResult, { type: "applied" }> {
  const result = applyObject(request);
  if (result.type === "conflict") throw newApplyConflict(conflictCauses(result.conflicts), conflictMessage(result.conflicts));
  return result;
}

function checkApplied(request: ApplyRequest): void {
  const { apiVersion } = request.applied;
  if (apiVersion !== request.version) {
    const versions = `Specified patch version: ${apiVersion}, expected: ${request.version}`;
    throw newBadRequest(`Incorrect version specified in apply patch. ${versions}`);
  }
  if ((request.applied.metadata.managedFields?.length ?? 0) > 0) throw newBadRequest("metadata.managedFields must be nil");
  checkTyped(request.schema, request.applied);
}

/** What exists before the first apply has one owner, so that taking it over is a conflict. */
function claimForPast(request: ApplyRequest, managers: Map<string, Manager>, live: Readonly<UnstructuredObject>): void {
  const { changed } = compareObjects(request.schema, undefined, live, request.resetFields);
  if (isEmptySet(changed)) return;
  const { version: apiVersion, subresource, now: time } = request;
  const past: Manager = { manager: "before-first-apply", operation: "Update", apiVersion, subresource, time, set: changed };
  managers.set(managerKey(past), past);
}

function applyOver(request: ApplyRequest, before: ReadonlyMap<string, Manager>, force: boolean): ApplyResult {
  const { schema, applied, resetFields, inVersion } = request;
  const live = request.live ?? ({ apiVersion: applied.apiVersion, kind: applied.kind, metadata: {} } satisfies UnstructuredObject);
  const managers = new Map(before);
  const identity = { manager: request.manager, operation: "Apply" as const, apiVersion: request.version, subresource: request.subresource };
  const key = managerKey(identity);
  const previous = managers.get(key);
  const set = fieldSetOf(schema, applied, resetFields);
  const mine: Manager =
    previous !== undefined && previous.apiVersion === identity.apiVersion && setsEqual(previous.set, set)
      ? previous
      : { ...identity, time: previous?.time, set };
  managers.set(key, mine);
  let merged = mergeObjects(schema, live, applied) as UnstructuredObject;
  if (previous !== undefined) merged = withoutDropped(request, merged, previous, managers);
  const changesIn = changesByVersion({ schema, old: request.live, next: merged, version: request.version, resetFields, inVersion });
  const conflicts = force ? [] : findConflicts(managers, (apiVersion) => changesIn(apiVersion).changed, key);
  if (conflicts.length > 0) return { type: "conflict", conflicts };
  for (const part of ["changed", "removed"] as const) {
    takeFromManagers(
      managers,
      (apiVersion) => changesIn(apiVersion)[part],
      (other) => other !== key,
    );
  }
  const changes = changesIn(request.version);
  const isUnchanged = isEmptySet(changes.changed) && isEmptySet(changes.removed) && managersEqual(before, managers);
  const final = managers.get(key);
  if (!isUnchanged && final !== undefined) {
    const { source: _, ...rest } = final;
    managers.set(key, { ...rest, time: request.now });
  }
  return { type: "applied", object: finish(request, merged, encodeManagers(managers)), isChanged: !isUnchanged };
}

function withoutDropped(
  { schema, inVersion }: ApplyRequest,
  object: UnstructuredObject,
  previous: Manager,
  managers: ReadonlyMap<string, Manager>,
): UnstructuredObject {
  return removeDroppedInVersions({ schema, object }, { previous, managers, inVersion });
}

function finish(request: ApplyRequest, merged: Record<string, unknown>, entries: ManagedFieldsEntry[]): UnstructuredObject {
  const object = cloneJson(merged) as UnstructuredObject;
  object.apiVersion = request.applied.apiVersion;
  object.kind = request.applied.kind;
  if (entries.length > 0) object.metadata.managedFields = cloneJson(entries);
  else delete object.metadata.managedFields;
  return object;
}

/** Whoever moves from `kubectl apply` to its server-side form owns what the annotation says it applied. */
function notFromClientSideApply(request: ApplyRequest, conflicts: readonly ApplyConflict[]): readonly ApplyConflict[] {
  const allowed = request.live === undefined ? undefined : matchingLastApplied(request.schema, request.live, request.version);
  return allowed === undefined ? conflicts : conflicts.filter((conflict) => !allowed.has(conflict.path));
}

function syncLastApplied(request: ApplyRequest, result: ApplyResult): ApplyResult {
  if (result.type === "conflict" || request.manager !== "kubectl") return result;
  const { annotations } = result.object.metadata;
  if ((annotations?.[lastAppliedAnnotation] ?? "") === "") return result;
  const text = buildLastApplied(request.applied);
  if (annotations?.[lastAppliedAnnotation] === text) return result;
  result.object.metadata.annotations = { ...annotations, [lastAppliedAnnotation]: text };
  return { ...result, isChanged: true };
}
