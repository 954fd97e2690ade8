import { resources, type ClusterRole } from "@coracle/api";
import { afterEach, expect, it } from "vitest";
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts";
import { createClusterRoleAggregationController } from "./clusterrole-aggregation.ts";

let cluster: TestCluster;
afterEach(() => cluster[Symbol.asyncDispose]());

function role(name: string, more: Partial<ClusterRole>, labels: Record<string, string> = {}): ClusterRole {
  return { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata: { name, labels }, ...more };
}

const read = { apiGroups: [""], resources: ["pods"], verbs: ["get"] };
const write = { apiGroups: [""], resources: ["pods"], verbs: ["create"] };

it("unites the rules of the selected roles, each once, and follows them", async () => {
  const clusterRoleSelectors = [{ matchLabels: { toView: "true" } }, { matchLabels: { toEdit: "true" } }];
  cluster = await startTestCluster([createClusterRoleAggregationController()], (transport) => {
    transport.put(resources.clusterRoles, role("sum", { aggregationRule: { clusterRoleSelectors } }));
    transport.put(resources.clusterRoles, role("b", { rules: [read] }, { toView: "true" }));
    transport.put(resources.clusterRoles, role("a", { rules: [write, read] }, { toEdit: "true" }));
    transport.put(resources.clusterRoles, role("c", { rules: [{ verbs: ["*"] }] }));
  });
  expect(cluster.transport.get(resources.clusterRoles, "sum")?.rules).toEqual([read, write]);
  await cluster.client.resource(resources.clusterRoles).delete("a");
  await cluster.settle();
  expect(cluster.transport.get(resources.clusterRoles, "sum")?.rules).toEqual([read]);
});
