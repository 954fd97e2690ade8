import type { UnstructuredObject } from "@coracle/apimachinery";
import { describe, expect, test } from "vitest";
import { toyDefinition } from "../../registry/toy-definitions.ts";
import { startToyCluster, type ToyCluster } from "../toy-cluster.ts";
import { NamespaceQueue } from "./namespace-queue.ts";
import { createResourceQuota } from "./resource-quota.ts";

type Amounts = Record<string, string>;

const start = (): Promise<ToyCluster> => startToyCluster([createResourceQuota()], [toyDefinition()]);

/** A quota with its status, as the controller would fill it in. */
async function addQuota(cluster: ToyCluster, name: string, hard: Amounts, more: { used?: Amounts; spec?: object } = {}): Promise<void> {
  await cluster.create("ResourceQuota", { metadata: { name }, spec: { hard, ...more.spec } });
  const used = more.used ?? Object.fromEntries(Object.keys(hard).map((key) => [key, "0"]));
  await cluster.patch("ResourceQuota", name, { status: { hard, used } }, { subresource: "status" });
}

async function usedOf(cluster: ToyCluster, name = "q"): Promise<Amounts> {
  return ((await cluster.get("ResourceQuota", name))["status"] as { used: Amounts }).used;
}

const pod = (name: string, requests: Amounts = {}, limits: Amounts = {}, spec: object = {}) => ({
  metadata: { name },
  spec: { containers: [{ name: "c", image: "i", resources: { requests, limits } }], ...spec },
});

describe("pods", () => {
  test("are refused when they exceed the quota", async () => {
    const cluster = await start();
    await addQuota(cluster, "q", { pods: "2", "requests.cpu": "1" }, { used: { pods: "1", "requests.cpu": "300m" } });
    await cluster.create("Pod", pod("a", { cpu: "200m" }));
    expect(await usedOf(cluster)).toEqual({ pods: "2", "requests.cpu": "500m" });
    await expect(cluster.create("Pod", pod("b", { cpu: "200m" }))).rejects.toMatchObject({
      code: 403,
      message: 'pods "b" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2',
    });
    await expect(cluster.create("Pod", pod("b", { cpu: "600m" }))).rejects.toThrow(
      "exceeded quota: q, requested: pods=1,requests.cpu=600m, used: pods=2,requests.cpu=500m, limited: pods=2,requests.cpu=1",
    );
    expect(await usedOf(cluster)).toEqual({ pods: "2", "requests.cpu": "500m" });
  });

  test("must say what is limited", async () => {
    const cluster = await start();
    await addQuota(cluster, "q", { "limits.cpu": "1", "requests.memory": "1Gi" });
    await expect(cluster.create("Pod", pod("a"))).rejects.toThrow(
      'pods "a" is forbidden: failed quota: q: must specify limits.cpu for: c; requests.memory for: c',
    );
  });

  test("wait for the quota's status", async () => {
    const cluster = await start();
    await addQuota(cluster, "q", { pods: "1", secrets: "1" }, { used: { secrets: "0" } });
    await expect(cluster.create("Pod", pod("a"))).rejects.toThrow("status unknown for quota: q, resources: pods");
  });

  test("are counted by the quotas in whose scope they are", async () => {
    const cluster = await start();
    await addQuota(cluster, "q", { pods: "0" }, { spec: { scopes: ["Terminating"] } });
    const scopeSelector = { matchExpressions: [{ scopeName: "PriorityClass", operator: "In", values: ["high"] }] };
    await addQuota(cluster, "high", { pods: "0" }, { spec: { scopeSelector } });
    await cluster.create("Pod", pod("a"));
    await expect(cluster.create("Pod", pod("b", {}, {}, { activeDeadlineSeconds: 5 }))).rejects.toThrow("exceeded quota: q,");
    await expect(cluster.create("Pod", pod("b", {}, {}, { priorityClassName: "high" }))).rejects.toThrow("exceeded quota: high,");
  });

  test("that are resized use the difference", async () => {
    const cluster = await start();
    await addQuota(cluster, "q", { "requests.cpu": "1" });
    await cluster.create("Pod", pod("a", { cpu: "500m" }));
    const resize = (cpu: string) =>
      cluster.patch("Pod", "a", { spec: { containers: [{ name: "c", resources: { requests: { cpu } } }] } }, { subresource: "resize" });
    await resize("900m");
    expect(await usedOf(cluster)).toEqual({ "requests.cpu": "900m" });
    await expect(resize("1200m")).rejects.toThrow(
      "exceeded quota: q, requested: requests.cpu=300m, used: requests.cpu=900m, limited: requests.cpu=1",
    );
  });
});

