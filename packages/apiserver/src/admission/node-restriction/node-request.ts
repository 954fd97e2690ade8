import { newForbidden, type UnstructuredObject } from "@coracle/apimachinery";
import type { Authorize } from "../authorize.ts";
import type { AdmissionAttributes, AdmissionEnvironment } from "../admission.ts";

/** A write by a node, with what it takes to judge it. */
export interface NodeRequest {
  /** The node's name. */
  readonly node: string;
  readonly attributes: AdmissionAttributes;
  readonly environment: AdmissionEnvironment;
  readonly authorize: Authorize;
  /** @throws {StatusError} 403 with this cause. */
  refuse(cause: string): never;
}

export function createNodeRequest(
  node: string,
  attributes: AdmissionAttributes,
  context: { readonly environment: AdmissionEnvironment; readonly authorize: Authorize },
): NodeRequest {
  const refuse = (cause: string): never => {
    throw newForbidden(attributes.definition, attributes.name, cause);
  };
  return { node, attributes, ...context, refuse };
}

/** The object of the request; that of a deletion is the old one. */
export function objectOf({ attributes }: NodeRequest): Readonly<UnstructuredObject> {
  return (attributes.object ?? attributes.old) as Readonly<UnstructuredObject>;
}
