import {
  formatApiVersion,
  newMethodNotAllowed,
  newPathNotFound,
  type Status,
  type SubresourceDefinition,
  type UnstructuredObject,
} from "@coracle/apimachinery";
import type { ActionHandler, ObjectView, RequestBody, RequestContext, ResourceAddress, ServedResource } from "./contract.ts";
import { decodeValue, normaliseOrThrow, withTypeMeta } from "./decode.ts";
import { qualifiedNameOf } from "./resource-table.ts";
import { attributesOf, Settlement, type RegistryCore } from "./target.ts";

/** Handlers by `resource.group`, or `resource.group/subresource`. */
export type ActionHandlers = Readonly<Record<string, ActionHandler>>;

/** Serves a POST that stores nothing by itself. @throws {StatusError} 404 or 405 where nobody does. */
export async function runAction(
  { admission, handlers }: Pick<RegistryCore, "admission"> & { readonly handlers: ActionHandlers },
  served: ServedResource,
  request: { readonly context: RequestContext; readonly address: ResourceAddress; readonly body: RequestBody },
): Promise<ObjectView | Status> {
  const { context, address, body } = request;
  const subresource = served.version.subresources.find(({ name }) => name === address.subresource);
  if (address.subresource !== "" && subresource === undefined) throw newPathNotFound();
  const name = qualifiedNameOf(served.definition);
  const handler = handlers[address.subresource === "" ? name : `${name}/${address.subresource}`];
  if (handler === undefined) throw newMethodNotAllowed(served.definition, "create");
  const object = await decodeAction(served, subresource, body);
  const settlement = new Settlement();
  try {
    const name = address.name === "" ? (object.metadata.name ?? "") : address.name;
    const attributes = attributesOf({ served, subresource, address }, { operation: "CREATE", context, name, object, settlement });
    await admission.mutate(attributes);
    await admission.validate(attributes);
    const result = await handler(context, address, inHandledVersion(served, object));
    return isStatus(result) ? result : viewOf(inServedVersion(served, result));
  } finally {
    settlement.settle(false);
  }
}

async function decodeAction(
  served: ServedResource,
  subresource: SubresourceDefinition | undefined,
  body: RequestBody,
): Promise<UnstructuredObject> {
  const { definition, version } = served;
  const gvk = subresource?.kind ?? { group: definition.group, version: version.version, kind: definition.kind };
  const { value } = await decodeValue(body, gvk.kind, false);
  if (subresource !== undefined) {
    // Older clients send older versions of the same kind (`policy/v1beta1` Eviction).
    const object = value as Partial<UnstructuredObject> | null;
    if (object !== null && typeof object === "object" && object.kind === gvk.kind)
      object.apiVersion = formatApiVersion(gvk.group, gvk.version);
    return withTypeMeta(value, gvk);
  }
  const object = withTypeMeta(value, gvk);
  normaliseOrThrow(version.schema, object, gvk);
  return object;
}

/** Handlers know the newest version of a review. */
function inHandledVersion({ definition, version }: ServedResource, object: UnstructuredObject): UnstructuredObject {
  return version.convert === undefined || object.kind !== definition.kind ? object : version.convert.toStorage(object);
}

function inServedVersion({ definition, version }: ServedResource, object: UnstructuredObject): UnstructuredObject {
  return version.convert === undefined || object.kind !== definition.kind ? object : version.convert.fromStorage(object);
}

function isStatus(result: UnstructuredObject | Status): result is Status {
  return result.kind === "Status" && result.apiVersion === "v1";
}

/** A view of an object that is stored nowhere. */
export function viewOf(object: UnstructuredObject): ObjectView {
  return { object, bytes: () => Buffer.from(JSON.stringify(object)) };
}
