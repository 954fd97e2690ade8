import {
  formatApiVersion,
  invalidField,
  isPlainObject,
  JsonPath,
  newBadRequest,
  newConflict,
  newInvalid,
  newNotFound,
  selectorFrom,
  cloneJson,
  type GroupVersionKind,
  type LabelSelector,
  type UnstructuredObject,
} from "@coracle/apimachinery";
import { fromStorage, toStorage, type CachedObject } from "../cacher/index.ts";
import type { ObjectView, PatchBody, RequestBody, RequestContext, WriteResult } from "./contract.ts";
import { retryOnRace } from "./current.ts";
import { decodeValue, withTypeMeta } from "./decode.ts";
import { applyContentType, readPatch } from "./patch.ts";
import { attributesOf, keyOf, Settlement, type RegistryCore, type Target } from "./target.ts";
import { replaceObject } from "./update.ts";

const scaleKind = { group: "autoscaling", version: "v1", kind: "Scale" } as const;

/** The kind that the version of the path has for its scales. */
function kindOf(target: Target): GroupVersionKind {
  return target.subresource?.kind ?? scaleKind;
}

/** Serves `scale`: the replicas of any kind that says where it keeps them. */
export function scaleOf(target: Target, current: CachedObject): ObjectView {
  const { definition, version } = target.served;
  const object = scaleObject(target, current.view(definition, version).object);
  return { object, bytes: () => Buffer.from(JSON.stringify(object)) };
}

function scaleObject(target: Target, source: Readonly<UnstructuredObject>): UnstructuredObject {
  const paths = target.subresource?.scale;
  if (paths === undefined) throw newNotFound(target.qualified, target.address.name);
  const { name, namespace, uid, resourceVersion, creationTimestamp } = source.metadata;
  const replicas = numberAt(source, paths.specReplicasPath);
  const selector = paths.labelSelectorPath === undefined ? undefined : JsonPath.parse(paths.labelSelectorPath).get(source);
  const { group, version, kind } = kindOf(target);
  return {
    kind,
    apiVersion: formatApiVersion(group, version),
    metadata: { ...without({ name, namespace, uid, resourceVersion, creationTimestamp }) },
    spec: replicas === 0 ? {} : { replicas },
    status: { replicas: numberAt(source, paths.statusReplicasPath), ...selectorFields(selector, group) },
  };
}

/** As text; the scales of retired versions call that `targetSelector`, and have it as a map beside it where it can be one. */
function selectorFields(value: unknown, group: string): Record<string, unknown> {
  const text = selectorText(value);
  if (text === undefined || text === "") return {};
  if (group === scaleKind.group) return { selector: text };
  const { matchLabels, matchExpressions } = value as LabelSelector;
  return { ...(matchLabels !== undefined && matchExpressions === undefined && { selector: matchLabels }), targetSelector: text };
}

function without(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function numberAt(source: unknown, path: string): number {
  const value = JsonPath.parse(path).get(source);
  return typeof value === "number" ? value : 0;
}

/** Custom resources keep the selector as text, built-in kinds as an object or a map. */
function selectorText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (!isPlainObject(value)) return undefined;
  const isSelector = "matchLabels" in value || "matchExpressions" in value;
  return selectorFrom(isSelector ? (value as LabelSelector) : { matchLabels: value as Record<string, string> }).toString();
}

export async function updateScale(core: RegistryCore, target: Target, context: RequestContext, body: RequestBody): Promise<WriteResult> {
  const { value } = await decodeValue(body, "Scale", false);
  const scale = withTypeMeta(value, kindOf(target));
  const { name = "" } = scale.metadata;
  if (name !== "" && name !== target.address.name) {
    throw newBadRequest(`the name of the object (${name}) does not match the name on the URL (${target.address.name})`);
  }
  return writeScale(core, target, context, () => scale);
}

export async function patchScale(core: RegistryCore, target: Target, context: RequestContext, patch: PatchBody): Promise<WriteResult> {
  const asMerge = patch.contentType === applyContentType ? { ...patch, contentType: "application/merge-patch+json" } : patch;
  const read = await readPatch(target, context, asMerge);
  return writeScale(core, target, context, (current) => withTypeMeta(read.apply(current), kindOf(target)));
}

async function writeScale(
  core: RegistryCore,
  target: Target,
  context: RequestContext,
  change: (current: UnstructuredObject) => UnstructuredObject,
): Promise<WriteResult> {
  const { definition, version } = target.served;
  const paths = target.subresource?.scale;
  return retryOnRace(core, target, keyOf(target), async (current) => {
    if (current === undefined || paths === undefined) throw newNotFound(target.qualified, target.address.name);
    const scale = change(scaleObject(target, current.view(definition, version).object));
    checkScale(target, scale, current);
    const settlement = new Settlement();
    try {
      // Admission decides about the Scale, as upstream, not about the object behind it.
      const old = scaleObject(target, current.view(definition, version).object);
      const { name } = target.address;
      const admitted = attributesOf(target, { operation: "UPDATE", context, name, object: scale, old, settlement });
      await core.admission.mutate(admitted);
      checkScale(target, scale, current);
      const next = cloneJson(fromStorage(definition, version, current.object)) as UnstructuredObject;
      JsonPath.parse(paths.specReplicasPath).set(next, replicasOf(scale));
      const stored = toStorage(target.form, version, next);
      const view = await replaceObject(core, target, context, { current, next: stored, isOwned: false, admitted });
      if (view === undefined) return undefined;
      const object = scaleObject(target, view.object);
      return { view: { object, bytes: () => Buffer.from(JSON.stringify(object)) }, isCreated: false };
    } finally {
      settlement.settle(false);
    }
  });
}

function replicasOf(scale: UnstructuredObject): number {
  const value = (scale["spec"] as { replicas?: unknown } | undefined)?.replicas ?? 0;
  if (typeof value !== "number" || !Number.isInteger(value)) throw newBadRequest("Scale.spec.replicas must be an integer");
  return value;
}

/** @throws {StatusError} 409 or 422. */
function checkScale(target: Target, scale: UnstructuredObject, current: CachedObject): void {
  const { resourceVersion = "", uid = "" } = scale.metadata;
  if (resourceVersion !== "" && resourceVersion !== String(current.revision)) throw newConflict(target.qualified, target.address.name);
  const currentUid = current.object.metadata.uid;
  if (uid !== "" && uid !== currentUid) {
    const cause = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${currentUid}`;
    throw newConflict(target.qualified, target.address.name, cause);
  }
  const replicas = replicasOf(scale);
  if (replicas < 0) {
    const finding = invalidField("spec.replicas", replicas, "must be greater than or equal to 0");
    throw newInvalid(scaleKind, target.address.name, [finding]);
  }
}
