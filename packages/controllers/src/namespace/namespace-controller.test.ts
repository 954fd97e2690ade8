import { resources, type ConfigMap, type Namespace, type Pod } from "@coracle/api";
import type { FakeTransport } from "@coracle/client";
import { afterEach, describe, expect, it } from "vitest";
import { createRootCaPublisherController } from "../root-ca-publisher/root-ca-publisher.ts";
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts";
import { createServiceAccountController } from "../serviceaccount/serviceaccount-controller.ts";
import { createNamespaceController } from "./namespace-controller.ts";

let cluster: TestCluster;
afterEach(() => cluster[Symbol.asyncDispose]());

const served = [resources.configMaps, resources.pods, resources.serviceAccounts, resources.namespaces] as never[];

async function start(prepare?: (transport: FakeTransport) => void): Promise<void> {
  const factories = [
    createNamespaceController({ resources: () => served }),
    createServiceAccountController(),
    createRootCaPublisherController({ rootCa: "PEM" }),
  ];
  cluster = await startTestCluster(factories, prepare);
}

async function createNamespace(): Promise<void> {
  await cluster.client.resource(resources.namespaces).create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "a" } } as Namespace);
  await cluster.settle();
}

function configMap(finalizers: string[] = []): ConfigMap {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c", namespace: "a", finalizers } };
}

function remaining(): string[] {
  const { transport } = cluster;
  const objects = [
    ...transport.objects(resources.configMaps),
    ...transport.objects(resources.serviceAccounts),
    ...transport.objects(resources.pods),
  ];
  return objects.map(({ metadata }) => metadata.name ?? "");
}

describe("namespace, service account and root CA controllers", () => {
  it("furnish a namespace, keep it furnished, and leave nothing when it goes", async () => {
    await start();
    await createNamespace();
    expect(cluster.transport.get(resources.serviceAccounts, "a/default")).toBeDefined();
    expect(cluster.transport.get(resources.configMaps, "a/kube-root-ca.crt")?.data).toEqual({ "ca.crt": "PEM" });
    await cluster.client.resource(resources.serviceAccounts, "a").delete("default");
    await cluster.client.resource(resources.configMaps, "a").delete("kube-root-ca.crt");
    await cluster.settle();
    expect(remaining()).toEqual(["kube-root-ca.crt", "default"]);
    const changed = { ...(cluster.transport.get(resources.configMaps, "a/kube-root-ca.crt") as ConfigMap), data: { "ca.crt": "other" } };
    await cluster.client.resource(resources.configMaps, "a").update(changed);
    await cluster.settle();
    expect(cluster.transport.get(resources.configMaps, "a/kube-root-ca.crt")?.data).toEqual({ "ca.crt": "PEM" });
    await cluster.client.resource(resources.namespaces).delete("a");
    await cluster.settle();
    expect(remaining()).toEqual([]);
    expect(cluster.transport.get(resources.namespaces, "a")).toBeUndefined();
  });

  it("deletes pods first, waits for them, and says so", async () => {
    await start();
    await createNamespace();
    const spec = { nodeName: "n1", containers: [], terminationGracePeriodSeconds: 30 };
    await cluster.client
      .resource(resources.pods, "a")
      .create({ apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec } as unknown as Pod);
    await cluster.client.resource(resources.namespaces).delete("a");
    await cluster.clock.advance(5000);
    expect(remaining()).toEqual(["kube-root-ca.crt", "default", "p"]);
    const conditions = cluster.transport.get(resources.namespaces, "a")?.status?.conditions ?? [];
    expect(conditions.map(({ type, status }) => [type, status])).toEqual([
      ["NamespaceDeletionDiscoveryFailure", "False"],
      ["NamespaceDeletionGroupVersionParsingFailure", "False"],
      ["NamespaceDeletionContentFailure", "False"],
      ["NamespaceContentRemaining", "True"],
      ["NamespaceFinalizersRemaining", "False"],
    ]);
    expect(conditions[3]?.message).toBe("Some resources are remaining: pods. has 1 resource instances");
    cluster.transport.remove(resources.pods, "a/p");
    await cluster.settle();
    expect(cluster.transport.get(resources.namespaces, "a")).toBeUndefined();
  });

  it("names the finalizers that hold content", async () => {
    await start();
    await createNamespace();
    await cluster.client.resource(resources.configMaps, "a").create(configMap(["example.com/hold"]));
    await cluster.client.resource(resources.namespaces).delete("a");
    await cluster.clock.advance(1000);
    const held = cluster.transport
      .get(resources.namespaces, "a")
      ?.status?.conditions?.find(({ type }) => type === "NamespaceFinalizersRemaining");
    expect(held).toMatchObject({
      status: "True",
      reason: "SomeFinalizersRemain",
      message: "Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances",
    });
    const patch = { metadata: { finalizers: null } };
    await cluster.client.resource(resources.configMaps, "a").patch("c", patch, { type: "application/merge-patch+json" });
    await cluster.clock.advance(15_000);
    expect(cluster.transport.get(resources.namespaces, "a")).toBeUndefined();
  });
});
