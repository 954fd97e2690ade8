import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { resources } from "@coracle/api";
import { startTestCluster } from "./test-cluster.ts";

const template = { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image: "nginx" }] } };

it("runs several clusters side by side, with controllers behind them, and leaves nothing", async () => {
  const clusters = await Promise.all([startTestCluster(), startTestCluster({ nodes: 3 })]);
  for (const { client } of clusters) {
    await client.resource(resources.deployments, "default").create({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web", namespace: "default" },
      spec: { replicas: 4, selector: { matchLabels: { app: "web" } }, template },
    });
    const available = async (): Promise<number | undefined> =>
      (await client.resource(resources.deployments, "default").get("web")).status?.availableReplicas;
    await expect.poll(available, { timeout: 10_000 }).toBe(4);
    await client.resource(resources.deployments, "default").delete("web", { propagationPolicy: "Foreground" });
    await expect.poll(async () => (await client.resource(resources.pods, "default").list()).items.length, { timeout: 10_000 }).toBe(0);
  }
  const nodes = await Promise.all(clusters.map(async ({ client }) => (await client.resource(resources.nodes).list()).items.length));
  expect(nodes).toEqual([1, 3]);
  await Promise.all(clusters.map((cluster) => cluster.stop()));
  expect(clusters.some((cluster) => existsSync(cluster.kubeconfigPath))).toBe(false);
});
