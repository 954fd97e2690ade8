import type { ParamKind, ParamRef } from "@coracle/api";
import {
  formatApiVersion,
  parseApiVersion,
  selectorFrom,
  type ResourceDefinition,
  type ResourceVersionDefinition,
  type UnstructuredObject,
} from "@coracle/apimachinery";
import { fromStorage } from "../../cacher/index.ts";
import type { AdmissionEnvironment } from "../admission.ts";

/** The resource that a policy's parameters are of. */
export interface ParamResource {
  readonly definition: ResourceDefinition;
  readonly version: ResourceVersionDefinition;
}

/** @throws {Error} in upstream's words when nothing of this kind is served. */
export function findParamResource({ apiVersion = "", kind = "" }: ParamKind, definitions: readonly ResourceDefinition[]): ParamResource {
  const { group, version } = parseApiVersion(apiVersion);
  for (const definition of definitions) {
    if (definition.group !== group || definition.kind !== kind) continue;
    const found = definition.versions.find((each) => each.isServed && each.version === version);
    if (found !== undefined) return { definition, version: found };
  }
  throw new Error(`failed to find resource referenced by paramKind: '${apiVersion}, Kind=${kind}'`);
}

export interface ParamQuery {
  readonly resource: ParamResource;
  readonly ref: ParamRef;
  /** Of the request. */
  readonly namespace: string;
}

/**
 * The parameters that a binding names, by name; an empty list when there are none and that is allowed. @throws {Error} in upstream's words when
 * there are none or they cannot be looked up.
 */
export async function collectParams(
  { resource, ref, namespace }: ParamQuery,
  environment: Pick<AdmissionEnvironment, "get" | "list">,
): Promise<readonly Readonly<UnstructuredObject>[]> {
  const { definition } = resource;
  const { name = "", selector, namespace: chosen = "" } = ref;
  if (!definition.isNamespaced && chosen !== "") {
    throw new Error("paramRef.namespace must not be provided for a cluster-scoped `paramKind`");
  }
  const where = definition.isNamespaced ? chosen || namespace : "";
  if (definition.isNamespaced && where === "") {
    throw new Error("cannot use namespaced paramRef in policy binding that matches cluster-scoped resources");
  }
  const path = definition.group === "" ? definition.resource : `${definition.resource}.${definition.group}`;
  const found = name === "" ? labelled(environment.list(path, where), selector) : [environment.get(path, where, name)];
  const params = found.filter((object) => object !== undefined);
  if (params.length === 0 && ref.parameterNotFoundAction === "Deny") {
    throw new Error("no params found for policy binding with `Deny` parameterNotFoundAction");
  }
  return Promise.all(params.map((object) => inVersion(resource, object)));
}

function labelled(
  objects: readonly Readonly<UnstructuredObject>[],
  selector: ParamRef["selector"],
): readonly Readonly<UnstructuredObject>[] {
  if (selector === undefined) throw new Error("one of name or selector must be provided");
  const parsed = selectorFrom(selector);
  return objects.filter(({ metadata }) => parsed.matches(metadata.labels));
}

async function inVersion({ definition, version }: ParamResource, object: Readonly<UnstructuredObject>): Promise<UnstructuredObject> {
  const apiVersion = formatApiVersion(definition.group, version.version);
  if (definition.convertRemotely === undefined || object.apiVersion === apiVersion) return fromStorage(definition, version, object);
  const [converted] = await definition.convertRemotely([object], apiVersion);
  if (converted === undefined) throw new Error(`unable to convert to ${apiVersion}`);
  return converted;
}
