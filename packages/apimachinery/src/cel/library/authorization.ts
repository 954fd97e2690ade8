import { dnsLabelErrors, dnsSubdomainErrors } from "../../validation/names.ts";
import { CelAuthorizationCheck, type CelAuthorizationDecision, type CelAuthorizationQuery } from "../authorizer.ts";
import { celTypes } from "../types/types.ts";
import type { CelType } from "../types/type.ts";
import { CelFailure, CelObjectValue, noSuchOverload, type CelValue, type Evaluated } from "../values/value.ts";
import { declare, method, type FunctionDeclaration } from "./declaration.ts";
import { bool, string } from "./signatures.ts";

const { authorizer, pathCheck, groupCheck, resourceCheck, decision } = celTypes;

/** What the authorizer answered. */
class CelDecision extends CelObjectValue {
  readonly answer: CelAuthorizationDecision;

  constructor(answer: CelAuthorizationDecision) {
    super();
    this.answer = answer;
  }

  get celType(): CelType {
    return decision;
  }

  override equals(_other: CelValue): CelFailure {
    return noSuchOverload;
  }
}

function next(
  check: CelAuthorizationCheck,
  step: CelAuthorizationCheck["step"],
  query: Partial<CelAuthorizationQuery>,
): CelAuthorizationCheck {
  return new CelAuthorizationCheck(step, check.authorizer, { ...check.query, ...query });
}

function path(check: CelAuthorizationCheck, value: string): Evaluated {
  if (value.trim() === "") return new CelFailure("path must not be empty");
  return next(check, "pathCheck", { path: value, isResourceRequest: false });
}

function resource(check: CelAuthorizationCheck, value: string): Evaluated {
  return value.trim() === "" ? new CelFailure("resource must not be empty") : next(check, "resourceCheck", { resource: value });
}

function serviceAccount(check: CelAuthorizationCheck, namespace: string, name: string): Evaluated {
  if (dnsSubdomainErrors(name).length > 0) return new CelFailure("Invalid service account name");
  if (dnsLabelErrors(namespace).length > 0) return new CelFailure("Invalid service account namespace");
  return next(check, "authorizer", { serviceAccount: { namespace, name } });
}

function decide(check: CelAuthorizationCheck, verb: string): CelDecision {
  return new CelDecision(check.authorizer.authorize({ ...check.query, verb }));
}

/** A part of a question about a resource. */
function part(name: "subresource" | "namespace" | "name" | "fieldSelector" | "labelSelector", id: string): FunctionDeclaration {
  return declare(
    name,
    method(id, [resourceCheck, string], resourceCheck, (check: CelAuthorizationCheck, value: string) =>
      next(check, "resourceCheck", { [name]: value }),
    ),
  );
}

/** Questions to the authorizer: `authorizer.group('').resource('pods').check('create').allowed()`. */
export const authorization: readonly FunctionDeclaration[] = [
  declare("path", method("authorizer_path", [authorizer, string], pathCheck, path)),
  declare(
    "group",
    method("authorizer_group", [authorizer, string], groupCheck, (check: CelAuthorizationCheck, group: string) =>
      next(check, "groupCheck", { group }),
    ),
  ),
  declare("serviceAccount", method("authorizer_serviceaccount", [authorizer, string, string], authorizer, serviceAccount)),
  declare("resource", method("groupcheck_resource", [groupCheck, string], resourceCheck, resource)),
  part("subresource", "resourcecheck_subresource"),
  part("namespace", "resourcecheck_namespace"),
  part("name", "resourcecheck_name"),
  part("fieldSelector", "authorizer_fieldselector"),
  part("labelSelector", "authorizer_labelselector"),
  declare(
    "check",
    method("pathcheck_check", [pathCheck, string], decision, decide),
    method("resourcecheck_check", [resourceCheck, string], decision, decide),
  ),
  declare(
    "errored",
    method("decision_errored", [decision], bool, ({ answer }: CelDecision) => answer.error !== undefined),
  ),
  declare(
    "error",
    method("decision_error", [decision], string, ({ answer }: CelDecision) => answer.error ?? ""),
  ),
  declare(
    "allowed",
    method("decision_allowed", [decision], bool, ({ answer }: CelDecision) => answer.isAllowed),
  ),
  declare(
    "reason",
    method("decision_reason", [decision], string, ({ answer }: CelDecision) => answer.reason),
  ),
];
