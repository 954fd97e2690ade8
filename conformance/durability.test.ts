/** `kill -9` in the middle of applying 500 objects: what was acknowledged is there afterwards, and workloads converge. */
import { afterAll, describe, expect, it } from "vitest";
import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { Coracle, eventually, Kubectl, oldestAndNewestKubectl } from "./src/coracle.ts";

const coracle = new Coracle();
afterAll(() => coracle[Symbol.dispose]());
const newest = oldestAndNewestKubectl().at(-1);
if (newest === undefined) throw new Error("no kubectl");

describe("kill -9", () => {
  it("loses no acknowledged object", async () => {
    const cluster = coracle.up("durable", "--runtime", "simulated", "--port", "0");
    const kubectl = new Kubectl(newest, cluster.kubeconfig);
    kubectl.run("create", "deployment", "web", "--image=nginx", "--replicas=5");
    const acknowledged = await createUntilKilled(cluster.kubeconfig, cluster.status().pid);
    // The kill came in the middle: some were answered, some were not.
    expect(acknowledged.length).toBeGreaterThan(20);
    expect(acknowledged.length).toBeLessThan(500);

    coracle.up("durable", "--runtime", "simulated");
    const present = new Set(kubectl.run("get", "configmaps", "-o", "jsonpath={.items[*].metadata.name}").split(" "));
    expect(acknowledged.filter((name) => !present.has(name))).toEqual([]);
    const damaged = kubectl.json<{ items: { metadata: { name: string }; data?: { value?: string } }[] }>(
      "get",
      "configmaps",
      "-l",
      "test=durability",
    ).items;
    expect(damaged.filter((item) => item.data?.value !== `${item.metadata.name} `.repeat(50))).toEqual([]);
    kubectl.run("rollout", "status", "deployment/web", "--timeout=60s");
    await eventually(() => expect(kubectl.run("get", "pods", "-l", "app=web", "--no-headers").match(/1\/1\s+Running/g)).toHaveLength(5));
    kubectl.run("create", "configmap", "afterwards");
  });
});

/** Creates 500 ConfigMaps from 16 clients at once and kills the server after about a third. Returns the acknowledged names. */
async function createUntilKilled(kubeconfig: string, pid: number): Promise<string[]> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const api = config.makeApiClient(CoreV1Api);
  const names = Array.from({ length: 500 }, (_, index) => `object-${String(index).padStart(3, "0")}`);
  const pending = [...names];
  const acknowledged: string[] = [];
  let isKilled = false;
  const worker = async (): Promise<void> => {
    for (let name = pending.shift(); name !== undefined && !isKilled; name = pending.shift()) {
      const body = { metadata: { name, labels: { test: "durability" } }, data: { value: `${name} `.repeat(50) } };
      try {
        await api.createNamespacedConfigMap({ namespace: "default", body });
      } catch {
        return;
      }
      acknowledged.push(name);
      if (acknowledged.length > 170 && !isKilled) {
        isKilled = true;
        process.kill(pid, "SIGKILL");
      }
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  return acknowledged;
}
