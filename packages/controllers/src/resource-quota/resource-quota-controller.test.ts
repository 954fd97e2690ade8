import { resources, type ConfigMap, type Pod, type ResourceQuota, type ResourceQuotaSpec } from "@coracle/api";
import type { KubeObject, ResourceType } from "@coracle/apimachinery";
import { afterEach, expect, test } from "vitest";
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts";
import { createResourceQuotaController } from "./resource-quota-controller.ts";

let cluster: TestCluster;
afterEach(() => cluster[Symbol.asyncDispose]());

interface Widget extends KubeObject {
  spec?: object;
}
const widgets: ResourceType<Widget> = { group: "example.com", version: "v1", resource: "widgets", kind: "Widget", isNamespaced: true };

let served: ResourceType[] = [];
let announce = (): void => {};

async function start(): Promise<void> {
  served = [resources.pods, resources.configMaps, resources.resourceQuotas, resources.nodes] as ResourceType[];
  const controller = createResourceQuotaController({
    resources: () => served,
    onResourcesChanged(listener) {
      announce = listener;
      return { [Symbol.dispose]() {} };
    },
  });
  cluster = await startTestCluster([controller]);
}

async function createQuota(spec: ResourceQuotaSpec): Promise<void> {
  const quota: ResourceQuota = { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "q", namespace: "ns" }, spec };
  await cluster.client.resource(resources.resourceQuotas, "ns").create(quota);
  await cluster.settle();
}

async function createPod(name: string, namespace = "ns"): Promise<void> {
  const containers = [{ name: "c", resources: { requests: { cpu: "100m" } } }];
  await cluster.client
    .resource(resources.pods, namespace)
    .create({ apiVersion: "v1", kind: "Pod", metadata: { name, namespace }, spec: { containers } });
}

const quota = (): ResourceQuota | undefined => cluster.transport.get(resources.resourceQuotas, "ns/q");

test("a new quota gets its status", async () => {
  await start();
  await createPod("a");
  await createPod("elsewhere", "other");
  await createQuota({ hard: { pods: "5", "requests.cpu": "1", "count/configmaps": "3", "example.com/unknown": "1" } });
  expect(quota()?.status).toEqual({
    hard: { pods: "5", "requests.cpu": "1", "count/configmaps": "3", "example.com/unknown": "1" },
    used: { pods: "1", "requests.cpu": "100m", "count/configmaps": "0" },
  });
});

test("what goes, or ends, is given back", async () => {
  await start();
  await createQuota({ hard: { pods: "5", configmaps: "5" } });
  for (const name of ["a", "b", "c"]) await createPod(name);
  const map: ConfigMap = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "m", namespace: "ns" } };
  await cluster.client.resource(resources.configMaps, "ns").create(map);
  await cluster.client.resource(resources.pods, "ns").delete("a", { gracePeriodSeconds: 0 });
  await cluster.settle();
  expect(quota()?.status?.used).toEqual({ pods: "2", configmaps: "1" });
  const pod = cluster.transport.get(resources.pods, "ns/b") as Pod;
  await cluster.client.resource(resources.pods, "ns").updateStatus({ ...pod, status: { phase: "Succeeded" } });
  await cluster.settle();
  expect(quota()?.status?.used).toEqual({ pods: "1", configmaps: "1" });
});

test("other limits are said at once, and what is not limited any more is forgotten", async () => {
  await start();
  await createQuota({ hard: { pods: "5" } });
  await createPod("a");
  const changed = { ...(quota() as ResourceQuota), spec: { hard: { "count/pods": "2" } } };
  await cluster.client.resource(resources.resourceQuotas, "ns").update(changed);
  await cluster.settle();
  expect(quota()?.status).toEqual({ hard: { "count/pods": "2" }, used: { "count/pods": "1" } });
});

test("everything is counted again after five minutes", async () => {
  await start();
  await createQuota({ hard: { pods: "5" } });
  await createPod("a");
  await cluster.settle();
  expect(quota()?.status?.used).toEqual({ pods: "0" });
  await cluster.clock.advance(300_000);
  expect(quota()?.status?.used).toEqual({ pods: "1" });
});

test("kinds that come later are counted when they come", async () => {
  await start();
  await createQuota({ hard: { "count/widgets.example.com": "5" } });
  expect(quota()?.status).toEqual({ hard: { "count/widgets.example.com": "5" }, used: {} });
  served = [...served, widgets as ResourceType];
  announce();
  await cluster.settle();
  expect(quota()?.status?.used).toEqual({ "count/widgets.example.com": "0" });
});
