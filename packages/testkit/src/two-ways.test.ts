import { readFileSync } from "node:fs";
import { silentLogger, systemClock, systemRandom } from "@coracle/base";
import { resources } from "@coracle/api";
import { createClient, createTransportFor, loadKubeconfigText } from "@coracle/client";
import type { KubeObject, ResourceType } from "@coracle/apimachinery";
import { expect, it } from "vitest";
import { startTestCluster } from "./test-cluster.ts";

/** The bytes of the object; what is undefined has no place in them. */
const textOf = (object: KubeObject): string => JSON.stringify(object);

const idOf = ({ metadata }: KubeObject): string => [metadata.namespace, metadata.name, metadata.uid, metadata.resourceVersion].join(" ");

it("objects are the same in this process and over HTTPS", async () => {
  await using cluster = await startTestCluster();
  const access = await loadKubeconfigText(readFileSync(cluster.kubeconfigPath, "utf8"));
  const transport = createTransportFor(access, { userAgent: "two-ways", clock: systemClock, random: systemRandom });
  const remote = createClient({ transport, clock: systemClock, log: silentLogger });
  let compared = 0;
  const types = Object.values(resources) as ResourceType[];
  for (const resource of types) {
    const lists = await Promise.all([cluster.client.resource(resource).list(), remote.resource(resource).list()]).catch(() => []);
    const [here = { items: [] }, there = { items: [] }] = lists;
    const others = new Map(there.items.map((object) => [idOf(object), object]));
    for (const object of here.items) {
      const other = others.get(idOf(object));
      // Changed between the two.
      if (other === undefined) continue;
      expect(textOf(other)).toBe(textOf(object));
      compared++;
    }
  }
  const given: KubeObject = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "both", namespace: "default" } };
  const created = await remote.resource(resources.configMaps, "default").create(given);
  expect(textOf(await cluster.client.resource(resources.configMaps, "default").get("both"))).toBe(textOf(created));
  expect(compared).toBeGreaterThan(100);
  await transport.close?.();
});
