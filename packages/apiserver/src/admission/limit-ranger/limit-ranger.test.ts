import { describe, expect, test } from "vitest";
import { startToyCluster, type ToyCluster } from "../toy-cluster.ts";
import { limitRanger } from "./limit-ranger.ts";

async function start(...limits: object[]): Promise<ToyCluster> {
  const cluster = await startToyCluster([limitRanger]);
  if (limits.length > 0) await cluster.create("LimitRange", { metadata: { name: "r" }, spec: { limits } });
  return cluster;
}

const pod = (containers: object[], more: object = {}) => ({
  metadata: { name: "p" },
  spec: { containers: containers.map((container, index) => ({ name: `c${index}`, image: "i", ...container })), ...more },
});
const resources = (requests: object, limits: object = {}) => ({ resources: { requests, limits } });
const claim = (storage: string) => ({
  metadata: { name: "v" },
  spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage } } },
});

describe("defaults", () => {
  test("fill in what containers leave out, and are noted", async () => {
    const cluster = await start({
      type: "Container",
      default: { cpu: "2", memory: "2Gi" },
      defaultRequest: { cpu: "1", memory: "1Gi" },
    });
    const made = await cluster.create("Pod", pod([resources({ cpu: "500m" }), {}], { initContainers: [{ name: "i", image: "i" }] }));
    expect(made["spec"]).toMatchObject({
      containers: [
        { resources: { requests: { cpu: "500m", memory: "1Gi" }, limits: { cpu: "2", memory: "2Gi" } } },
        { resources: { requests: { cpu: "1", memory: "1Gi" }, limits: { cpu: "2", memory: "2Gi" } } },
      ],
      initContainers: [{ resources: { requests: { cpu: "1", memory: "1Gi" }, limits: { cpu: "2", memory: "2Gi" } } }],
    });
    expect(made.metadata.annotations).toEqual({
      "kubernetes.io/limit-ranger":
        "LimitRanger plugin set: memory request for container c0; cpu, memory limit for container c0; cpu, memory request for container c1; cpu, memory limit for container c1; cpu, memory request for init container i; cpu, memory limit for init container i",
    });
  });

  test("come from the maximum and the minimum where there are no others", async () => {
    const cluster = await start({ type: "Container", max: { cpu: "2" }, min: { memory: "1Mi", cpu: "1" } });
    const made = await cluster.create("Pod", pod([{}]));
    expect(made["spec"]).toMatchObject({ containers: [{ resources: { limits: { cpu: "2" }, requests: { cpu: "2", memory: "1Mi" } } }] });
  });

  test("are nothing without ranges", async () => {
    const cluster = await start();
    expect((await cluster.create("Pod", pod([{}]))).metadata.annotations).toBeUndefined();
  });
});

