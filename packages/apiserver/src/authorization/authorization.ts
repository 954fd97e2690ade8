import { assert } from "@coracle/base";
import type { Registry } from "../registry/contract.ts";
import type { Authorizer } from "./attributes.ts";
import { createEscalationCheck, type EscalationCheck } from "./escalation.ts";
import { NodeAuthorizer } from "./node-authorizer.ts";
import { claimReferencesType, podReferencesType } from "./node-source.ts";
import { RbacAuthorizer } from "./rbac-authorizer.ts";
import { clusterRoleBindingType, clusterRoleType, InformedRbacSource, roleBindingType, roleType, type RbacSource } from "./rbac-source.ts";
import { UnionAuthorizer } from "./union-authorizer.ts";

/** The authorizers of a server with what they read. */
export interface Authorization extends Disposable {
  readonly authorizer: Authorizer;
  readonly rbac: RbacAuthorizer;
  readonly source: RbacSource;
  readonly escalation: EscalationCheck;
  /** Until then roles may be missing, and requests be refused. */
  waitForSync(signal: AbortSignal): Promise<void>;
}

/** Node, then RBAC; both read the watch cache of `registry`. */
export function createAuthorization(registry: Registry): Authorization {
  assert(registry.informer !== undefined, "the registry lends no informers");
  const informers = {
    clusterRoles: registry.informer(clusterRoleType),
    roles: registry.informer(roleType),
    clusterRoleBindings: registry.informer(clusterRoleBindingType),
    roleBindings: registry.informer(roleBindingType),
  };
  const nodes = { pods: registry.informer(podReferencesType), claims: registry.informer(claimReferencesType) };
  const source = new InformedRbacSource(informers);
  const rbac = new RbacAuthorizer(source);
  const authorizer = new UnionAuthorizer([new NodeAuthorizer(source, nodes), rbac]);
  return {
    authorizer,
    rbac,
    source,
    escalation: createEscalationCheck(authorizer, rbac, source),
    async waitForSync(signal) {
      await Promise.all([...Object.values(informers), nodes.pods, nodes.claims].map((informer) => informer.waitForSync(signal)));
    },
    [Symbol.dispose]: () => source[Symbol.dispose](),
  };
}
