import {
  celAuthorizer,
  CelBudget,
  CelCostError,
  CelEvaluationError,
  celResourceCheck,
  lazy,
  type CelAuthorizer,
} from "@coracle/apimachinery/cel";
import type { UnstructuredObject } from "@coracle/apimachinery";
import type { CompiledExpression } from "@coracle/api/expressions";
import { serviceAccountGroups, serviceAccountName } from "../../authentication/users.ts";
import { attributesFor, type Authorizer } from "../../authorization/attributes.ts";
import type { AdmissionAttributes } from "../admission.ts";
import { admissionRequest, namespaceOf, type SeenObjects, type Sight } from "../matching/index.ts";

/** What the expressions of one webhook or policy are about. */
export interface ExpressionInput extends SeenObjects {
  readonly attributes: AdmissionAttributes;
  readonly sight: Sight;
  readonly authorizer: Authorizer;
  /** Undefined: the variable is null. */
  readonly params?: Readonly<UnstructuredObject> | undefined;
  /** Of the request; undefined: the variable is null. */
  readonly namespaceObject?: Readonly<UnstructuredObject> | undefined;
  /** In their order. */
  readonly variables?: ReadonlyMap<string, CompiledExpression>;
}

export type Bindings = Readonly<Record<string, unknown>>;

/** The variables of a group of expressions. A policy's own are computed once for the group, at the cost of its budget. */
export function bindingsFor(input: ExpressionInput, budget: CelBudget): Bindings {
  const { attributes, sight, object, old, params, namespaceObject, authorizer, variables } = input;
  const asker = authorizerOf(attributes, authorizer);
  const bindings: Record<string, unknown> = {
    object: object ?? null,
    oldObject: old ?? null,
    request: admissionRequest(attributes, sight),
    params: params ?? null,
    namespaceObject: namespaceObject === undefined ? null : visibleNamespace(namespaceObject),
    authorizer: celAuthorizer(asker),
    "authorizer.requestResource": celResourceCheck(asker, requestResource(attributes)),
  };
  if (variables !== undefined) {
    const fields = [...variables].map(([name, compiled]) => [name, lazy(() => valueOf(name, compiled, { bindings, budget }))] as const);
    bindings["variables"] = Object.fromEntries(fields);
  }
  return bindings;
}

function valueOf(
  name: string,
  { program, problem }: CompiledExpression,
  { bindings, budget }: { bindings: Bindings; budget: CelBudget },
): unknown {
  const subject = `composited variable ${JSON.stringify(name)} fails to`;
  if (program === undefined) throw new CelEvaluationError(`${subject} compile: ${problem}`);
  try {
    return program.evaluate(bindings, budget);
  } catch (error) {
    const isOwn = error instanceof CelEvaluationError || (error instanceof CelCostError && error.scope === "call");
    throw isOwn ? new CelEvaluationError(`${subject} evaluate: ${error.message}`, { cause: error }) : error;
  }
}

/** As upstream: expressions see neither who owns a namespace nor who manages its fields. */
function visibleNamespace({ metadata, ...namespace }: Readonly<UnstructuredObject>): Record<string, unknown> {
  const { ownerReferences: _, managedFields: __, selfLink: ___, ...visible } = metadata;
  return { metadata: visible, spec: namespace["spec"] ?? {}, status: namespace["status"] ?? {} };
}

function requestResource(attributes: AdmissionAttributes): Parameters<typeof celResourceCheck>[1] {
  const { group, resource } = attributes.served.definition;
  return { group, resource, subresource: attributes.subresource, namespace: namespaceOf(attributes), name: attributes.requestName };
}

function authorizerOf({ context }: AdmissionAttributes, authorizer: Authorizer): CelAuthorizer {
  return {
    authorize({ serviceAccount, isResourceRequest, path, ...asked }) {
      const user = serviceAccount === undefined ? context.user : accountUser(serviceAccount);
      const { verb, group, resource, subresource, namespace, name } = asked;
      const given = isResourceRequest ? { verb, group, version: "*", resource, subresource, namespace, name } : { verb, path };
      const { type, reason } = authorizer.authorize(attributesFor(user, given));
      return { isAllowed: type === "allow", reason };
    },
  };
}

function accountUser({ namespace, name }: { namespace: string; name: string }): AdmissionAttributes["context"]["user"] {
  return { name: serviceAccountName(namespace, name), groups: serviceAccountGroups(namespace) };
}
