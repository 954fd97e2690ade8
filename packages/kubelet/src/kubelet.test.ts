import { createSeededRandom, silentLogger, VirtualClock } from "@coracle/base";
import { resources, type Pod } from "@coracle/api";
import { createClient, createFakeTransport, type FakeTransport } from "@coracle/client";
import { afterEach, expect, test } from "vitest";
import { createKubelet, type Kubelet } from "./kubelet.ts";
import { createSimulatedRuntime } from "./runtime/simulated/simulated-runtime.ts";
import type { Runtime } from "./runtime/runtime.ts";

interface Recorded {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

class TestNode {
  readonly clock = new VirtualClock();
  readonly transport: FakeTransport = createFakeTransport({ clock: this.clock });
  readonly client = createClient({ transport: this.transport, clock: this.clock, log: silentLogger });
  readonly random = createSeededRandom(1);
  readonly runtime: Runtime = createSimulatedRuntime({ clock: this.clock, random: this.random, podCidr: "10.244.0.0/24" });
  readonly events: Recorded[] = [];
  kubelet: Kubelet = this.make();

  make(): Kubelet {
    return createKubelet({
      nodeName: "node-1",
      client: this.client,
      runtime: this.runtime,
      clock: this.clock,
      random: this.random,
      log: silentLogger,
      events: {
        record: (_object, type, reason, message) =>
          void this.events.push({
            type,
            reason,
            message,
          }),
      },

      rootDirectory: "/nonexistent",
      nodeAddress: "192.0.2.1",
      podCidr: "",
      clusterDns: ["10.96.0.10"],
      clusterDomain: "cluster.local",

      server: { port: 10250 },
      capacity: {
        cpu: "2",
        memory: "4Gi",
        pods: "110",
      },
    });
  }

  run(spec: Partial<NonNullable<Pod["spec"]>>, metadata: Partial<Pod["metadata"]> = {}): void {
    this.transport.put(resources.pods, {
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name: "web",
        namespace: "default",
        ...metadata,
      },
      spec: {
        nodeName: "node-1",
        restartPolicy: "Always",
        containers: [
          {
            name: "app",
            image: "nginx:1",
          },
        ],
        ...spec,
      },
      status: { phase: "Pending" },
    } as Pod);
  }

  pod(name = "web"): Pod | undefined {
    return this.transport.get(resources.pods, `default/${name}`);
  }

  condition(type: string): string {
    const found = this.pod()?.status?.conditions?.find((each) => each.type === type);
    return [found?.status, found?.reason, found?.message].filter((part) => part !== undefined).join(" ");
  }

  reasons(): string[] {
    return this.events.map(({ reason }) => reason);
  }
}

let node: TestNode;

async function start(): Promise<TestNode> {
  node = new TestNode();
  await node.kubelet.start();
  await node.clock.advance(0);
  node.events.length = 0;
  return node;
}

afterEach(async () => {
  await node.kubelet.stop();
  await node.runtime[Symbol.asyncDispose]();
  expect(node.clock.pendingTimers).toBe(0);
});

test("a node registers, is Ready, and renews its lease", async () => {
  await start();
  const status = node.transport.get(resources.nodes, "node-1")?.status;
  expect(status?.conditions?.map(({ type, status: value }) => `${type}=${value}`)).toEqual([
    "MemoryPressure=False",
    "DiskPressure=False",
    "PIDPressure=False",
    "Ready=True",
  ]);
  await node.clock.advance(25_000);
  const renewTime = node.transport.get(resources.leases, "kube-node-lease/node-1")?.spec?.renewTime;
  expect(renewTime).toBe("2026-01-01T00:00:20.000000Z");
});

test("a pod goes to Running and Ready in one write", async () => {
  await start();
  node.run({});
  const before = node.transport.requests.length;
  await node.clock.advance(10);
  expect(node.transport.requests.slice(before).filter(({ verb }) => verb === "patch")).toHaveLength(1);
  const status = node.pod()?.status;
  expect([status?.phase, status?.podIP, status?.hostIP, status?.qosClass]).toEqual(["Running", "10.244.0.2", "192.0.2.1", "BestEffort"]);
  expect(node.condition("Ready")).toBe("True");
  expect(status?.containerStatuses?.[0]).toMatchObject({ name: "app", ready: true, started: true, restartCount: 0 });
  expect(node.reasons()).toEqual(["Pulling", "Pulled", "Created", "Started"]);
});

