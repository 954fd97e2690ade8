import { resources, type Pod, type PodDisruptionBudget } from "@coracle/api";
import type { FakeTransport } from "@coracle/client";
import { describe, expect, it } from "vitest";
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts";
import { createDisruptionController } from "./disruption-controller.ts";
import { createStaleDisruptionController } from "./stale-disruption-controller.ts";

const labels = { app: "web" };

function budget(spec: PodDisruptionBudget["spec"], status?: PodDisruptionBudget["status"]): PodDisruptionBudget {
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name: "b", namespace: "a", uid: "uid-b", generation: 1 },
    spec: { selector: { matchLabels: labels }, ...spec },
    ...(status !== undefined && { status }),
  };
}

function pod(name: string, owner?: { kind: string; apiVersion: string }, ready = true): Pod {
  const ownerReferences = owner === undefined ? [] : [{ ...owner, name: "web", uid: "uid-web", controller: true }];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "a", uid: `uid-${name}`, labels, ownerReferences },
    spec: { containers: [] },
    status: { phase: "Running", conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
  };
}

const start = (prepare: (transport: FakeTransport) => void): Promise<TestCluster> =>
  startTestCluster([createDisruptionController({ kindOf: () => undefined }), createStaleDisruptionController], prepare);

const statusOf = ({ transport }: TestCluster): PodDisruptionBudget["status"] =>
  (transport.get(resources.podDisruptionBudgets, "a/b") as PodDisruptionBudget).status;

describe("the status of a budget", () => {
  it("counts healthy pods against a number, and follows them", async () => {
    await using cluster = await start((transport) => {
      transport.put(resources.podDisruptionBudgets, budget({ minAvailable: 1 }));
      for (const name of ["one", "two"]) transport.put(resources.pods, pod(name));
    });
    expect(statusOf(cluster)).toMatchObject({
      currentHealthy: 2,
      desiredHealthy: 1,
      expectedPods: 2,
      disruptionsAllowed: 1,
      observedGeneration: 1,
      conditions: [{ type: "DisruptionAllowed", status: "True", reason: "SufficientPods", message: "", observedGeneration: 1 }],
    });
    cluster.transport.put(resources.pods, pod("two", undefined, false));
    await cluster.settle();
    expect(statusOf(cluster)).toMatchObject({
      disruptionsAllowed: 0,
      conditions: [{ type: "DisruptionAllowed", status: "False", reason: "InsufficientPods" }],
    });
  });

  it("takes fractions of what the pods' owners ask for, a Deployment's through its set", async () => {
    await using cluster = await start((transport) => {
      transport.put(resources.podDisruptionBudgets, budget({ maxUnavailable: "30%" }));
      const deployment = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "top", namespace: "a", uid: "uid-top" } };
      transport.put(resources.deployments, { ...deployment, spec: { replicas: 10, selector: {}, template: {} } });
      const ownerReferences = [{ apiVersion: "apps/v1", kind: "Deployment", name: "top", uid: "uid-top", controller: true }];
      const set = { apiVersion: "apps/v1", kind: "ReplicaSet", metadata: { name: "web", namespace: "a", uid: "uid-web", ownerReferences } };
      transport.put(resources.replicaSets, { ...set, spec: { replicas: 3, selector: {} } });
      for (let index = 0; index < 9; index++)
        transport.put(resources.pods, pod(`p${index}`, { kind: "ReplicaSet", apiVersion: "apps/v1" }));
    });
    expect(statusOf(cluster)).toMatchObject({ expectedPods: 10, desiredHealthy: 7, currentHealthy: 9, disruptionsAllowed: 2 });
  });

  it("allows nothing when it cannot be worked out, says why, and rests", async () => {
    await using cluster = await start((transport) => {
      transport.put(resources.podDisruptionBudgets, budget({ maxUnavailable: 1 }));
      transport.put(resources.pods, pod("one", { kind: "Thing", apiVersion: "example.com/v1" }));
    });
    await cluster.clock.advance(600_000);
    expect(statusOf(cluster)).toMatchObject({
      disruptionsAllowed: 0,
      conditions: [{ reason: "SyncFailed", message: 'no matches for kind "Thing" in version "example.com/v1"' }],
    });
    const writes = cluster.transport.requests.filter(
      ({ verb, resource }) => verb === "update" && resource === resources.podDisruptionBudgets,
    );
    expect(writes).toHaveLength(1);
  });

  it("does not count pods that are to be evicted, until their deletion is overdue", async () => {
    await using cluster = await start((transport) => {
      const disruptedPods = { one: "2026-01-01T00:00:00Z", gone: "2026-01-01T00:00:00Z" };
      transport.put(resources.podDisruptionBudgets, budget({ minAvailable: 1 }, { disruptedPods }));
      for (const name of ["one", "two"]) transport.put(resources.pods, pod(name));
    });
    expect(statusOf(cluster)).toMatchObject({ currentHealthy: 1, disruptionsAllowed: 0, disruptedPods: { one: "2026-01-01T00:00:00Z" } });
    await cluster.clock.advance(121_000);
    expect(statusOf(cluster)).toMatchObject({ currentHealthy: 2, disruptionsAllowed: 1 });
    expect(statusOf(cluster)?.disruptedPods).toBeUndefined();
  });
});

it("takes back the announcement of a disruption that did not come", async () => {
  await using cluster = await start((transport) => {
    const target = {
      type: "DisruptionTarget",
      status: "True",
      reason: "EvictionByEvictionAPI",
      lastTransitionTime: "2026-01-01T00:00:00Z",
    };
    transport.put(resources.pods, { ...pod("one"), status: { phase: "Running", conditions: [target] } });
  });
  const conditions = (): unknown => cluster.transport.get<Pod>(resources.pods, "a/one")?.status?.conditions;
  await cluster.clock.advance(110_000);
  expect(conditions()).toMatchObject([{ type: "DisruptionTarget", status: "True" }]);
  await cluster.clock.advance(11_000);
  expect(conditions()).toMatchObject([{ type: "DisruptionTarget", status: "False" }]);
});
