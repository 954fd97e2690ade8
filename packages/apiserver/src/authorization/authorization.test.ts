import type { BindingObject, RbacSubject } from "./rules.ts";
import { systemRandom } from "@coracle/base";
import type { UnstructuredObject } from "@coracle/apimachinery";
import { describe, expect, it } from "vitest";
import { fakeDefinitions } from "../http/fake-definitions.ts";
import { createFakeRegistry } from "../http/fake-registry.ts";
import { attributesFor, type Attributes } from "./attributes.ts";
import { createAuthorization, type Authorization } from "./authorization.ts";
import { findUncovered } from "./escalation.ts";
import { forbidden } from "./forbidden.ts";
import { podReferencesType } from "./node-source.ts";
import { clusterRoleBindingType, clusterRoleType, roleBindingType } from "./rbac-source.ts";
import type { PolicyRule } from "./rules.ts";

const apiGroup = "rbac.authorization.k8s.io";
const apiVersion = `${apiGroup}/v1`;

function setUp(): { authorization: Authorization; server: ReturnType<typeof createFakeRegistry>["server"] } {
  const registry = createFakeRegistry(fakeDefinitions, {}, systemRandom);
  return { authorization: createAuthorization(registry), server: registry.server };
}

const role = (name: string, rules: PolicyRule[]): UnstructuredObject => ({ apiVersion, kind: "ClusterRole", metadata: { name }, rules });
const binding = (subjects: RbacSubject[], roleName: string, namespace?: string): BindingObject => ({
  apiVersion,
  kind: namespace === undefined ? "ClusterRoleBinding" : "RoleBinding",
  metadata: { name: roleName, ...(namespace !== undefined && { namespace }) },
  subjects,
  roleRef: { apiGroup, kind: "ClusterRole", name: roleName },
});

const jane = { name: "jane", groups: ["dev"] };
const ask = (more: Partial<Attributes> & { verb: string }, user = jane): Attributes => attributesFor(user, { resource: "pods", ...more });

describe("RBAC", () => {
  it("allows what a bound role allows, where it is bound, until it is unbound", () => {
    const { authorization, server } = setUp();
    server.put(clusterRoleType, role("reader", [{ verbs: ["get", "list"], apiGroups: [""], resources: ["pods", "*/log"] }]));
    server.put(roleBindingType, binding([{ kind: "Group", name: "dev" }], "reader", "a"));
    const may = (more: Partial<Attributes> & { verb: string }): string => authorization.authorizer.authorize(ask(more)).type;
    expect(may({ verb: "list", namespace: "a" })).toBe("allow");
    expect(may({ verb: "get", namespace: "a", subresource: "log", name: "x" })).toBe("allow");
    expect(may({ verb: "get", namespace: "a", subresource: "exec", name: "x" })).toBe("no-opinion");
    expect(may({ verb: "list", namespace: "b" })).toBe("no-opinion");
    expect(may({ verb: "list" })).toBe("no-opinion");
    server.remove(roleBindingType, "a/reader");
    expect(may({ verb: "list", namespace: "a" })).toBe("no-opinion");
  });

  it("knows names, paths and service accounts", () => {
    const { authorization, server } = setUp();
    const rules = [
      { verbs: ["get"], apiGroups: [""], resources: ["pods"], resourceNames: ["one"] },
      { verbs: ["get"], nonResourceURLs: ["/metrics", "/logs/*"] },
    ];
    server.put(clusterRoleType, role("named", rules));
    server.put(clusterRoleBindingType, binding([{ kind: "ServiceAccount", name: "robot", namespace: "a" }], "named"));
    const robot = { name: "system:serviceaccount:a:robot", groups: [] };
    const may = (more: Partial<Attributes> & { verb: string }): string =>
      authorization.authorizer.authorize(ask(more, robot as never)).type;
    expect(may({ verb: "get", name: "one" })).toBe("allow");
    expect(may({ verb: "get", name: "two" })).toBe("no-opinion");
    expect(may({ verb: "get", path: "/logs/a" })).toBe("allow");
    expect(may({ verb: "get", path: "/metrics/a" })).toBe("no-opinion");
  });

  it("says why not in upstream's words", () => {
    expect(forbidden(ask({ verb: "list", namespace: "default" }), "").message).toBe(
      'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default"',
    );
    expect(forbidden(ask({ verb: "get", resource: "nodes", name: "n", subresource: "proxy" }), "").message).toBe(
      'nodes "n" is forbidden: User "jane" cannot get resource "nodes/proxy" in API group "" at the cluster scope',
    );
    expect(forbidden(ask({ verb: "get", path: "/x" }), "").message).toBe('forbidden: User "jane" cannot get path "/x"');
  });
});

describe("node authorizer", () => {
  it("lets a node read what its pods use, and nothing else", () => {
    const { authorization, server } = setUp();
    const everything = [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }];
    server.put(clusterRoleType, role("system:node", everything));
    const spec = { nodeName: "n1", volumes: [{ name: "v", secret: { secretName: "mine" } }] };
    server.put(podReferencesType, { apiVersion: "v1", kind: "Pod", metadata: { name: "p", namespace: "a" }, spec });
    const node = { name: "system:node:n1", groups: ["system:nodes"] };
    const may = (more: Partial<Attributes> & { verb: string }): string => authorization.authorizer.authorize(ask(more, node)).type;
    expect(may({ verb: "get", resource: "secrets", namespace: "a", name: "mine" })).toBe("allow");
    expect(may({ verb: "get", resource: "secrets", namespace: "b", name: "mine" })).toBe("no-opinion");
    expect(may({ verb: "list", resource: "secrets", namespace: "a" })).toBe("no-opinion");
    expect(may({ verb: "update", resource: "secrets", namespace: "a", name: "mine" })).toBe("no-opinion");
    expect(may({ verb: "patch", resource: "nodes", subresource: "status", name: "n1" })).toBe("allow");
    expect(may({ verb: "patch", resource: "nodes", subresource: "status", name: "n2" })).toBe("no-opinion");
    expect(may({ verb: "patch", subresource: "status", namespace: "a", name: "p" })).toBe("allow");
  });
});

describe("findUncovered", () => {
  it("finds the parts of a rule that nobody holds", () => {
    const held = [{ verbs: ["get", "list"], apiGroups: [""], resources: ["pods"] }];
    const asked = [{ verbs: ["get", "delete"], apiGroups: [""], resources: ["pods", "secrets"], resourceNames: ["x"] }];
    expect(findUncovered(held, asked).map(({ verbs, resources }) => `${verbs[0]} ${resources?.[0]}`)).toEqual([
      "get secrets",
      "delete pods",
      "delete secrets",
    ]);
  });
});
