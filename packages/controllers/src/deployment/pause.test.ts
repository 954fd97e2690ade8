import { findCondition } from "@coracle/apimachinery";
import { resources, type Deployment, type ReplicaSet } from "@coracle/api";
import { afterEach, describe, expect, it } from "vitest";
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts";
import { createDeploymentController } from "./deployment-controller.ts";

let cluster: TestCluster;
afterEach(() => cluster[Symbol.asyncDispose]());

function deployment(): Deployment {
  const template = { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "c", image: "web:1" }] } };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "a", uid: "uid-web", generation: 1 },
    spec: { replicas: 2, progressDeadlineSeconds: 600, selector: { matchLabels: { app: "web" } }, template },
  };
}

const current = (): Deployment => cluster.transport.get(resources.deployments, "a/web") as Deployment;
const progressing = (): string | undefined => findCondition(current().status?.conditions, "Progressing")?.reason;

/** All that the ReplicaSet asks for runs and is available. */
async function completeRollout(): Promise<void> {
  const set = cluster.client.informer(resources.replicaSets).list("a")[0] as ReplicaSet;
  const replicas = set.spec?.replicas ?? 0;
  const { generation = 1 } = set.metadata;
  const status = { replicas, readyReplicas: replicas, availableReplicas: replicas, observedGeneration: generation };
  cluster.transport.put(resources.replicaSets, { ...set, status });
  await cluster.settle();
}

async function setPaused(paused: boolean): Promise<void> {
  const { metadata, spec, ...rest } = current();
  const generation = (metadata.generation ?? 0) + 1;
  cluster.transport.put(resources.deployments, { ...rest, metadata: { ...metadata, generation }, spec: { ...spec, paused } } as Deployment);
  await cluster.settle();
}

describe("pausing a Deployment", () => {
  it("says so and comes to rest, although its last rollout is complete", async () => {
    cluster = await startTestCluster([createDeploymentController], (transport) => transport.put(resources.deployments, deployment()));
    await completeRollout();
    expect(progressing()).toBe("NewReplicaSetAvailable");
    await setPaused(true);
    expect(progressing()).toBe("DeploymentPaused");
    expect(current().status?.observedGeneration).toBe(2);
    const { resourceVersion } = current().metadata;
    await cluster.clock.advance(60_000);
    expect(current().metadata.resourceVersion).toBe(resourceVersion);
    await setPaused(false);
    expect(progressing()).toBe("NewReplicaSetAvailable");
  });
});

describe("a Deployment of no replicas", () => {
  it("comes to rest, although its stored status has no zeros", async () => {
    cluster = await startTestCluster([createDeploymentController], (transport) => {
      const { spec, ...rest } = deployment();
      transport.put(resources.deployments, { ...rest, spec: { ...spec, replicas: 0 } } as Deployment);
    });
    await completeRollout();
    const { status, ...rest } = current();
    const stored = Object.fromEntries(Object.entries(status ?? {}).filter(([, value]) => value !== 0));
    expect(stored).not.toHaveProperty("replicas");
    cluster.transport.put(resources.deployments, { ...rest, status: stored });
    const { resourceVersion } = current().metadata;
    await cluster.settle();
    expect(current().metadata.resourceVersion).toBe(resourceVersion);
  });
});
