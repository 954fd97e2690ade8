import {
  applyDefaults,
  cannotHandleMessage,
  DecodeError,
  decodeJson,
  decodeText,
  decodeYaml,
  formatApiVersion,
  isPlainObject,
  jsonKindOf,
  JsonSyntaxError,
  newBadRequest,
  newUnsupportedMediaType,
  normalise,
  prune,
  strictDecodingMessage,
  strictDecodingTexts,
  typeMetaMismatch,
  type StatusError,
  type GroupVersionKind,
  type NormaliseOptions,
  type Schema,
  type UnstructuredObject,
} from "@coracle/apimachinery";
import { toStorage } from "../cacher/index.ts";
import { bodySummary } from "./body-summary.ts";
import type { RequestBody, RequestContext } from "./contract.ts";
import { stripUndefined } from "./own-copy.ts";
import type { Target } from "./target.ts";
import { checkCustomTypeMeta, otherKind } from "./type-meta.ts";

interface Decoded {
  readonly value: unknown;
  readonly duplicateFields: readonly string[];
}

/** Reads a body without looking at what it means. @throws {StatusError} 400 or 415. */
export async function decodeValue(body: RequestBody, expectedKind: string, findDuplicates: boolean): Promise<Decoded> {
  if (body.type === "object") return { value: stripUndefined(body.object), duplicateFields: [] };
  try {
    switch (body.contentType) {
      case "application/json":
      case "":
        return decodeJson(body.data, { findDuplicates });
      case "application/yaml": {
        const { value, duplicateKeys } = await decodeYaml(decodeText(body.data));
        return { value, duplicateFields: duplicateKeys };
      }
      default:
        throw newUnsupportedMediaType(["application/json", "application/yaml"]);
    }
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw unrecognised(error.message, { data: body.data, kind: expectedKind });
  }
}

function unrecognised(message: string, { data, kind }: { readonly data: Uint8Array; readonly kind: string }): StatusError {
  const cause = `couldn't get version/kind; json parse error: ${message}`;
  return newBadRequest(`the object provided is unrecognized (must be of type ${kind}): ${cause} (${bodySummary(data)})`);
}

/** Reads the object of a request in the version of its path, and gives warnings about fields that do not exist. @throws {StatusError} */
export async function decodeObject(target: Target, context: RequestContext, body: RequestBody): Promise<UnstructuredObject> {
  const gvk = expectedGvk(target);
  const { value, duplicateFields } = await decodeValue(body, gvk.kind, context.fieldValidation !== "Ignore");
  if (body.type === "bytes" && !isPlainObject(value) && value !== null) {
    throw unrecognised(typeMetaMismatch(value), { data: body.data, kind: gvk.kind });
  }
  if (body.type === "bytes" && target.served.definition.isCustom) checkCustomTypeMeta(value, body.data, gvk);
  // As in Go, null leaves everything as it is: unset.
  const object = withTypeMeta(value ?? {}, gvk);
  const unknownFields = shapeObject(target, object);
  const texts = strictDecodingTexts(
    unknownFields,
    target.served.definition.isCustom ? duplicateFields : knownOf(duplicateFields, unknownFields),
  );
  if (texts.length > 0 && context.fieldValidation === "Strict") {
    throw newBadRequest(cannotHandleMessage(gvk, strictDecodingMessage(texts)));
  }
  if (context.fieldValidation === "Warn") for (const text of texts) context.warn(text);
  return object;
}

/** Upstream's decoder of built-in kinds skips what it does not know, whatever is in it. */
function knownOf(duplicates: readonly string[], unknown: readonly string[]): readonly string[] {
  return duplicates.filter((path) => !unknown.some((each) => path.startsWith(each) && /^$|^[.[]/.test(path.slice(each.length))));
}

/** The kind that the target's main resource has in the version of the path. */
export function expectedGvk(target: Target): GroupVersionKind {
  const { definition, version } = target.served;
  return { group: definition.group, version: version.version, kind: definition.kind };
}

/** Checks apiVersion and kind against what is expected, and fills them in. @throws {StatusError} 400. */
export function withTypeMeta(value: unknown, gvk: GroupVersionKind): UnstructuredObject {
  if (!isPlainObject(value)) {
    throw newBadRequest(
      cannotHandleMessage(gvk, `json: cannot unmarshal ${jsonKindOf(value)} into Go value of type ${gvk.version}.${gvk.kind}`),
    );
  }
  const object = value as UnstructuredObject;
  const apiVersion = formatApiVersion(gvk.group, gvk.version);
  if (object.kind !== undefined && object.kind !== null && object.kind !== "" && object.kind !== gvk.kind) {
    throw otherKind(String(object.apiVersion ?? apiVersion), String(object.kind), gvk);
  }
  if (object.apiVersion !== undefined && object.apiVersion !== null && object.apiVersion !== "" && object.apiVersion !== apiVersion) {
    const found = String(object.apiVersion);
    throw newBadRequest(`the API version in the data (${found}) does not match the expected API version (${apiVersion})`);
  }
  object.apiVersion = apiVersion;
  object.kind = gvk.kind;
  if (object.metadata === undefined || object.metadata === null) object.metadata = {};
  if (!isPlainObject(object.metadata)) {
    const found = jsonKindOf(object.metadata);
    const message = `json: cannot unmarshal ${found} into Go struct field ${gvk.kind}.metadata of type v1.ObjectMeta`;
    throw undecodable(gvk, new DecodeError(message));
  }
  return object;
}

/** Gives the object the form its version's schema asks for, in place; returns the unknown fields. @throws {StatusError} 400. */
export function shapeObject(target: Target, object: UnstructuredObject, options: NormaliseOptions = {}): readonly string[] {
  const { definition, version } = target.served;
  if (definition.isCustom) {
    const unknown = shapeMetadata(target, object);
    return [...unknown, ...prune(version.schema, object)];
  }
  return normaliseOrThrow(version.schema, object, expectedGvk(target), options);
}

export function normaliseOrThrow(schema: Schema, object: object, gvk: GroupVersionKind, options: NormaliseOptions = {}): readonly string[] {
  try {
    return normalise(schema, object, options).unknownFields;
  } catch (error) {
    throw error instanceof DecodeError ? undecodable(gvk, error) : error;
  }
}

/** The refusal of an object that does not fit its schema; its cause is the {@link DecodeError}. */
function undecodable(gvk: GroupVersionKind, cause: DecodeError): StatusError {
  return Object.assign(newBadRequest(cannotHandleMessage(gvk, cause)), { cause });
}

/** Metadata is the same for all kinds, and read like that of the built-in ones. */
function shapeMetadata(target: Target, object: UnstructuredObject): string[] {
  const schema = target.served.version.schema.properties?.["metadata"];
  if (schema?.properties === undefined) return [];
  return normaliseOrThrow(schema, object.metadata, expectedGvk(target)).map((path) => `metadata.${path}`);
}

/** Sets the defaults of the version asked for, converts, and sets what depends on other fields. The result is the caller's. */
export function defaultAndConvert(target: Target, object: UnstructuredObject): UnstructuredObject {
  const { definition, version } = target.served;
  applyDefaults(version.schema, object);
  version.applyDefaults?.(object);
  const stored = toStorage(target.form, version, object);
  if (stored !== object) {
    if (definition.isCustom) prune(target.form.version.schema, stored);
    applyDefaults(target.form.version.schema, stored);
  }
  target.form.definition.strategy.applyDefaults?.(stored);
  return stored;
}
