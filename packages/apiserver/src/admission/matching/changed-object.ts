import {
  applyDefaults,
  cloneJson,
  DecodeError,
  formatApiVersion,
  isPlainObject,
  newInternalError,
  normalise,
  prune,
  strictDecodingMessage,
  strictDecodingTexts,
  type ResourceDefinition,
  type Schema,
  type UnstructuredObject,
} from "@coracle/apimachinery";
import { storageVersionOf } from "../../cacher/cached-object.ts";
import type { Sight } from "./admitted-objects.ts";

export interface FitOptions {
  /** Whether unknown fields are refused rather than dropped; those of custom resources are always dropped. Defaults to false. */
  readonly isStrict?: boolean;
}

/**
 * What a webhook or policy made of an object, in the form of its version: unknown fields are gone. @throws {StatusError} 500 when it is no
 * object of the kind any more.
 */
export function fitToVersion(
  { definition, version, kind }: Sight,
  before: Readonly<UnstructuredObject>,
  changed: unknown,
  { isStrict = false }: FitOptions,
): UnstructuredObject {
  if (!isPlainObject(changed)) throw newInternalError(`couldn't get version/kind; json parse error: unexpected ${typeof changed}`);
  const object = cloneJson(changed) as UnstructuredObject;
  if (object.apiVersion !== before.apiVersion || object.kind !== before.kind) {
    const shown = ({ apiVersion, kind: name }: Pick<UnstructuredObject, "apiVersion" | "kind">): string =>
      `${String(apiVersion)}.${String(name)}`;
    throw newInternalError(`converting (${shown(object)}) to (${shown(before)}): unknown conversion`);
  }
  object.metadata ??= {};
  if (kind.kind !== definition.kind) return object;
  if (definition.isCustom) {
    prune(version.schema, object);
    return object;
  }
  const unknown = normaliseOrThrow(version.schema, object);
  if (isStrict && unknown.length > 0) throw newInternalError(strictDecodingMessage(strictDecodingTexts(unknown, [])));
  return object;
}

function normaliseOrThrow(schema: Schema, object: UnstructuredObject): readonly string[] {
  try {
    return normalise(schema, object).unknownFields;
  } catch (error) {
    throw error instanceof DecodeError ? newInternalError(error) : error;
  }
}

/** An object of a sight's version with its defaults, in the version in which `definition` keeps it. */
export async function inStoredVersion(
  definition: ResourceDefinition,
  sight: Sight,
  object: UnstructuredObject,
): Promise<UnstructuredObject> {
  const { version } = sight;
  const storage = storageVersionOf(definition);
  const apiVersion = formatApiVersion(definition.group, storage.version);
  const complete = cloneJson(object) as UnstructuredObject;
  applyDefaults(version.schema, complete);
  const stored = { ...(await convertToStored(sight, complete, apiVersion)), apiVersion, kind: definition.kind };
  if (definition.isCustom && apiVersion !== complete.apiVersion) {
    prune(storage.schema, stored);
    applyDefaults(storage.schema, stored);
  }
  definition.strategy.applyDefaults?.(stored);
  return stored;
}

async function convertToStored(
  { definition, version }: Sight,
  object: UnstructuredObject,
  apiVersion: string,
): Promise<UnstructuredObject> {
  if (definition.convertRemotely === undefined) return version.convert?.toStorage(object) ?? object;
  if (object.apiVersion === apiVersion) return object;
  const [converted] = await definition.convertRemotely([object], apiVersion);
  if (converted === undefined) throw newInternalError(`unable to convert to ${apiVersion}`);
  return converted;
}