test("deletion ends the containers and removes the pod", async () => {
  await start();
  node.run({});
  await node.clock.advance(10);
  await node.client.resource(resources.pods, "default").delete("web");
  await node.clock.advance(10);
  expect(node.pod()).toBeUndefined();
  expect(await node.runtime.listPodSandboxes()).toEqual([]);
  expect(node.events.at(-1)).toMatchObject({ reason: "Killing", message: "Stopping container app" });
});

test("a container that fails is restarted with back-off", async () => {
  await start();
  node.run({ containers: [{ name: "app", image: "busybox", command: ["sh", "-c", "echo no; exit 3"] }] });
  await node.clock.advance(1000);
  const status = node.pod()?.status?.containerStatuses?.[0];
  expect(status?.restartCount).toBe(1);
  expect(status?.state?.waiting).toMatchObject({
    reason: "CrashLoopBackOff",
    message: `back-off 10s restarting failed container=app pod=web_default(${node.pod()?.metadata.uid})`,
  });
  expect(status?.lastState?.terminated).toMatchObject({ exitCode: 3, reason: "Error" });
  expect(node.condition("Ready")).toBe("False ContainersNotReady containers with unready status: [app]");
  await node.clock.advance(10_000);
  expect(node.pod()?.status?.containerStatuses?.[0]?.restartCount).toBe(2);
  // Restarts at 0, 10, 30, 70, 150, 310 and 610 s.
  await node.clock.advance(600_000);
  expect(await node.runtime.listContainers()).toHaveLength(2);
  expect(node.pod()?.status?.containerStatuses?.[0]?.restartCount).toBe(7);
});

test("init containers run in order, and a pod that may end succeeds", async () => {
  await start();
  const init = (name: string) => ({ name, image: "busybox", command: ["sleep", "5"] });
  node.run({ restartPolicy: "Never", initContainers: [init("one"), init("two")], containers: [{ name: "app", image: "perl" }] });
  await node.clock.advance(6000);
  expect(node.condition("Initialized")).toBe("False ContainersNotInitialized containers with incomplete status: [two]");
  expect(node.pod()?.status?.containerStatuses?.[0]?.state?.waiting?.reason).toBe("PodInitializing");
  await node.clock.advance(6000);
  expect(node.pod()?.status?.phase).toBe("Succeeded");
  expect(node.condition("Ready")).toBe("False PodCompleted");
});

test("an image that cannot be pulled is tried again later", async () => {
  await start();
  node.run({ containers: [{ name: "app", image: "example.com/does-not-exist:1" }] });
  await node.clock.advance(500);
  expect(node.pod()?.status?.containerStatuses?.[0]?.state?.waiting?.reason).toBe("ErrImagePull");
  expect(node.pod()?.status?.phase).toBe("Pending");
  expect(node.condition("PodReadyToStartContainers")).toBe("True");
  const messages = node.events.map(({ type, reason, message }) => `${type} ${reason} ${message}`);
  expect(messages).toContain("Warning Failed Error: ErrImagePull");
  await node.clock.advance(3000);
  expect(node.pod()?.status?.containerStatuses?.[0]?.state?.waiting?.reason).toBe("ImagePullBackOff");
  expect(node.reasons().filter((reason) => reason === "Pulling")).toHaveLength(1);
  await node.clock.advance(8000);
  expect(node.reasons().filter((reason) => reason === "Pulling")).toHaveLength(2);
});

test("a missing config map holds the pod back until it is there", async () => {
  await start();
  node.run({
    volumes: [{ name: "config", configMap: { name: "settings" } }],
    containers: [{ name: "app", image: "nginx", volumeMounts: [{ name: "config", mountPath: "/etc/app" }] }],
  });
  await node.clock.advance(500);
  expect(node.events[0]?.message).toBe('MountVolume.SetUp failed for volume "config" : configmap "settings" not found');
  expect(node.pod()?.status?.containerStatuses?.[0]?.state?.waiting?.reason).toBe("ContainerCreating");
  node.transport.put(resources.configMaps, {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: "settings",
      namespace: "default",
    },
    data: { mode: "fast" },
  });
  await node.clock.advance(5000);
  expect(node.pod()?.status?.phase).toBe("Running");
  const [container] = await node.runtime.listContainers();
  const { stdout } = await node.runtime.execSync(container?.id ?? "", ["cat", "/etc/app/mode"], 1);
  expect(new TextDecoder().decode(stdout)).toBe("fast");
});

