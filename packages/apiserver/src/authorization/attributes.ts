import type { RequestInfo } from "../http/request-info.ts";
import type { UserInfo } from "../registry/contract.ts";

/** What somebody wants to do: all that an authorizer may look at. */
export interface Attributes {
  readonly user: UserInfo;
  readonly verb: string;
  readonly isResourceRequest: boolean;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** Of requests that are for no resource. */
  readonly path: string;
}

export type Decision =
  | { readonly type: "allow"; readonly reason: string }
  | { readonly type: "deny"; readonly reason: string }
  | { readonly type: "no-opinion"; readonly reason: string };

/** Answers from memory, at once. */
export interface Authorizer {
  authorize(attributes: Attributes): Decision;
}

/** Attributes of a request for a resource; what is not given is empty. */
export function attributesFor(user: UserInfo, given: Partial<Attributes> & { readonly verb: string }): Attributes {
  const empty = { group: "", version: "*", resource: "", subresource: "", namespace: "", name: "", path: "" };
  return { ...empty, isResourceRequest: given.path === undefined, ...given, user };
}

export function attributesOf(user: UserInfo, info: RequestInfo): Attributes {
  const { verb, isResourceRequest, group, version, resource, subresource, namespace, name, path } = info;
  return { user, verb, isResourceRequest, group, version, resource, subresource, namespace, name, path };
}

/** `pods/log`, `pods`. */
export function resourceWithSubresource(attributes: Attributes): string {
  return attributes.subresource === "" ? attributes.resource : `${attributes.resource}/${attributes.subresource}`;
}
