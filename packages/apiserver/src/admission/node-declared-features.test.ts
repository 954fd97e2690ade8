import { expect, it } from "vitest";
import type { UnstructuredObject } from "@coracle/apimachinery";
import { nodeDeclaredFeatureValidator } from "./node-declared-features.ts";
import { startToyCluster } from "./toy-cluster.ts";

const resources = (cpu: string): object => ({ requests: { cpu } });

it("changes of a pod need a node that declares to be able to", async () => {
  const cluster = await startToyCluster([nodeDeclaredFeatureValidator]);
  await cluster.create("Node", { metadata: { name: "n" } });
  const containers = [{ name: "c", image: "i", resources: resources("1") }];
  const initContainers = [{ name: "first", image: "i", resources: resources("1") }];
  const created = await cluster.create("Pod", {
    metadata: { name: "p" },
    spec: { nodeName: "n", containers, initContainers, resources: resources("2") },
  });
  const resize = (spec: object): Promise<UnstructuredObject> =>
    cluster.update("Pod", { ...created, spec: { ...(created["spec"] as object), ...spec } }, { subresource: "resize" });
  await expect(resize({ resources: resources("3") })).rejects.toThrow(
    'pods "p" is forbidden: pod update requires features InPlacePodLevelResourcesVerticalScaling which are not available on node "n"',
  );
  await cluster.patch(
    "Node",
    "n",
    { status: { declaredFeatures: ["InPlacePodLevelResourcesVerticalScaling", "InPlacePodVerticalScalingInitContainers"] } },
    { subresource: "status" },
  );
  expect((await resize({ resources: resources("3") }))["spec"]).toMatchObject({ resources: resources("3") });
});

it("a resize changes resources only, of the same containers", async () => {
  const cluster = await startToyCluster([]);
  await cluster.create("Pod", { metadata: { name: "p" }, spec: { containers: [{ name: "c", image: "i", resources: resources("1") }] } });
  const resize = (container: object): Promise<UnstructuredObject> =>
    cluster.patch("Pod", "p", { metadata: { labels: { a: "b" } }, spec: { containers: [container] } }, { subresource: "resize" });
  const resized = await resize({ name: "c", image: "other", resources: resources("2") });
  expect(resized["spec"]).toMatchObject({ containers: [{ name: "c", image: "i", resources: resources("2") }] });
  expect(resized.metadata.labels).toBeUndefined();
  await expect(resize({ name: "d", image: "i", resources: resources("2") })).rejects.toThrow(
    "containers may not be renamed or reordered on resize",
  );
});
