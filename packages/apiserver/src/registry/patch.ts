import {
  applyJsonPatch,
  applyMergePatch,
  applyOrThrow,
  applyStrategicMergePatch,
  checkTyped,
  cloneJson,
  decodeJson,
  decodeText,
  decodeYaml,
  DecodeError,
  deepEqual,
  goText,
  invalidField,
  isPlainObject,
  jsonKindOf,
  JsonSyntaxError,
  newBadRequest,
  newInvalid,
  newNotFound,
  newUnsupportedMediaType,
  requiredField,
  StatusError,
  strictDecodingMessage,
  strictDecodingTexts,
  type UnstructuredObject,
} from "@coracle/apimachinery";
import type { CachedObject } from "../cacher/index.ts";
import { settleNamespace } from "./check.ts";
import type { ObjectView, PatchBody, RequestContext, WriteResult } from "./contract.ts";
import { insertObject } from "./create.ts";
import { retryOnRace } from "./current.ts";
import { defaultAndConvert, expectedGvk, shapeObject, withTypeMeta } from "./decode.ts";
import { resetFieldsFor } from "./managed-fields.ts";
import { stripUndefined } from "./own-copy.ts";
import { keyOf, strategyContext, type RegistryCore, type Target } from "./target.ts";
import { checkAppliedTypeMeta } from "./type-meta.ts";
import { replaceObject } from "./update.ts";

export const applyContentType = "application/apply-patch+yaml";
const patchTypes = ["application/json-patch+json", "application/merge-patch+json"];
const strategicType = "application/strategic-merge-patch+json";

/** A patch that has been read: how it changes a value. */
interface ReadPatch {
  readonly duplicateFields: readonly string[];
  apply(value: unknown): unknown;
  /** For refusals: what was applied to the value or came out of it, as upstream shows it. */
  show(value: unknown): string;
}

/** Serves a PATCH of an object or of a subresource that shares its kind. */
export async function patchObject(core: RegistryCore, target: Target, context: RequestContext, patch: PatchBody): Promise<WriteResult> {
  if (patch.contentType === applyContentType) return applyPatch(core, target, context, patch);
  const read = await readPatch(target, context, patch);
  const { definition, version } = target.served;
  return retryOnRace(core, target, keyOf(target), async (current) => {
    if (current === undefined) throw newNotFound(target.qualified, target.address.name);
    const patched = read.apply(current.view(definition, version).object);
    const next = patchedObject(target, context, read, { patched, show: () => read.show(current.view(definition, version).object) });
    const view = await replaceObject(core, target, context, { current, next, isOwned: false });
    return view === undefined ? undefined : { view, isCreated: false };
  });
}

/** The patch, ready to be applied. @throws {StatusError} 400 or 415. */
export async function readPatch(target: Target, context: RequestContext, patch: PatchBody): Promise<ReadPatch> {
  const { definition, version } = target.served;
  const accepted = definition.isCustom ? patchTypes : [...patchTypes, strategicType];
  if (!accepted.includes(patch.contentType)) throw newUnsupportedMediaType([...accepted, applyContentType]);
  const { value, duplicateFields } = readPatchBody(patch, context.fieldValidation !== "Ignore");
  const schema = target.subresource?.kind.kind === definition.kind || target.subresource === undefined ? version.schema : undefined;
  const apply = (original: unknown): unknown => {
    if (patch.contentType === "application/json-patch+json") return applyJsonPatch(original, value);
    if (patch.contentType === strategicType && schema !== undefined) return applyStrategicMergePatch(schema, original, value);
    return applyMergePatch(original, value);
  };
  const show = (original: unknown): string =>
    patch.contentType === strategicType ? goText(value) : JSON.stringify(sortedAlong(apply(original), value));
  return { duplicateFields, apply, show };
}

function readPatchBody(patch: PatchBody, findDuplicates: boolean): { value: unknown; duplicateFields: readonly string[] } {
  const { body } = patch;
  if (body.type === "value") return { value: body.value, duplicateFields: [] };
  if (body.type === "object") return { value: body.object, duplicateFields: [] };
  try {
    const decoded = decodeJson(body.data, { findDuplicates });
    checkPatchShape(patch.contentType, decoded.value);
    return decoded;
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw newBadRequest(`error decoding patch: ${error.message}`);
    throw error;
  }
}

