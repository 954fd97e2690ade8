import type { ParamKind, ParamRef } from "@coracle/api";
import {
  deepEqual,
  forbiddenField,
  newInvalid,
  parseApiVersion,
  type ResourceDefinition,
  type UnstructuredObject,
} from "@coracle/apimachinery";
import { mastersGroup } from "../../authentication/users.ts";
import { attributesFor, type Authorizer } from "../../authorization/attributes.ts";
import type { UserInfo } from "../../registry/contract.ts";
import type { AdmissionAttributes, AdmissionEnvironment, AdmissionPlugin } from "../admission.ts";

const group = "admissionregistration.k8s.io";
const policyOf: Readonly<Record<string, string>> = {
  validatingadmissionpolicybindings: "validatingadmissionpolicies",
  mutatingadmissionpolicybindings: "mutatingadmissionpolicies",
};

/**
 * Lets nobody read by way of a policy what they may not read themselves: who writes a policy must be able to get all objects of its
 * parameter kind, who binds it those that the binding names. Upstream does it in the strategies of these kinds.
 */
export function policyParameterRights(authorizer: Authorizer): AdmissionPlugin {
  return {
    name: "PolicyParameterRights",
    handles: ({ definition, operation, subresource, context }) =>
      definition.group === group &&
      definition.resource.includes("admissionpolic") &&
      subresource === "" &&
      (operation === "CREATE" || operation === "UPDATE") &&
      !context.user.groups.includes(mastersGroup),
    validate(attributes, environment) {
      const problem =
        policyOf[attributes.definition.resource] === undefined
          ? problemOfPolicy(attributes, environment, authorizer)
          : problemOfBinding(attributes, environment, authorizer);
      if (problem === undefined) return;
      const { kind } = attributes.definition;
      const field = policyOf[attributes.definition.resource] === undefined ? "spec.paramKind" : "spec.paramRef";
      throw newInvalid({ group, kind }, attributes.name, [forbiddenField(field, problem)]);
    },
  };
}

function problemOfPolicy(attributes: AdmissionAttributes, environment: AdmissionEnvironment, authorizer: Authorizer): string | undefined {
  const paramKind = specOf(attributes.object).paramKind;
  if (paramKind === undefined || deepEqual(paramKind, specOf(attributes.old).paramKind)) return undefined;
  const { user } = attributes.context;
  const asked = { verb: "get", ...resourceOf(paramKind, environment.resources()), namespace: "*", name: "*" };
  if (authorizer.authorize(attributesFor(user, asked)).type === "allow") return undefined;
  const shown = `(kind=${paramKind.kind ?? ""}, apiVersion=${paramKind.apiVersion ?? ""})`;
  return `user ${goForm(user)} must have "get" permission on all objects of the referenced paramKind ${shown}`;
}

function problemOfBinding(attributes: AdmissionAttributes, environment: AdmissionEnvironment, authorizer: Authorizer): string | undefined {
  const { paramRef, policyName = "" } = specOf(attributes.object);
  const old = specOf(attributes.old);
  if (paramRef === undefined || (deepEqual(paramRef, old.paramRef) && policyName === old.policyName)) return undefined;
  const policy = environment.get(`${policyOf[attributes.definition.resource]}.${group}`, "", policyName);
  const { paramKind } = specOf(policy);
  const target = paramKind === undefined ? anything : resourceOf(paramKind, environment.resources());
  const { name = "", namespace = "" } = paramRef;
  const verb = name === "" ? "list" : "get";
  const { user } = attributes.context;
  if (authorizer.authorize(attributesFor(user, { verb, ...target, namespace, name })).type === "allow") return undefined;
  const lacks = `user ${goForm(user)} does not have "${verb}" permission`;
  const everywhere = "for all groups, versions and resources";
  if (policy === undefined)
    return `unable to get policy ${policyName} to determine minimum required permissions and ${lacks} ${everywhere}`;
  if (paramKind !== undefined && target.resource === "*") {
    const shown = `&ParamKind{APIVersion:${paramKind.apiVersion},Kind:${paramKind.kind},}`;
    return `unable to resolve paramKind ${shown} to determine minimum required permissions and ${lacks} ${everywhere}`;
  }
  return `${lacks} on the object referenced by paramRef`;
}

interface PolicyFields {
  readonly paramKind?: ParamKind;
  readonly paramRef?: ParamRef;
  readonly policyName?: string;
}

function specOf(object: Readonly<UnstructuredObject> | undefined): PolicyFields {
  return (object?.["spec"] ?? {}) as PolicyFields;
}

const anything = { group: "*", version: "*", resource: "*" };

function resourceOf({ apiVersion = "", kind }: ParamKind, definitions: readonly ResourceDefinition[]): typeof anything {
  const { group: paramGroup, version } = parseApiVersion(apiVersion);
  const found = definitions.find(
    (each) => each.group === paramGroup && each.kind === kind && each.versions.some((served) => served.version === version),
  );
  return { group: paramGroup, version, resource: found?.resource ?? "*" };
}

/** As Go prints a user. */
function goForm({ name, uid = "", groups, extra = {} }: UserInfo): string {
  const extras = Object.entries(extra).map(([key, values]) => `${key}:[${values.join(" ")}]`);
  return `&{${name} ${uid} [${groups.join(" ")}] map[${extras.join(" ")}]}`;
}
