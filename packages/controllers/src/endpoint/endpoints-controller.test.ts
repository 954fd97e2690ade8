import { resources, type Endpoints, type EndpointSubset, type Pod, type Service } from "@coracle/api";
import type { FakeTransport } from "@coracle/client";
import { afterEach, describe, expect, it } from "vitest";
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts";
import { createEndpointsController } from "./endpoints-controller.ts";
import { truncateSubsets } from "./subsets.ts";

let cluster: TestCluster;
afterEach(() => cluster[Symbol.asyncDispose]());

async function start(prepare: (transport: FakeTransport) => void): Promise<void> {
  cluster = await startTestCluster([createEndpointsController()], prepare);
}

function service(spec: object = {}): Service {
  const ports = [
    { name: "b", port: 443, targetPort: 8443, protocol: "TCP" },
    { name: "a", port: 80, targetPort: "web", protocol: "TCP" },
  ];
  const whole = { clusterIP: "10.0.0.1", ipFamilies: ["IPv4"], selector: { app: "web" }, ports, ...spec };
  return { apiVersion: "v1", kind: "Service", metadata: { name: "web", namespace: "a", labels: { x: "y" } }, spec: whole } as Service;
}

function pod(name: string, ready: boolean): Pod {
  const conditions = [{ type: "Ready", status: ready ? "True" : "False" }];
  const containers = [{ name: "c", ports: [{ name: "web", containerPort: 8080, protocol: "TCP" }] }];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "a", labels: { app: "web" }, uid: `uid-${name}` },
    spec: { nodeName: "n1", containers },
    status: { phase: "Running", podIP: `10.1.0.${name}`, podIPs: [{ ip: `10.1.0.${name}` }], conditions },
  } as Pod;
}

function endpoints(): Endpoints | undefined {
  return cluster.transport.get(resources.endpoints, "a/web");
}

describe("endpoints controller", () => {
  it("packs ready and other addresses into one subset with sorted ports, and follows readiness", async () => {
    await start((transport) => {
      transport.put(resources.services, service());
      transport.put(resources.pods, pod("2", true));
      transport.put(resources.pods, pod("1", false));
    });
    expect(endpoints()).toMatchObject({
      metadata: { name: "web", labels: { x: "y", "endpoints.kubernetes.io/managed-by": "endpoint-controller" } },
      subsets: [
        {
          addresses: [{ ip: "10.1.0.2", nodeName: "n1", targetRef: { kind: "Pod", namespace: "a", name: "2", uid: "uid-2" } }],
          notReadyAddresses: [{ ip: "10.1.0.1" }],
          ports: [
            { name: "a", port: 8080, protocol: "TCP" },
            { name: "b", port: 8443, protocol: "TCP" },
          ],
        },
      ],
    });
    cluster.transport.put(resources.pods, pod("1", true));
    await cluster.settle();
    expect(endpoints()?.subsets?.[0]?.addresses?.map(({ ip }) => ip)).toEqual(["10.1.0.1", "10.1.0.2"]);
    const { resourceVersion } = endpoints()?.metadata ?? {};
    cluster.transport.put(resources.pods, { ...pod("1", true), metadata: { ...pod("1", true).metadata, annotations: { a: "b" } } });
    await cluster.settle();
    expect(endpoints()?.metadata.resourceVersion).toBe(resourceVersion);
  });

  it("writes an object without subsets when there are no pods, and marks headless Services", async () => {
    await start((transport) => transport.put(resources.services, service({ clusterIP: "None" })));
    expect(endpoints()?.subsets).toBeUndefined();
    expect(endpoints()?.metadata.labels).toHaveProperty(["service.kubernetes.io/headless"], "");
  });

  it("deletes Endpoints whose Service is gone, left over ones too, but not those of leader election", async () => {
    const left = { apiVersion: "v1", kind: "Endpoints", metadata: { name: "left", namespace: "a" } } as Endpoints;
    const annotations = { "control-plane.alpha.kubernetes.io/leader": "{}" };
    await start((transport) => {
      transport.put(resources.services, service());
      transport.put(resources.endpoints, left);
      transport.put(resources.endpoints, { ...left, metadata: { name: "leader", namespace: "a", annotations } });
    });
    const present = (): (string | undefined)[] => cluster.transport.objects(resources.endpoints).map(({ metadata }) => metadata.name);
    expect(present()).toEqual(["leader", "web"]);
    await cluster.client.resource(resources.services, "a").delete("web");
    await cluster.settle();
    expect(present()).toEqual(["leader"]);
    // Somebody writes Endpoints by hand, before their Service or without one.
    await cluster.client.resource(resources.endpoints, "a").create(structuredClone(left));
    await cluster.settle();
    expect(present()).toEqual(["leader", "left"]);
  });

  it("keeps at most 1000 addresses, ready ones first, each subset in proportion", async () => {
    await start(() => undefined);
    const addresses = (count: number): EndpointSubset["addresses"] =>
      Array.from({ length: count }, (_none, index) => ({ ip: `ip-${index}` }));
    const sizes = (subsets: EndpointSubset[] | undefined): unknown =>
      subsets?.map((subset) => [subset.addresses?.length, subset.notReadyAddresses?.length]);
    const subset = (ready: number, notReady: number): EndpointSubset =>
      ({ addresses: addresses(ready), notReadyAddresses: addresses(notReady) }) as EndpointSubset;
    expect(truncateSubsets([subset(500, 500)])).toBeUndefined();
    expect(sizes(truncateSubsets([subset(400, 300), subset(400, 100)]))).toEqual([
      [400, 150],
      [400, 50],
    ]);
    expect(sizes(truncateSubsets([subset(1500, 300), subset(500, 0)]))).toEqual([
      [750, undefined],
      [250, undefined],
    ]);
  });
});