test("readiness decides about Ready, liveness about life", async () => {
  await start();
  node.run(
    {
      containers: [
        {
          name: "app",
          image: "nginx",
          readinessProbe: { httpGet: { port: 80 }, periodSeconds: 1 },
          livenessProbe: { exec: { command: ["false"] }, initialDelaySeconds: 20, periodSeconds: 1, failureThreshold: 2 },
        },
      ],
    },
    { annotations: { "simulated.coracle.dev/app.ready-after": "3s" } },
  );
  await node.clock.advance(2000);
  expect(node.pod()?.status?.phase).toBe("Running");
  expect(node.condition("Ready")).toBe("False ContainersNotReady containers with unready status: [app]");
  expect(node.events.at(-1)?.message).toMatch(/^Readiness probe failed: Get /);
  await node.clock.advance(2000);
  expect(node.condition("Ready")).toBe("True");
  await node.clock.advance(20_000);
  expect(node.pod()?.status?.containerStatuses?.[0]?.restartCount).toBe(1);
  expect(node.events.some(({ message }) => message === "Container app failed liveness probe, will be restarted")).toBe(true);
});

test("a restarted kubelet adopts running containers and removes orphans", async () => {
  await start();
  node.run({});
  await node.clock.advance(10);
  const before = node.pod()?.status?.containerStatuses?.[0]?.containerID;
  await node.kubelet.stop();
  node.run({}, { name: "gone" });
  node.kubelet = node.make();
  await node.kubelet.start();
  await node.clock.advance(10);
  await node.kubelet.stop();
  node.transport.remove(resources.pods, "default/gone");
  node.kubelet = node.make();
  await node.kubelet.start();
  await node.clock.advance(10);
  expect(node.pod()?.status?.containerStatuses?.[0]).toMatchObject({ containerID: before, restartCount: 0 });
  expect((await node.runtime.listPodSandboxes()).map(({ metadata }) => metadata.name)).toEqual(["web"]);
});

test("a pod that does not fit is rejected", async () => {
  await start();
  node.run({ containers: [{ name: "app", image: "nginx", resources: { requests: { cpu: "3" } } }] });
  await node.clock.advance(10);
  expect(node.pod()?.status).toMatchObject({
    phase: "Failed",
    reason: "OutOfcpu",
    message: "Pod was rejected: Node didn't have enough resource: cpu, requested: 3000, used: 0, capacity: 2000",
  });
});

test("while the containers of a pod are made anew after a reboot, it stays Running and says how they were lost", async () => {
  await start();
  node.run({});
  await node.clock.advance(10);
  await node.kubelet.stop();
  for (const { id } of await node.runtime.listPodSandboxes()) await node.runtime.removePodSandbox(id);
  const { createContainer } = node.runtime;
  node.runtime.createContainer = async (...words) => {
    await node.clock.sleep(2000);
    return createContainer.apply(node.runtime, words);
  };
  node.kubelet = node.make();
  await node.kubelet.start();
  const lost = {
    exitCode: 137,
    reason: "ContainerStatusUnknown",
    message: "The container could not be located when the pod was deleted.  The container used to be Running",
  };
  await node.clock.advance(1000);
  expect(node.pod()?.status?.phase).toBe("Running");
  expect(node.pod()?.status?.containerStatuses?.[0]).toMatchObject({
    state: { waiting: { reason: "ContainerCreating" } },
    lastState: { terminated: lost },
    restartCount: 1,
  });
  await node.clock.advance(2000);
  const counted = { state: { running: {} }, lastState: { terminated: lost }, restartCount: 1 };
  expect(node.pod()?.status?.containerStatuses?.[0]).toMatchObject(counted);
  await node.clock.advance(60_000);
  expect(node.pod()?.status?.containerStatuses?.[0]).toMatchObject(counted);
});

test("what the runtime forgot counts as restarted, or as killed where it must not run again", async () => {
  await start();
  node.run({});
  node.run({ restartPolicy: "Never", containers: [{ name: "app", image: "x", command: ["sleep", "1h"] }] }, { name: "once" });
  await node.clock.advance(10);
  await node.kubelet.stop();
  for (const { id } of await node.runtime.listPodSandboxes()) await node.runtime.removePodSandbox(id);
  node.kubelet = node.make();
  await node.kubelet.start();
  await node.clock.advance(10);
  expect(node.pod()?.status?.containerStatuses?.[0]).toMatchObject({ ready: true, restartCount: 1 });
  expect(node.pod("once")?.status?.phase).toBe("Failed");
  expect(node.pod("once")?.status?.containerStatuses?.[0]?.state?.terminated?.reason).toBe("ContainerStatusUnknown");
});
