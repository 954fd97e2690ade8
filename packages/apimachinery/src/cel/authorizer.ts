import { celTypes } from "./types/types.ts";
import type { CelType } from "./types/type.ts";
import { CelObjectValue, noSuchOverload, type CelFailure, type CelValue } from "./values/value.ts";

/** What an expression asks: `authorizer.group('apps').resource('deployments').namespace('a').check('create')`. */
export interface CelAuthorizationQuery {
  /** Absent for the user of the request itself. */
  readonly serviceAccount?: { readonly namespace: string; readonly name: string };
  readonly verb: string;
  readonly isResourceRequest: boolean;
  /** Of requests that are for no resource. */
  readonly path: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** As written; `""` when there is none. It is the authorizer's to parse: one that does not parse is no selector. */
  readonly fieldSelector: string;
  readonly labelSelector: string;
}

export interface CelAuthorizationDecision {
  readonly isAllowed: boolean;
  readonly reason: string;
  /** What `errored()` and `error()` tell. */
  readonly error?: string;
}

/** Answers at once, from memory. */
export interface CelAuthorizer {
  authorize(query: CelAuthorizationQuery): CelAuthorizationDecision;
}

/** The resource of a request, for the variable `authorizer.requestResource`. */
export type CelRequestResource = Pick<CelAuthorizationQuery, "group" | "resource" | "subresource" | "namespace" | "name">;

type Typed = "authorizer" | "pathCheck" | "groupCheck" | "resourceCheck";

/** A question that is still being put together. */
export class CelAuthorizationCheck extends CelObjectValue {
  readonly step: Typed;
  readonly authorizer: CelAuthorizer;
  readonly query: CelAuthorizationQuery;

  constructor(step: Typed, authorizer: CelAuthorizer, query: CelAuthorizationQuery) {
    super();
    this.step = step;
    this.authorizer = authorizer;
    this.query = query;
  }

  get celType(): CelType {
    return celTypes[this.step];
  }

  /** Upstream compares no authorizers. */
  override equals(_other: CelValue): CelFailure {
    return noSuchOverload;
  }
}

const nothing: CelAuthorizationQuery = {
  verb: "",
  isResourceRequest: true,
  path: "",
  group: "",
  resource: "",
  subresource: "",
  namespace: "",
  name: "",
  fieldSelector: "",
  labelSelector: "",
};

/** The value of the variable `authorizer`. */
export function celAuthorizer(authorizer: CelAuthorizer): CelAuthorizationCheck {
  return new CelAuthorizationCheck("authorizer", authorizer, nothing);
}

/** The value of the variable `authorizer.requestResource`. */
export function celResourceCheck(authorizer: CelAuthorizer, resource: CelRequestResource): CelAuthorizationCheck {
  return new CelAuthorizationCheck("resourceCheck", authorizer, { ...nothing, ...resource });
}
