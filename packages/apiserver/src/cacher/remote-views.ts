import { assert } from "@coracle/base";
import { cloneJson, encodeObject, formatApiVersion, type ResourceDefinition, type UnstructuredObject } from "@coracle/apimachinery";
import type { ServedResource } from "../registry/contract.ts";
import { CachedObject, fitToSchema, type StoredForm } from "./cached-object.ts";

/** Objects of one request to a webhook. */
const batchSize = 500;

/**
 * Has the objects converted that a webhook must convert before they can be shown in a version; the others are ready. Each is converted
 * once. @throws {StatusError} 500 when the webhook fails.
 */
export async function prepareViews({ definition, version }: ServedResource, objects: readonly CachedObject[]): Promise<void> {
  if (definition.convertRemotely === undefined) return;
  const missing = objects.filter((object) => !object.hasView(definition, version));
  const apiVersion = formatApiVersion(definition.group, version.version);
  for (let start = 0; start < missing.length; start += batchSize) {
    const batch = missing.slice(start, start + batchSize);
    const converted = await convert(definition, apiVersion, batch);
    batch.forEach((object, index) => {
      const view = converted[index] as UnstructuredObject;
      fitToSchema(version, view);
      object.keepView(definition, version, view);
    });
  }
}

/** The objects in the version, each the caller's own. */
async function convert(
  definition: ResourceDefinition,
  apiVersion: string,
  objects: readonly CachedObject[],
): Promise<UnstructuredObject[]> {
  const foreign = objects.filter(({ object }) => object.apiVersion !== apiVersion).map(({ object }) => object);
  const converted = foreign.length === 0 ? [] : ((await definition.convertRemotely?.(foreign, apiVersion)) ?? []);
  assert(converted.length === foreign.length, "the conversion lost objects");
  // Stored in the version asked for, though that is not the storage version any more.
  return objects.map(({ object }) => (object.apiVersion === apiVersion ? cloneJson(object) : converted.shift()) as UnstructuredObject);
}

/** The object as if it were stored in `form`, the form of the version asked for. */
export async function readIn(form: StoredForm, served: ServedResource, object: CachedObject): Promise<CachedObject> {
  if (object.form === form || served.definition.convertRemotely === undefined) return object;
  await prepareViews(served, [object]);
  const view = object.view(served.definition, served.version);
  return new CachedObject(form, { key: object.key, revision: object.revision, stored: encodeObject(view.object) });
}
