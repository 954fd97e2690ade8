import { controllerOf } from "@coracle/apimachinery";
import { resources, type Pod, type ReplicationController } from "@coracle/api";
import { expect, it } from "vitest";
import { startTestCluster } from "../testing/test-cluster.ts";
import { createReplicationController } from "./replication-controller.ts";

const controller: ReplicationController = {
  apiVersion: "v1",
  kind: "ReplicationController",
  metadata: { name: "web", namespace: "a", uid: "uid-web", generation: 1 },
  spec: {
    replicas: 2,
    selector: { app: "web" },
    template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "c", image: "web:1" }] } },
  },
};

function orphan(name: string, labels: Record<string, string>): Pod {
  return { apiVersion: "v1", kind: "Pod", metadata: { name, namespace: "a", uid: `uid-${name}`, labels }, spec: { containers: [] } };
}

it("adopts what it selects, creates what is missing, and tells it in a status without fields of ReplicaSets", async () => {
  await using cluster = await startTestCluster([createReplicationController], (transport) => {
    transport.put(resources.replicationControllers, controller);
    transport.put(resources.pods, orphan("one", { app: "web" }));
    transport.put(resources.pods, orphan("other", { app: "db" }));
  });
  const pods = cluster.client.informer(resources.pods).list("a");
  const owned = pods.filter((pod) => controllerOf(pod)?.uid === "uid-web");
  expect(owned.map(({ metadata }) => metadata.name)).toEqual(["one", expect.stringMatching(/^web-\w+$/u)]);
  expect(controllerOf(owned[1] as Pod)).toMatchObject({ apiVersion: "v1", kind: "ReplicationController", name: "web" });
  const { status } = cluster.transport.get(resources.replicationControllers, "a/web") as ReplicationController;
  expect(status).toEqual({ replicas: 2, fullyLabeledReplicas: 2, readyReplicas: 0, availableReplicas: 0, observedGeneration: 1 });
});

it("lets go of a pod that it no longer selects, and replaces it", async () => {
  await using cluster = await startTestCluster([createReplicationController], (transport) => {
    transport.put(resources.replicationControllers, controller);
  });
  const list = (): readonly Pod[] => cluster.client.informer(resources.pods).list("a");
  const [first] = list() as [Pod];
  cluster.transport.put(resources.pods, { ...first, metadata: { ...first.metadata, labels: { app: "out" } } });
  await cluster.settle();
  expect(list()).toHaveLength(3);
  expect(controllerOf(cluster.transport.get(resources.pods, `a/${first.metadata.name}`) as Pod)).toBeUndefined();
});

it("comes to rest: nothing is written while nothing changes", async () => {
  await using cluster = await startTestCluster([createReplicationController], (transport) => {
    transport.put(resources.replicationControllers, controller);
  });
  const writes = cluster.transport.requests.filter(({ verb }) => verb !== "list" && verb !== "watch");
  await cluster.clock.advance(600_000);
  expect(cluster.transport.requests.filter(({ verb }) => verb !== "list" && verb !== "watch")).toEqual(writes);
});
