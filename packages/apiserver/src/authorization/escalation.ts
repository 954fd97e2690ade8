import { newForbidden } from "@coracle/apimachinery";
import { mastersGroup } from "../authentication/users.ts";
import type { UserInfo } from "../registry/contract.ts";
import { attributesFor, type Authorizer } from "./attributes.ts";
import type { RbacAuthorizer } from "./rbac-authorizer.ts";
import type { RbacSource } from "./rbac-source.ts";
import { includesOrAll, resourceMatches, urlMatches, type BindingObject, type PolicyRule, type RoleObject } from "./rules.ts";

/** Keeps users from giving what they do not have. For the admission of roles and bindings. */
export interface EscalationCheck {
  /** @throws {StatusError} 403 when the role grants more than `user` holds. */
  checkRole(user: UserInfo, role: RoleObject, resource: "roles" | "clusterroles"): void;
  /** @throws {StatusError} 403 when the bound role grants more than `user` holds. */
  checkBinding(user: UserInfo, binding: BindingObject, resource: "rolebindings" | "clusterrolebindings"): void;
}

const group = "rbac.authorization.k8s.io";

const everything: readonly PolicyRule[] = [
  { verbs: ["*"], apiGroups: ["*"], resources: ["*"] },
  { verbs: ["*"], nonResourceURLs: ["*"] },
];

/** The verbs `escalate` on roles and `bind` on what is bound lift the check, as upstream's do. */
export function createEscalationCheck(authorizer: Authorizer, rbac: RbacAuthorizer, source: RbacSource): EscalationCheck {
  const may = (user: UserInfo, verb: string, resource: string, at: { namespace: string; name: string }): boolean =>
    authorizer.authorize(attributesFor(user, { verb, group, version: "v1", resource, ...at })).type === "allow";
  const demandCover = (user: UserInfo, namespace: string, asked: readonly PolicyRule[]): string | undefined => {
    const uncovered = findUncovered(rbac.rulesOf(user, namespace), asked);
    return uncovered.length === 0 ? undefined : describeEscalation(user, uncovered);
  };
  return {
    checkRole(user, role, resource) {
      const { namespace = "", name = "" } = role.metadata;
      if (user.groups.includes(mastersGroup) || may(user, "escalate", resource, { namespace, name })) return;
      // What an aggregated role will collect is anybody's guess: only who has everything may make one.
      const isAggregated = role.aggregationRule !== undefined && role.aggregationRule !== null;
      const problem = demandCover(user, namespace, isAggregated ? everything : (role.rules ?? []));
      if (problem !== undefined) throw newForbidden({ group, resource }, name, problem);
    },
    checkBinding(user, binding, resource) {
      const { namespace = "", name = "" } = binding.metadata;
      if (user.groups.includes(mastersGroup)) return;
      const { roleRef } = binding;
      const roles = roleRef.kind === "ClusterRole" ? "clusterroles" : "roles";
      if (may(user, "bind", roles, { namespace, name: roleRef.name })) return;
      const rules = source.rules(roleRef, namespace);
      const missing = `${roles}.${group} ${JSON.stringify(roleRef.name)} not found`;
      const problem = rules === undefined ? missing : demandCover(user, namespace, rules);
      if (problem !== undefined) throw newForbidden({ group, resource }, name, problem);
    },
  };
}

/** The parts of `asked` that no rule of `held` covers, each with one verb on one thing. */
export function findUncovered(held: readonly PolicyRule[], asked: readonly PolicyRule[]): PolicyRule[] {
  return asked.flatMap((rule) => [...atoms(rule)]).filter((atom) => !held.some((rule) => covers(rule, atom)));
}

/** Splits a rule into rules of one verb, group, resource and name. */
function* atoms(rule: PolicyRule): Generator<PolicyRule, void, void> {
  for (const verb of rule.verbs) {
    for (const url of rule.nonResourceURLs ?? []) yield { verbs: [verb], nonResourceURLs: [url] };
    for (const apiGroup of rule.apiGroups ?? []) {
      for (const resource of rule.resources ?? []) {
        const atom = { verbs: [verb], apiGroups: [apiGroup], resources: [resource] };
        const names = rule.resourceNames ?? [];
        if (names.length === 0) yield atom;
        else for (const name of names) yield { ...atom, resourceNames: [name] };
      }
    }
  }
}

function covers(held: PolicyRule, atom: PolicyRule): boolean {
  if (!includesOrAll(held.verbs, atom.verbs[0] as string)) return false;
  const url = atom.nonResourceURLs?.[0];
  if (url !== undefined) return (held.nonResourceURLs ?? []).some((pattern) => urlMatches(pattern, url));
  const [apiGroup = ""] = atom.apiGroups ?? [];
  const [resource = ""] = atom.resources ?? [];
  const name = atom.resourceNames?.[0];
  const subresource = resource.split("/", 2)[1] ?? "";
  const names = held.resourceNames ?? [];
  return (
    includesOrAll(held.apiGroups ?? [], apiGroup) &&
    resourceMatches(held.resources ?? [], resource, subresource) &&
    (names.length === 0 || (name !== undefined && names.includes(name)))
  );
}

function describeEscalation(user: UserInfo, uncovered: readonly PolicyRule[]): string {
  const groups = JSON.stringify(user.groups).replaceAll(",", " ");
  const lines = mergeVerbs(uncovered).map((rule) => describeRule(rule));
  const who = `user ${JSON.stringify(user.name)} (groups=${groups})`;
  return `${who} is attempting to grant RBAC permissions not currently held:\n${lines.join("\n")}`;
}

/** One line for the verbs on one thing. */
function mergeVerbs(rules: readonly PolicyRule[]): PolicyRule[] {
  const merged = new Map<string, { verbs: string[] } & PolicyRule>();
  for (const rule of rules) {
    const key = JSON.stringify([rule.apiGroups, rule.resources, rule.resourceNames, rule.nonResourceURLs]);
    const known = merged.get(key);
    if (known === undefined) merged.set(key, { ...rule, verbs: [...rule.verbs] });
    else known.verbs.push(...rule.verbs);
  }
  return [...merged.values()];
}

function describeRule(rule: PolicyRule): string {
  const parts: [string, readonly string[] | undefined][] = [
    ["APIGroups", rule.apiGroups],
    ["Resources", rule.resources],
    ["ResourceNames", rule.resourceNames],
    ["NonResourceURLs", rule.nonResourceURLs],
    ["Verbs", rule.verbs],
  ];
  const shown = parts.filter(([, values]) => values !== undefined && values.length > 0);
  return `{${shown.map(([label, values]) => `${label}:[${(values ?? []).map((value) => JSON.stringify(value)).join(" ")}]`).join(", ")}}`;
}
