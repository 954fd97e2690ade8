import { answersWithDeleted } from "@coracle/api";
import {
  cloneJson,
  formatTime,
  newConflict,
  newNotFound,
  parseTime,
  successStatus,
  type DeleteOptions,
  type ObjectMeta,
  type QualifiedName,
  type Status,
  type UnstructuredObject,
} from "@coracle/apimachinery";
import type { CachedObject } from "../cacher/index.ts";
import { commitDeletion, commitObject } from "./commit.ts";
import type { ObjectView, RequestContext } from "./contract.ts";
import { retryOnRace } from "./current.ts";
import { finalizersForDeletion, hasPendingFinalizers } from "./finalizers.ts";
import { attributesOf, keyOf, operationOptions, Settlement, type RegistryCore, type Target } from "./target.ts";

export interface Deletion {
  readonly view: ObjectView | Status;
  readonly isAccepted: boolean;
  /** The object as it is now, or was at last. */
  readonly object: CachedObject;
}

/** Serves a DELETE of one object. */
export async function deleteObject(core: RegistryCore, target: Target, context: RequestContext, options: DeleteOptions): Promise<Deletion> {
  const asDryRun = context.isDryRun || (options.dryRun?.includes("All") ?? false);
  const { orphaningWarning } = target.form.definition.strategy;
  if (orphaningWarning !== undefined && !options.propagationPolicy && (options.orphanDependents ?? undefined) === undefined)
    context.warn(orphaningWarning);
  const effective: RequestContext = asDryRun && !context.isDryRun ? withDryRun(context) : context;
  const { object, isGone } = await retryOnRace(core, target, keyOf(target), (current) =>
    attemptDeletion(core, target, effective, { current, options }),
  );
  const { definition, version } = target.served;
  if (!isGone) return { view: object.view(definition, version), isAccepted: options.orphanDependents === false, object };
  const view = answersWithDeleted(definition) ? object.view(definition, version) : deletedStatus(target, object);
  return { view, isAccepted: false, object };
}

/** A copy of the context that only tries. */
function withDryRun(context: RequestContext): RequestContext {
  const { user, signal, fieldManager, hasExplicitFieldManager, fieldValidation } = context;
  return {
    user,
    signal,
    fieldManager,
    hasExplicitFieldManager,
    fieldValidation,
    isDryRun: true,
    warn: (text) => context.warn(text),
    annotate: (...annotation) => context.annotate?.(...annotation),
  };
}

function deletedStatus(target: Target, object: CachedObject): Status {
  const { group, resource } = target.served.definition;
  const { uid } = object.object.metadata;
  return successStatus({ name: object.name, ...(group !== "" && { group }), kind: resource, ...(uid !== undefined && { uid }) });
}

interface Outcome {
  readonly object: CachedObject;
  readonly isGone: boolean;
}

async function attemptDeletion(
  core: RegistryCore,
  target: Target,
  context: RequestContext,
  { current, options }: { current: CachedObject | undefined; options: DeleteOptions },
): Promise<Outcome | undefined> {
  const { name } = target.address;
  if (current === undefined) throw newNotFound(target.qualified, name);
  const settlement = new Settlement();
  let outcome: Outcome | undefined;
  try {
    checkDeletePreconditions(target, current, options);
    const attributes = attributesOf(target, {
      operation: "DELETE",
      context,
      name,
      ...(target.isItem && { requestName: "" }),
      old: current.object,
      options: { ...options, ...operationOptions("DELETE", context) },
      settlement,
    });
    await core.admission.mutate(attributes);
    await core.admission.validate(attributes);
    outcome = await carryOut(core, target, context, { current, options });
  } finally {
    settlement.settle(outcome !== undefined && !context.isDryRun);
  }
  return outcome;
}

function checkDeletePreconditions(target: Target, current: CachedObject, { preconditions }: DeleteOptions): void {
  const { uid } = current.object.metadata;
  if (preconditions?.uid && preconditions.uid !== uid) {
    const difference = `the UID in the precondition (${preconditions.uid}) does not match the UID in record (${uid})`;
    throw newConflict(kindOf(target), target.address.name, `${difference}. The object might have been deleted and then recreated`);
  }
  const version = String(current.revision);
  if (preconditions?.resourceVersion && preconditions.resourceVersion !== version) {
    const asked = preconditions.resourceVersion;
    const difference = `the ResourceVersion in the precondition (${asked}) does not match the ResourceVersion in record (${version})`;
    throw newConflict(kindOf(target), target.address.name, `${difference}. The object might have been modified`);
  }
}

