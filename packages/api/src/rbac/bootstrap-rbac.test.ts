import { expect, test } from "vitest";
import { bootstrapRbac } from "./bootstrap-rbac.ts";

const find = (kind: string, name: string) => bootstrapRbac().find((object) => object.kind === kind && object.metadata.name === name);

test("every binding names a role that is there, and no object is there twice", () => {
  const objects = bootstrapRbac();
  const keys = new Set(objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`));
  expect(keys.size).toBe(objects.length);
  for (const { kind, metadata, ...rest } of objects) {
    const { roleRef } = rest as { roleRef?: { kind: string; name: string } };
    if (roleRef === undefined) continue;
    const namespace = kind === "RoleBinding" && roleRef.kind === "Role" ? metadata.namespace : "";
    expect(keys, metadata.name).toContain(`${roleRef.kind} ${namespace}/${roleRef.name}`);
  }
});

test("administrators and controllers have the rights that they have upstream", () => {
  expect(find("ClusterRoleBinding", "cluster-admin")).toEqual({
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: {
      name: "cluster-admin",
      labels: { "kubernetes.io/bootstrapping": "rbac-defaults" },
      annotations: { "rbac.authorization.kubernetes.io/autoupdate": "true" },
    },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
    subjects: [{ kind: "Group", name: "system:masters", apiGroup: "rbac.authorization.k8s.io" }],
  });
  expect(find("ClusterRole", "admin")).toMatchObject({
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { "rbac.authorization.k8s.io/aggregate-to-admin": "true" } }] },
    rules: [],
  });
  expect(find("ClusterRoleBinding", "system:controller:cronjob-controller")?.["subjects"]).toEqual([
    { kind: "ServiceAccount", name: "cronjob-controller", namespace: "kube-system" },
  ]);
});