describe("everything else", () => {
  test("is counted by resource, custom resources too", async () => {
    const cluster = await start();
    await addQuota(cluster, "q", { "count/deployments.apps": "0", "count/widgets.example.com": "1", secrets: "1", configmaps: "0" });
    const template = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "i" }] } };
    const deployment = { metadata: { name: "d" }, spec: { selector: { matchLabels: { a: "b" } }, template } };
    await expect(cluster.create("Deployment", deployment)).rejects.toThrow(
      'deployments.apps "d" is forbidden: exceeded quota: q, requested: count/deployments.apps=1, used: count/deployments.apps=0, limited: count/deployments.apps=0',
    );
    await cluster.create("Widget", { metadata: { name: "w" } });
    await expect(cluster.create("Widget", { metadata: { name: "v" } })).rejects.toThrow("used: count/widgets.example.com=1");
    await cluster.create("Secret", { metadata: { name: "s" } });
    expect(await usedOf(cluster)).toMatchObject({ secrets: "1", "count/widgets.example.com": "1" });
    await expect(cluster.create("ConfigMap", { metadata: { name: "m" } })).rejects.toThrow("configmaps=1");
  });

  test("services change their use with their type", async () => {
    const cluster = await start();
    await addQuota(cluster, "q", { services: "5", "services.nodeports": "1", "services.loadbalancers": "0" });
    const service = await cluster.create("Service", { metadata: { name: "s" }, spec: { ports: [{ port: 80 }] } });
    expect(await usedOf(cluster)).toEqual({ services: "1", "services.nodeports": "0", "services.loadbalancers": "0" });
    await cluster.patch("Service", "s", { spec: { type: "NodePort" } });
    expect(await usedOf(cluster)).toMatchObject({ services: "1", "services.nodeports": "1" });
    await expect(cluster.patch("Service", service.metadata.name ?? "", { spec: { type: "LoadBalancer" } })).rejects.toThrow(
      "exceeded quota: q, requested: services.loadbalancers=1, used: services.loadbalancers=0, limited: services.loadbalancers=0",
    );
  });

  test("claims use storage of their class", async () => {
    const cluster = await start();
    const name = "gold.storageclass.storage.k8s.io/requests.storage";
    await addQuota(cluster, "q", { [name]: "5Gi" });
    const spec = { accessModes: ["ReadWriteOnce"], storageClassName: "gold", resources: { requests: { storage: "6Gi" } } };
    await expect(cluster.create("PersistentVolumeClaim", { metadata: { name: "v" }, spec })).rejects.toThrow(
      `exceeded quota: q, requested: ${name}=6Gi, used: ${name}=0, limited: ${name}=5Gi`,
    );
    await cluster.create("PersistentVolumeClaim", { metadata: { name: "v" }, spec: { ...spec, storageClassName: "silver" } });
  });
});

test("what is only tried uses nothing, but has to fit", async () => {
  const cluster = await start();
  await addQuota(cluster, "q", { pods: "1" });
  await cluster.create("Pod", pod("a"), { isDryRun: true });
  expect(await usedOf(cluster)).toEqual({ pods: "0" });
  await cluster.create("Pod", pod("a"));
  await expect(cluster.create("Pod", pod("b"), { isDryRun: true })).rejects.toThrow("exceeded quota");
});

test("requests at the same time never use more than there is", async () => {
  const cluster = await start();
  await addQuota(cluster, "q", { pods: "3" });
  await addQuota(cluster, "r", { "count/pods": "10" });
  const results = await Promise.allSettled(Array.from({ length: 8 }, (_, index) => cluster.create("Pod", pod(`p${index}`))));
  expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(3);
  expect(await usedOf(cluster)).toEqual({ pods: "3" });
  expect(await usedOf(cluster, "r")).toEqual({ "count/pods": "3" });
});

test("a quota that somebody else changed is looked at again", async () => {
  const cluster = await start();
  await addQuota(cluster, "q", { pods: "5", secrets: "5" });
  const secrets = Array.from({ length: 5 }, (_, index) => cluster.create("Secret", { metadata: { name: `s${index}` } }));
  const labels = Array.from({ length: 5 }, (_, index) =>
    cluster.patch("ResourceQuota", "q", { metadata: { labels: { [`l${index}`]: "" } } }),
  );
  await Promise.all([...secrets, ...labels, cluster.create("Pod", pod("a"))] satisfies Promise<UnstructuredObject>[]);
  expect(await usedOf(cluster)).toEqual({ pods: "1", secrets: "5" });
});

test("batches are worked on one after the other, namespaces beside each other", async () => {
  const log: string[] = [];
  const gates: (() => void)[] = [];
  const queue = new NamespaceQueue<number>(async (namespace, batch) => {
    log.push(`${namespace}:${batch.join("+")}`);
    await new Promise<void>((resolve) => gates.push(resolve));
  });
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  };
  for (const item of [1, 2]) queue.add("a", item);
  queue.add("b", 3);
  await settle();
  for (const item of [4, 5]) queue.add("a", item);
  await settle();
  expect(log).toEqual(["a:1+2", "b:3"]);
  for (const open of gates.splice(0)) open();
  await settle();
  expect(log).toEqual(["a:1+2", "b:3", "a:4+5"]);
});
