import type { UserInfo } from "../registry/contract.ts";
import type { Attributes, Authorizer, Decision } from "./attributes.ts";
import { describeSubject, type RbacSource } from "./rbac-source.ts";
import { ruleAllows, type BindingObject, type PolicyRule } from "./rules.ts";

/** Rules with the binding that gives them; `rules` is undefined when the role is missing. */
export interface Grant {
  readonly binding: BindingObject;
  readonly rules: readonly PolicyRule[] | undefined;
}

/** Allows what a role that is bound to the user allows. It denies nothing: without a role it has no opinion. */
export class RbacAuthorizer implements Authorizer {
  readonly #source: RbacSource;

  constructor(source: RbacSource) {
    this.#source = source;
  }

  authorize(attributes: Attributes): Decision {
    const missing: string[] = [];
    for (const { binding, rules } of this.grants(attributes.user, attributes.namespace)) {
      if (rules === undefined) missing.push(missingRole(binding));
      else if (rules.some((rule) => ruleAllows(rule, attributes))) {
        return { type: "allow", reason: `RBAC: allowed by ${describeBinding(binding, attributes.user)}` };
      }
    }
    const list = missing.length > 1 ? `[${missing.join(", ")}]` : (missing[0] ?? "");
    return { type: "no-opinion", reason: list === "" ? "" : `RBAC: ${list}` };
  }

  /** Everything that is bound to a user, cluster-wide and in a namespace. */
  *grants(user: UserInfo, namespace: string): Generator<Grant, void, void> {
    for (const binding of this.#source.clusterBindings(user)) yield { binding, rules: this.#source.rules(binding.roleRef, "") };
    if (namespace === "") return;
    for (const binding of this.#source.bindings(user, namespace)) {
      yield { binding, rules: this.#source.rules(binding.roleRef, namespace) };
    }
  }

  /** All rules of a user, for reviews and escalation checks. */
  rulesOf(user: UserInfo, namespace: string): PolicyRule[] {
    const rules: PolicyRule[] = [];
    for (const grant of this.grants(user, namespace)) rules.push(...(grant.rules ?? []));
    return rules;
  }
}

function describeBinding(binding: BindingObject, user: UserInfo): string {
  const { name = "", namespace } = binding.metadata;
  const where = namespace === undefined || namespace === "" ? "ClusterRoleBinding" : "RoleBinding";
  const key = namespace === undefined || namespace === "" ? name : `${name}/${namespace}`;
  const { kind, name: role } = binding.roleRef;
  return `${where} ${JSON.stringify(key)} of ${kind} ${JSON.stringify(role)} to ${describeSubject(binding, user)}`;
}

function missingRole(binding: BindingObject): string {
  const { kind, name } = binding.roleRef;
  const resource = kind === "ClusterRole" ? "clusterrole" : "role";
  return `${resource}.rbac.authorization.k8s.io ${JSON.stringify(name)} not found`;
}
