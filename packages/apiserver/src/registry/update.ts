import {
  cloneJson,
  deepEqual,
  invalidField,
  newConflict,
  newInvalid,
  newNotFound,
  validateObjectMetaUpdate,
  type UnstructuredObject,
} from "@coracle/apimachinery";
import type { AdmissionAttributes } from "../admission/admission.ts";
import type { CachedObject } from "../cacher/index.ts";
import { mutateWithinLimits } from "./after-admission.ts";
import { checkName, refuseInvalid, settleNamespace, versionErrors, warnAbout } from "./check.ts";
import { commitDeletion, commitObject } from "./commit.ts";
import type { RequestBody, RequestContext, WriteResult } from "./contract.ts";
import { insertObject } from "./create.ts";
import { retryOnRace } from "./current.ts";
import { decodeObject, defaultAndConvert } from "./decode.ts";
import { recordOwnership } from "./managed-fields.ts";
import { hasPendingFinalizers } from "./finalizers.ts";
import { limitToSubresource } from "./subresource-scope.ts";
import { attributesOf, keyOf, Settlement, strategyContext, type RegistryCore, type Target } from "./target.ts";

/** Serves a PUT to an object or to one of its subresources that shares its kind. */
export async function updateObject(core: RegistryCore, target: Target, context: RequestContext, body: RequestBody): Promise<WriteResult> {
  const object = await decodeObject(target, context, body);
  settleNamespace(target, object);
  checkName(target, object);
  const next = defaultAndConvert(target, object);
  const isSubresource = target.address.subresource !== "";
  return retryOnRace(core, target, keyOf(target), async (current) => {
    if (current === undefined) {
      const mayCreate = target.form.definition.strategy.allowCreateOnUpdate === true && !isSubresource;
      if (!mayCreate || next.metadata.resourceVersion || next.metadata.uid) throw newNotFound(target.qualified, target.address.name);
      return { view: await insertObject(core, target, context, { object: cloneJson(next), isOwned: false }), isCreated: true };
    }
    const view = await replaceObject(core, target, context, { current, next: cloneJson(next), isOwned: false });
    return view === undefined ? undefined : { view, isCreated: false };
  });
}

export interface Replacement {
  readonly current: CachedObject;
  /** In the storage version; belongs to this write. */
  readonly next: UnstructuredObject;
  /** `next` carries its managedFields already (server-side apply). */
  readonly isOwned: boolean;
  /** The mutating plug-ins have run on these, which the validating ones judge in place of the object (scale). */
  readonly admitted?: AdmissionAttributes;
}

/** Admits, validates and stores the next state of an object. Undefined when somebody else was faster. */
export async function replaceObject(
  core: RegistryCore,
  target: Target,
  context: RequestContext,
  replacement: Replacement,
): Promise<WriteResult["view"] | undefined> {
  const settlement = new Settlement();
  let updated: CachedObject | undefined;
  try {
    updated = await replace(core, target, context, { ...replacement, settlement });
  } finally {
    settlement.settle(updated !== undefined && !context.isDryRun);
  }
  const { definition, version } = target.served;
  return updated?.view(definition, version);
}

async function replace(
  core: RegistryCore,
  target: Target,
  context: RequestContext,
  { current, next: sent, isOwned, admitted, settlement }: Replacement & { settlement: Settlement },
): Promise<CachedObject | undefined> {
  const { definition } = target.form;
  const { strategy } = definition;
  const old = current.object;
  const { name } = target.address;
  checkPreconditions(target, sent, current);
  const next = limitToSubresource(target, sent, old);
  keepSystemFields(next, current);
  const strategyInput = strategyContext(core, target, context);
  // What plug-ins and the strategy add has no owner, as upstream.
  if (!isOwned) recordOwnership(target, context, { object: next, old, now: strategyInput.now });
  const attributes = admitted ?? attributesOf(target, { operation: "UPDATE", context, name, object: next, old, settlement });
  if (admitted === undefined) await mutateWithinLimits(core.admission, target, { ...attributes, object: next });
  await strategy.load?.(next);
  keepGeneration(next, old);
  strategy.prepareForUpdate?.(next, old, strategyInput);
  const errors = validateObjectMetaUpdate(next.metadata, old.metadata);
  errors.push(
    ...(await versionErrors(target, context, { object: next, old })),
    ...(strategy.validateUpdate?.(next, old, strategyInput) ?? []),
  );
  refuseInvalid(target, name, errors);
  warnAbout(target, context, next, old);
  await core.admission.validate(attributes);
  if (isReadyToGo(target, next)) return commitDeletion(core, target, current, context);
  if (deepEqual(next, old)) return current;
  return commitObject(core, target, next, { name, revision: current.revision, context });
}

/** @throws {StatusError} 409 when the object is another one, or another version of it, than the client thinks. */
function checkPreconditions(target: Target, next: UnstructuredObject, current: CachedObject): void {
  const { uid, resourceVersion = "" } = next.metadata;
  const { definition } = target.form;
  const currentUid = current.object.metadata.uid;
  if (uid !== undefined && uid !== "" && uid !== currentUid) {
    const cause = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${currentUid}`;
    throw newConflict(target.qualified, target.address.name, cause);
  }
  if (resourceVersion === "" || resourceVersion === "0") {
    if (definition.strategy.allowUnconditionalUpdate ?? !definition.isCustom) return;
    const { group, resource } = target.served.definition;
    throw newInvalid({ group, kind: resource }, target.address.name, [
      invalidField("metadata.resourceVersion", 0, "must be specified for an update"),
    ]);
  } else if (resourceVersion !== String(current.revision)) {
    throw newConflict(target.qualified, target.address.name);
  }
}

/** Clients need not repeat what they cannot choose. */
function keepSystemFields(next: UnstructuredObject, current: CachedObject): void {
  const { metadata } = next;
  const old = current.object.metadata;
  metadata.resourceVersion = String(current.revision);
  delete metadata.selfLink;
  metadata.uid ||= old.uid as string;
  metadata.creationTimestamp ||= old.creationTimestamp ?? null;
  if (metadata.creationTimestamp === null) delete metadata.creationTimestamp;
  if (old.deletionTimestamp !== undefined) metadata.deletionTimestamp ??= old.deletionTimestamp;
  if (old.deletionGracePeriodSeconds !== undefined) metadata.deletionGracePeriodSeconds ??= old.deletionGracePeriodSeconds;
}

function keepGeneration(next: UnstructuredObject, old: Readonly<UnstructuredObject>): void {
  if (old.metadata.generation === undefined) delete next.metadata.generation;
  else next.metadata.generation = old.metadata.generation;
}

/** Whether only a finalizer kept the object, and it is gone now. */
function isReadyToGo(target: Target, next: UnstructuredObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds } = next.metadata;
  if (deletionTimestamp === undefined || (deletionGracePeriodSeconds ?? 0) !== 0) return false;
  return !hasPendingFinalizers(target, next);
}
