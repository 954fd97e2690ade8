import { newNotFound, type UnstructuredObject } from "@coracle/apimachinery";
import type { CachedObject } from "../cacher/cached-object.ts";
import { Matcher } from "../cacher/index.ts";
import { viewOf } from "./actions.ts";
import type { ListQuery, ListView, ObjectView, ResourceAddress, ServedResource } from "./contract.ts";

/** Where objects come from that are worked out when somebody asks: they can be read and listed, and are stored nowhere. */
export interface ComputedSource {
  /** Undefined when there is none of that name. */
  get(namespace: string, name: string): Promise<UnstructuredObject | undefined>;
  /** Of all namespaces when it is empty. */
  list(namespace: string): Promise<readonly UnstructuredObject[]>;
}

/** By `resource.group`; `componentstatuses` in the core group. */
export type ComputedSources = Readonly<Record<string, ComputedSource>>;

/** @throws {StatusError} 404. */
export async function getComputed(source: ComputedSource, { definition }: ServedResource, address: ResourceAddress): Promise<ObjectView> {
  const object = await source.get(address.namespace, address.name);
  if (object === undefined) throw newNotFound(definition, address.name);
  return viewOf(object);
}

/** Such a list has no revision, and comes as a whole. */
export async function listComputed(
  source: ComputedSource,
  served: ServedResource,
  { address, query }: { readonly address: ResourceAddress; readonly query: ListQuery },
): Promise<ListView> {
  const matcher = new Matcher(served, query.labelSelector, query.fieldSelector);
  const objects = await source.list(address.namespace);
  return { items: objects.filter((object) => matcher.matches(asMatched(object))).map(viewOf), resourceVersion: "" };
}

/** As much of a cached object as selectors look at. */
function asMatched(object: UnstructuredObject): CachedObject {
  const { name = "", namespace = "" } = object.metadata;
  const matched: Pick<CachedObject, "object" | "name" | "namespace" | "view"> = { object, name, namespace, view: () => viewOf(object) };
  return matched as CachedObject;
}
