import { resources, type Deployment, type Event, type Pod, type PodDisruptionBudget, type ReplicaSet } from "@coracle/api";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts";
import { createDisruptionController } from "./disruption-controller.ts";
import { createStaleDisruptionController } from "./stale-disruption-controller.ts";

let cluster: TestCluster;
beforeEach(async () => {
  cluster = await startTestCluster([createDisruptionController({ kindOf: () => undefined }), createStaleDisruptionController]);
});
afterEach(() => cluster[Symbol.asyncDispose]());

const owner = (kind: string, name: string): object => ({ apiVersion: "apps/v1", kind, name, uid: `uid-${name}`, controller: true });
function putPod(name: string, fields: { isReady?: boolean; ownedBy?: string; status?: object } = {}): void {
  const { isReady = true, ownedBy = "web-1", status = {} } = fields;
  cluster.transport.put(resources.pods, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: "a",
      uid: `uid-${name}`,
      labels: { app: "web" },
      ...(ownedBy !== "" && { ownerReferences: [owner(ownedBy === "job" ? "Job" : "ReplicaSet", ownedBy)] }),
    },
    spec: { containers: [] },
    status: { phase: "Running", conditions: [{ type: "Ready", status: isReady ? "True" : "False" }], ...status },
  } as unknown as Pod);
}
function putWorkload(replicas: number): void {
  const spec = { replicas, selector: { matchLabels: { app: "web" } }, template: {} };
  const metadata = { name: "web", namespace: "a", uid: "uid-web" };
  cluster.transport.put(resources.deployments, { apiVersion: "apps/v1", kind: "Deployment", metadata, spec } as unknown as Deployment);
  for (const name of ["web-1", "web-2"])
    cluster.transport.put(resources.replicaSets, {
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: { name, namespace: "a", uid: `uid-${name}`, ownerReferences: [owner("Deployment", "web")] },
      spec: { ...spec, replicas: 99 },
    } as unknown as ReplicaSet);
}
async function putBudget(spec: PodDisruptionBudget["spec"], status?: PodDisruptionBudget["status"]): Promise<void> {
  const selector = { matchLabels: { app: "web" } };
  const metadata = { name: "pdb", namespace: "a", generation: 1 };
  const budget = {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata,
    spec: { selector, ...spec },
    status,
  } as PodDisruptionBudget;
  cluster.transport.put(resources.podDisruptionBudgets, budget);
  await cluster.settle();
}
const status = (): PodDisruptionBudget["status"] =>
  (cluster.transport.get(resources.podDisruptionBudgets, "a/pdb") as PodDisruptionBudget).status;
async function reasons(): Promise<string[]> {
  await cluster.clock.advance(1000);
  return cluster.transport.objects(resources.events).map((event) => (event as Event).reason ?? "");
}

describe("the status of a PodDisruptionBudget", () => {
  it("allows as many disruptions as there are healthy pods to spare", async () => {
    putWorkload(3);
    for (const name of ["p1", "p2", "p3"]) putPod(name);
    await putBudget({ minAvailable: 2 });
    expect(status()).toMatchObject({ currentHealthy: 3, desiredHealthy: 2, expectedPods: 3, disruptionsAllowed: 1, observedGeneration: 1 });
    expect(status()?.conditions).toMatchObject([{ type: "DisruptionAllowed", status: "True", reason: "SufficientPods" }]);
    putPod("p3", { isReady: false });
    await cluster.settle();
    expect(status()).toMatchObject({ currentHealthy: 2, disruptionsAllowed: 0 });
    expect(status()?.conditions).toMatchObject([{ status: "False", reason: "InsufficientPods" }]);
  });

  it("counts the pods of a Deployment's ReplicaSets against the Deployment's scale", async () => {
    putWorkload(5);
    for (const name of ["p1", "p2", "p3"]) putPod(name);
    putPod("p4", { ownedBy: "web-2" });
    await putBudget({ maxUnavailable: "30%" });
    // 30 % of 5 is rounded up to 2.
    expect(status()).toMatchObject({ expectedPods: 5, desiredHealthy: 3, currentHealthy: 4, disruptionsAllowed: 1 });
    await putBudget({ minAvailable: "50%" });
    expect(status()).toMatchObject({ expectedPods: 5, desiredHealthy: 3, disruptionsAllowed: 1 });
  });

  it("allows nothing without pods", async () => {
    await putBudget({ minAvailable: 0 });
    expect(status()).toMatchObject({ expectedPods: 0, disruptionsAllowed: 0 });
    expect(await reasons()).toContain("NoPods");
  });

  it("counts evicted pods as gone until they should have been", async () => {
    putWorkload(2);
    putPod("p1");
    putPod("p2");
    const since = new Date(cluster.clock.now()).toISOString().replace(/\.\d+Z$/, "Z");
    await putBudget({ maxUnavailable: 1 }, { disruptedPods: { p1: since, gone: since }, disruptionsAllowed: 0 });
    expect(status()).toMatchObject({ currentHealthy: 1, disruptionsAllowed: 0, disruptedPods: { p1: since } });
    await cluster.clock.advance(121_000);
    expect(status()).toMatchObject({ currentHealthy: 2, disruptionsAllowed: 1 });
    expect(status()?.disruptedPods).toBeUndefined();
    expect(await reasons()).toContain("NotDeleted");
  });

  it("warns of pods that nobody controls, and fails safe where there is no scale", async () => {
    putPod("lonely", { ownedBy: "" });
    await putBudget({ maxUnavailable: 1 });
    expect(status()).toMatchObject({ expectedPods: 0, disruptionsAllowed: 0 });
    expect(await reasons()).toContain("UnmanagedPods");
    putPod("of-job", { ownedBy: "job" });
    await cluster.settle();
    expect(status()?.conditions).toMatchObject([
      { type: "DisruptionAllowed", status: "False", reason: "SyncFailed", message: 'no matches for kind "Job" in version "apps/v1"' },
    ]);
    expect(await reasons()).toContain("CalculateExpectedPodCountFailed");
  });

  it("comes to rest", async () => {
    putWorkload(1);
    putPod("p1");
    await putBudget({ minAvailable: 1 });
    const before = cluster.transport.get(resources.podDisruptionBudgets, "a/pdb")?.metadata.resourceVersion;
    await cluster.clock.advance(600_000);
    expect(cluster.transport.get(resources.podDisruptionBudgets, "a/pdb")?.metadata.resourceVersion).toBe(before);
  });
});

describe("pods that were to be disrupted", () => {
  it("are left in peace after two minutes, unless a kubelet ends them", async () => {
    const lastTransitionTime = new Date(cluster.clock.now()).toISOString();
    const marked = (reason: string): object => ({ conditions: [{ type: "DisruptionTarget", status: "True", reason, lastTransitionTime }] });
    putPod("evicted", { status: marked("EvictionByEvictionAPI") });
    putPod("ending", { status: marked("TerminationByKubelet") });
    await cluster.clock.advance(119_000);
    const condition = (name: string): unknown =>
      (cluster.transport.get(resources.pods, `a/${name}`) as Pod).status?.conditions?.[0]?.status;
    expect(condition("evicted")).toBe("True");
    await cluster.clock.advance(2000);
    expect(condition("evicted")).toBe("False");
    expect(condition("ending")).toBe("True");
  });
});
