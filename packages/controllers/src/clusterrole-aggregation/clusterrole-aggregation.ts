import { resources, type ClusterRole } from "@coracle/api";
import { deepEqual, selectorFrom } from "@coracle/apimachinery";
import { mapped, type ControllerFactory } from "@coracle/operator";

type PolicyRule = NonNullable<ClusterRole["rules"]>[number];

/** Keeps the rules of ClusterRoles with an `aggregationRule` equal to the union of the rules of the roles they select. */
export function createClusterRoleAggregationController(): ControllerFactory {
  return ({ client }) => {
    const roles = client.informer(resources.clusterRoles);
    // Roles are few and it is not known which depend on which: a change of any looks at all that aggregate.
    const aggregating = (): string[] =>
      roles
        .list()
        .filter((role) => isAggregating(role))
        .map(({ metadata }) => metadata.name ?? "");
    return {
      name: "clusterrole-aggregation-controller",
      concurrency: 5,
      sources: [mapped(resources.clusterRoles, aggregating)],
      async reconcile(name) {
        const role = roles.get(name);
        if (role === undefined || !isAggregating(role)) return;
        const rules = aggregatedRules(role, roles.list());
        if (deepEqual(rules, role.rules ?? [])) return;
        const desired = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata: { name }, rules };
        await client.resource(resources.clusterRoles).apply(desired, { fieldManager: "clusterrole-aggregation-controller", force: true });
      },
    };
  };
}

function isAggregating(role: ClusterRole): boolean {
  return role.aggregationRule !== undefined && role.aggregationRule !== null;
}

/** The rules of the selected roles, in order of selector, role name and rule, each once. */
export function aggregatedRules(role: ClusterRole, roles: readonly ClusterRole[]): PolicyRule[] {
  const rules: PolicyRule[] = [];
  for (const labelSelector of role.aggregationRule?.clusterRoleSelectors ?? []) {
    const selector = selectorFrom(labelSelector);
    for (const other of roles) {
      if (other.metadata.name === role.metadata.name || !selector.matches(other.metadata.labels)) continue;
      for (const rule of other.rules ?? []) if (!rules.some((known) => deepEqual(known, rule))) rules.push(rule);
    }
  }
  return rules;
}