/** Here upstream names the kind, not the resource. */
function kindOf({ served }: Target): QualifiedName {
  return { group: served.definition.group, resource: served.definition.kind };
}

async function carryOut(
  core: RegistryCore,
  target: Target,
  context: RequestContext,
  { current, options }: { current: CachedObject; options: DeleteOptions },
): Promise<Outcome | undefined> {
  const next = nextState(core, target, current, options);
  if (next === "unchanged") return { object: current, isGone: false };
  if (next === "gone") {
    const object = await commitDeletion(core, target, current, context);
    return object === undefined ? undefined : { object, isGone: true };
  }
  const { name } = target.address;
  const object = await commitObject(core, target, next, { name, revision: current.revision, context });
  return object === undefined ? undefined : { object, isGone: false };
}

/** What a deletion makes of an object: nothing, the object marked, or no object at all. */
function nextState(
  core: RegistryCore,
  target: Target,
  current: CachedObject,
  options: DeleteOptions,
): "gone" | "unchanged" | UnstructuredObject {
  const old = current.object;
  const grace = graceOf(target, old, options);
  if (grace === "pending") return "unchanged";
  const finalizers = finalizersForDeletion(target, old, options);
  const held: UnstructuredObject = { ...old, metadata: { ...old.metadata, finalizers } };
  const isHeld = hasPendingFinalizers(target, held);
  if ((grace === undefined || grace === 0) && !isHeld) return "gone";
  const next = cloneJson(old) as UnstructuredObject;
  const { metadata } = next;
  if (finalizers.length > 0) metadata.finalizers = finalizers;
  else delete metadata.finalizers;
  mark(metadata, grace ?? 0, core.clock.now());
  return sameMark(metadata, old.metadata) ? "unchanged" : next;
}

/** Seconds that the object lingers; undefined where its kind knows no grace; "pending" when it is going already, and soon enough. */
function graceOf(target: Target, old: Readonly<UnstructuredObject>, options: DeleteOptions): number | undefined | "pending" {
  const { strategy } = target.form.definition;
  if (strategy.gracePeriodSeconds === undefined) return undefined;
  const requested = options.gracePeriodSeconds ?? undefined;
  const { deletionTimestamp, deletionGracePeriodSeconds } = old.metadata;
  if (deletionTimestamp === undefined) {
    const seconds = strategy.gracePeriodSeconds(old, requested);
    return seconds === undefined ? undefined : Math.max(0, seconds);
  }
  if (deletionGracePeriodSeconds === undefined) return 0;
  if (requested === undefined || requested >= deletionGracePeriodSeconds) {
    return deletionGracePeriodSeconds === 0 && (old.metadata.finalizers?.length ?? 0) === 0 ? 0 : "pending";
  }
  return Math.max(0, requested);
}

function mark(metadata: ObjectMeta, graceSeconds: number, nowMs: number): void {
  const { deletionTimestamp, deletionGracePeriodSeconds: before = 0 } = metadata;
  const startMs = deletionTimestamp === undefined ? nowMs : parseTime(deletionTimestamp) - before * 1000;
  if (deletionTimestamp === undefined && metadata.generation !== undefined) metadata.generation++;
  // An object without grace keeps the time at which its deletion was first asked for.
  if (deletionTimestamp === undefined || graceSeconds < before) metadata.deletionTimestamp = formatTime(startMs + graceSeconds * 1000);
  metadata.deletionGracePeriodSeconds = deletionTimestamp === undefined ? graceSeconds : Math.min(graceSeconds, before);
}

function sameMark(left: ObjectMeta, right: ObjectMeta): boolean {
  return (
    left.deletionTimestamp === right.deletionTimestamp &&
    left.deletionGracePeriodSeconds === right.deletionGracePeriodSeconds &&
    JSON.stringify(left.finalizers ?? []) === JSON.stringify(right.finalizers ?? [])
  );
}