/** Whether the patch is an object, or, for JSON patches, a list. Null passes here, as in Go. @throws {StatusError} 400. */
function checkPatchShape(contentType: string, value: unknown): void {
  const isList = contentType === "application/json-patch+json";
  if (value === null || (isList ? Array.isArray(value) : isPlainObject(value))) return;
  const type = isList ? "jsonpatch.Patch" : "map[string]interface {}";
  throw newBadRequest(`error decoding patch: json: cannot unmarshal ${jsonKindOf(value)} into Go value of type ${type}`);
}

/** The patched value as an object in the storage version. @throws {StatusError} 400 or 422. */
function patchedObject(
  target: Target,
  context: RequestContext,
  patch: ReadPatch,
  { patched, show }: { patched: unknown; show: () => string },
): UnstructuredObject {
  const { object, unknownFields } = shapePatched(target, patched, show);
  const texts = strictDecodingTexts(unknownFields, patch.duplicateFields);
  if (texts.length > 0 && context.fieldValidation === "Strict") {
    throw unfit(show(), strictDecodingMessage(texts));
  }
  if (context.fieldValidation === "Warn") for (const text of texts) context.warn(text);
  settleNamespace(target, object);
  const { name } = object.metadata;
  if (name !== target.address.name) {
    throw newBadRequest(`the name of the object (${name ?? ""}) does not match the name on the URL (${target.address.name})`);
  }
  return defaultAndConvert(target, object);
}

/** @throws {StatusError} 400, or 422 where the patch brought in what does not fit. */
function shapePatched(
  target: Target,
  patched: unknown,
  show: () => string,
): { object: UnstructuredObject; unknownFields: readonly string[] } {
  try {
    const object = withTypeMeta(patched, expectedGvk(target));
    return { object, unknownFields: shapeObject(target, object) };
  } catch (error) {
    if (!(error instanceof StatusError && error.cause instanceof DecodeError)) throw error;
    throw unfit(show(), error.cause.message);
  }
}

function unfit(shown: string, message: string): StatusError {
  return newInvalid({ group: "", kind: "" }, "", [invalidField("patch", shown, message)]);
}

/** Go's maps have their keys in order: those of the object itself, and of what a patch reaches into. */
function sortedAlong(value: unknown, patch: unknown): unknown {
  if (!isPlainObject(value)) return value;
  const sorted = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  const within = (name: string): unknown => (isPlainObject(patch) && Object.hasOwn(patch, name) ? patch[name] : undefined);
  return Object.fromEntries(sorted.map(([name, each]) => [name, isPlainObject(within(name)) ? sortedAlong(each, within(name)) : each]));
}

/** Server-side apply: creates what is missing. */
async function applyPatch(core: RegistryCore, target: Target, context: RequestContext, patch: PatchBody): Promise<WriteResult> {
  if (!context.hasExplicitFieldManager) {
    const finding = requiredField("fieldManager", "is required for apply patch");
    throw newInvalid({ group: "meta.k8s.io", kind: "PatchOptions" }, "", [finding]);
  }
  const applied = await readApplied(target, context, patch);
  return retryOnRace(core, target, keyOf(target), async (current) => {
    if (current === undefined && (target.address.subresource !== "" || applied.metadata.uid)) {
      throw newNotFound(target.qualified, target.address.name);
    }
    const merged = merge(core, target, context, { applied, current, force: patch.force });
    if (current === undefined) return createApplied(core, target, context, merged.object);
    if (!merged.isChanged) return { view: current.view(target.served.definition, target.served.version), isCreated: false };
    const view = await replaceApplied(core, target, context, { current, object: merged.object, applied });
    return view === undefined ? undefined : { view, isCreated: false };
  });
}

