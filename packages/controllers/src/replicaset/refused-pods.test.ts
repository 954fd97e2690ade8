import { findCondition, newForbidden } from "@coracle/apimachinery";
import { resources, type ReplicaSet } from "@coracle/api";
import { expect, it } from "vitest";
import { startTestCluster } from "../testing/test-cluster.ts";
import { createReplicaSetController } from "./replicaset-controller.ts";

const set: ReplicaSet = {
  apiVersion: "apps/v1",
  kind: "ReplicaSet",
  metadata: { name: "web", namespace: "a", uid: "uid-web", generation: 1 },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: "web" } },
    template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "c", image: "web:1" }] } },
  },
};

it("tells once that its pods are refused, and tries again with pauses that grow", async () => {
  let tries = 0;
  await using cluster = await startTestCluster([createReplicaSetController], (transport) => {
    transport.put(resources.replicaSets, set);
    transport.intercept(({ verb, resource }) => {
      if (verb !== "create" || resource !== resources.pods) return;
      throw newForbidden(resources.pods, `web-${tries++}`, "exceeded quota");
    });
  });
  await cluster.clock.advance(20_000);
  const { status } = cluster.transport.get(resources.replicaSets, "a/web") as ReplicaSet;
  expect(findCondition(status?.conditions, "ReplicaFailure")).toMatchObject({
    status: "True",
    reason: "FailedCreate",
    message: expect.stringContaining("exceeded quota"),
  });
  const writes = cluster.transport.requests.filter(({ verb, resource }) => verb === "update" && resource === resources.replicaSets);
  expect(writes).toHaveLength(1);
  expect(tries).toBeGreaterThan(5);
  expect(tries).toBeLessThan(20);
});
