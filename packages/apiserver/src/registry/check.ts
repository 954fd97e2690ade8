import { newBadRequest, newInvalid, type FieldError, type UnstructuredObject } from "@coracle/apimachinery";
import { fromStorage } from "../cacher/index.ts";
import type { RequestContext } from "./contract.ts";
import type { Target } from "./target.ts";

/** Puts an object into the namespace of the path. @throws {StatusError} 400 when it names another. */
export function settleNamespace(target: Target, object: UnstructuredObject): void {
  const { metadata } = object;
  if (!target.form.definition.isNamespaced) {
    if (metadata.namespace === "") delete metadata.namespace;
    return;
  }
  const { namespace } = target.address;
  if (metadata.namespace === undefined || metadata.namespace === "") metadata.namespace = namespace;
  else if (metadata.namespace !== namespace) {
    throw newBadRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
}

/** @throws {StatusError} 400 unless the object has the name of the path. */
export function checkName(target: Target, object: UnstructuredObject): void {
  const { name: urlName } = target.address;
  const { name = "" } = object.metadata;
  if (name === "") throw newBadRequest(`the name of the object (${urlName} based on URL) was undeterminable: name must be provided`);
  if (name !== urlName) throw newBadRequest(`the name of the object (${name}) does not match the name on the URL (${urlName})`);
}

/** @throws {StatusError} 422 with all findings. */
export function refuseInvalid(target: Target, name: string, errors: readonly FieldError[]): void {
  if (errors.length === 0) return;
  const { group, kind } = target.served.definition;
  throw newInvalid({ group, kind }, name, errors);
}

/** What the rules of the version asked for say of an object in the storage version. */
export function versionErrors(
  target: Target,
  context: RequestContext,
  { object, old }: { readonly object: UnstructuredObject; readonly old?: Readonly<UnstructuredObject> },
): FieldError[] | Promise<FieldError[]> {
  const { definition, version } = target.served;
  if (version.validate === undefined) return [];
  const before = old && fromStorage(definition, version, old);
  return version.validate(fromStorage(definition, version, object), before, (text) => context.warn(text));
}

/** Sends the strategy's warnings about a new object, or about the next state of `old`. Subresources have none. */
export function warnAbout(target: Target, context: RequestContext, object: UnstructuredObject, old?: Readonly<UnstructuredObject>): void {
  if (target.address.subresource !== "") return;
  for (const text of target.form.definition.strategy.warnings?.(object, old) ?? []) context.warn(text);
}
