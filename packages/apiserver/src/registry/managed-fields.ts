import { resetFieldsOf, updateManagedFields, type UnstructuredObject } from "@coracle/apimachinery";
import { fromStorage } from "../cacher/index.ts";
import type { RequestContext } from "./contract.ts";
import type { Target } from "./target.ts";

/** Sets `metadata.managedFields` of an object (in the storage version) for a write that is no server-side apply. */
export function recordOwnership(
  target: Target,
  context: RequestContext,
  change: { readonly object: UnstructuredObject; readonly old: Readonly<UnstructuredObject> | undefined; readonly now: string },
): void {
  const { definition, version } = target.served;
  const { object, old, now } = change;
  const next = fromStorage(definition, version, object);
  const entries = updateManagedFields({
    schema: version.schema,
    old: old === undefined ? undefined : fromStorage(definition, version, old),
    new: next,
    manager: context.fieldManager,
    subresource: target.address.subresource,
    version: next.apiVersion,
    now,
    resetFields: resetFieldsFor(target),
    ...(target.inVersion !== undefined && { inVersion: target.inVersion }),
  });
  if (entries === undefined) delete object.metadata.managedFields;
  else object.metadata.managedFields = entries;
}

export function resetFieldsFor(target: Target): ReturnType<typeof resetFieldsOf> {
  return resetFieldsOf(hasStatusSubresource(target), target.address.subresource, target.served.definition);
}

export function hasStatusSubresource(target: Target): boolean {
  return target.served.version.subresources.some(({ name }) => name === "status");
}