describe("containers", () => {
  const bounds = { type: "Container", min: { cpu: "100m" }, max: { cpu: "1", memory: "1Gi" }, maxLimitRequestRatio: { cpu: "2" } };
  test.each([
    [resources({ cpu: "50m" }, { cpu: "100m", memory: "1Gi" }), "minimum cpu usage per Container is 100m, but request is 50m"],
    [resources({ cpu: "1" }, { cpu: "2", memory: "1Gi" }), "maximum cpu usage per Container is 1, but limit is 2"],
    [resources({ cpu: "1" }, { cpu: "1", memory: "2Gi" }), "maximum memory usage per Container is 1Gi, but limit is 2Gi"],
    [
      resources({ cpu: "300m" }, { cpu: "1", memory: "1Gi" }),
      "cpu max limit to request ratio per Container is 2, but provided ratio is 3.333333",
    ],
    [
      resources({ cpu: "50m" }, { cpu: "2", memory: "1Gi" }),
      "[minimum cpu usage per Container is 100m, but request is 50m, maximum cpu usage per Container is 1, but limit is 2, cpu max limit to request ratio per Container is 2, but provided ratio is 40.000000]",
    ],
  ])("%j", async (container, message) => {
    const cluster = await start(bounds);
    await expect(cluster.create("Pod", pod([container]))).rejects.toMatchObject({
      code: 403,
      message: `pods "p" is forbidden: ${message}`,
    });
  });

  test("are measured each for itself, init containers too", async () => {
    const cluster = await start({ type: "Container", max: { cpu: "1" } });
    await cluster.create("Pod", pod([resources({}, { cpu: "1" }), resources({}, { cpu: "1" })]));
    const init = { initContainers: [{ name: "i", image: "i", ...resources({}, { cpu: "2" }) }] };
    await expect(cluster.create("Pod", pod([{}], init))).rejects.toThrow("maximum cpu usage per Container is 1, but limit is 2");
  });

  test("keep within the limits when they are resized", async () => {
    const cluster = await start({ type: "Container", max: { cpu: "1" } });
    await cluster.create("Pod", pod([resources({ cpu: "1" }, { cpu: "1" })]));
    const patch = { spec: { containers: [{ name: "c0", ...resources({ cpu: "1" }, { cpu: "2" }) }] } };
    await expect(cluster.patch("Pod", "p", patch, { subresource: "resize" })).rejects.toThrow("but limit is 2");
  });
});

describe("pods", () => {
  test.each([
    [[resources({ cpu: "1" }), resources({ cpu: "2" })], { min: { cpu: "4" } }, "minimum cpu usage per Pod is 4, but request is 3"],
    [[{}], { min: { cpu: "4" } }, "minimum cpu usage per Pod is 4.  No request is specified"],
    [[{}], { max: { cpu: "4" } }, "maximum cpu usage per Pod is 4.  No limit is specified"],
    [
      [resources({ memory: "1Gi" }, { memory: "3Gi" }), resources({ memory: "1Gi" }, { memory: "3Gi" })],
      { maxLimitRequestRatio: { memory: "1500m" } },
      "memory max limit to request ratio per Pod is 1500m, but provided ratio is 3.000000",
    ],
    [
      [{}],
      { maxLimitRequestRatio: { cpu: "1" } },
      "cpu max limit to request ratio per Pod is 1, but no request is specified or request is 0",
    ],
  ])("%j within %j", async (containers, bounds, message) => {
    const cluster = await start({ type: "Pod", ...bounds });
    await expect(cluster.create("Pod", pod(containers))).rejects.toThrow(`pods "p" is forbidden: ${message}`);
  });

  test("count with the greater of containers and init containers", async () => {
    const cluster = await start({ type: "Pod", max: { cpu: "2" } });
    const init = { initContainers: [{ name: "i", image: "i", ...resources({}, { cpu: "3" }) }] };
    await expect(cluster.create("Pod", pod([resources({}, { cpu: "1" })], init))).rejects.toThrow(
      "maximum cpu usage per Pod is 2, but limit is 3",
    );
  });
});

test("claims have a least and a most storage, also when they grow", async () => {
  const cluster = await start({ type: "PersistentVolumeClaim", min: { storage: "1Gi" }, max: { storage: "5Gi" } });
  const refused = (storage: string, message: string): Promise<void> =>
    expect(cluster.create("PersistentVolumeClaim", claim(storage))).rejects.toThrow(`persistentvolumeclaims "v" is forbidden: ${message}`);
  await refused("500Mi", "minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 500Mi");
  await refused("6Gi", "maximum storage usage per PersistentVolumeClaim is 5Gi, but request is 6Gi");
  await cluster.create("PersistentVolumeClaim", claim("2Gi"));
  await cluster.patch("PersistentVolumeClaim", "v", { status: { phase: "Bound" } }, { subresource: "status" });
  const grown = cluster.patch("PersistentVolumeClaim", "v", { spec: { resources: { requests: { storage: "6Gi" } } } });
  await expect(grown).rejects.toThrow("maximum storage usage per PersistentVolumeClaim is 5Gi, but request is 6Gi");
});