async function readApplied(target: Target, context: RequestContext, patch: PatchBody): Promise<UnstructuredObject> {
  const { value, duplicateFields } = await readAppliedBody(patch);
  if (patch.body.type === "bytes") checkAppliedTypeMeta(value, expectedGvk(target));
  const object = withTypeMeta(value, expectedGvk(target));
  checkTyped(target.served.version.schema, object);
  const shaped = cloneJson(object);
  const texts = strictDecodingTexts(shapeObject(target, shaped, { keepsZeros: true }), duplicateFields);
  if (texts.length > 0 && context.fieldValidation !== "Ignore") {
    if (context.fieldValidation === "Strict") throw newBadRequest(strictDecodingMessage(texts));
    for (const text of texts) context.warn(text);
  }
  settleNamespace(target, shaped);
  const { name } = target.address;
  if (shaped.metadata.name !== undefined && shaped.metadata.name !== name) {
    throw newBadRequest(`metadata.name (${shaped.metadata.name}) does not match the name on the URL (${name})`);
  }
  shaped.metadata.name = name;
  return shaped;
}

async function readAppliedBody({ body }: PatchBody): Promise<{ value: unknown; duplicateFields: readonly string[] }> {
  if (body.type === "value") return { value: stripUndefined(body.value), duplicateFields: [] };
  if (body.type === "object") return { value: stripUndefined(body.object), duplicateFields: [] };
  try {
    const text = decodeText(body.data);
    // Most clients send JSON under the name of YAML, which it is; reading it as JSON spares the large parser.
    if (text.trimStart().startsWith("{")) return decodeJson(text, { findDuplicates: true });
    const { value, duplicateKeys } = await decodeYaml(text);
    return { value, duplicateFields: duplicateKeys };
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw newBadRequest(`error decoding YAML: ${error.message}`);
    throw error;
  }
}

function merge(
  core: RegistryCore,
  target: Target,
  context: RequestContext,
  { applied, current, force }: { applied: UnstructuredObject; current: CachedObject | undefined; force: boolean },
): { object: UnstructuredObject; isChanged: boolean } {
  const { definition, version } = target.served;
  return applyOrThrow({
    schema: version.schema,
    live: current?.view(definition, version).object,
    applied,
    manager: context.fieldManager,
    force,
    version: applied.apiVersion,
    subresource: target.address.subresource,
    now: strategyContext(core, target, context).now,
    resetFields: resetFieldsFor(target),
    ...(target.inVersion !== undefined && { inVersion: target.inVersion }),
  });
}

async function createApplied(
  core: RegistryCore,
  target: Target,
  context: RequestContext,
  object: UnstructuredObject,
): Promise<WriteResult | undefined> {
  delete object.metadata.resourceVersion;
  const next = storedForm(target, object);
  const view = await insertObject(core, target, context, { object: next, isOwned: true });
  return { view, isCreated: true };
}

/** Zeros that were applied are owned; stored they are not. */
function storedForm(target: Target, object: UnstructuredObject): UnstructuredObject {
  if (!target.served.definition.isCustom) shapeObject(target, object);
  return defaultAndConvert(target, object);
}

/** Nothing changes but when something was applied last, which is no reason to write. */
function isSameButTimes(next: Readonly<UnstructuredObject>, old: Readonly<UnstructuredObject>): boolean {
  const without = ({ metadata, ...rest }: Readonly<UnstructuredObject>): object => {
    const { managedFields, resourceVersion: _, ...others } = metadata;
    return { ...rest, metadata: others, managedFields: managedFields?.map(({ time: _time, ...entry }) => entry) };
  };
  return deepEqual(without(next), without(old));
}

async function replaceApplied(
  core: RegistryCore,
  target: Target,
  context: RequestContext,
  { current, object, applied }: { current: CachedObject; object: UnstructuredObject; applied: UnstructuredObject },
): Promise<ObjectView | undefined> {
  // Only what was applied counts as a precondition.
  object.metadata.resourceVersion = applied.metadata.resourceVersion || String(current.revision);
  const next = storedForm(target, object);
  const { definition, version } = target.served;
  if (isSameButTimes(next, current.object)) return current.view(definition, version);
  return replaceObject(core, target, context, { current, next, isOwned: true });
}
