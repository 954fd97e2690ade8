import { resources, type EndpointSlice, type Node, type Pod, type Service } from "@coracle/api";
import type { FakeTransport } from "@coracle/client";
import { afterEach, describe, expect, it } from "vitest";
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts";
import { createEndpointSliceController } from "./endpointslice-controller.ts";

let cluster: TestCluster;
afterEach(() => cluster[Symbol.asyncDispose]());

async function start(prepare?: (transport: FakeTransport) => void): Promise<void> {
  cluster = await startTestCluster([createEndpointSliceController()], (transport) => {
    const labels = { "topology.kubernetes.io/zone": "z1" };
    transport.put(resources.nodes, { apiVersion: "v1", kind: "Node", metadata: { name: "n1", labels } } as Node);
    prepare?.(transport);
  });
}

function service(spec: Service["spec"] = {}): Service {
  const ports = [{ name: "http", port: 80, targetPort: "web", protocol: "TCP" }];
  const whole = { clusterIP: "10.0.0.1", ipFamilies: ["IPv4"], selector: { app: "web" }, ports, ...spec };
  return { apiVersion: "v1", kind: "Service", metadata: { name: "web", namespace: "a" }, spec: whole } as Service;
}

function pod(name: string, ready: boolean, spec: Pod["spec"] | object = {}): Pod {
  const conditions = [{ type: "Ready", status: ready ? "True" : "False", lastTransitionTime: "2026-01-01T00:00:00Z" }];
  const containers = [{ name: "c", ports: [{ name: "web", containerPort: 8080, protocol: "TCP" }] }];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "a", labels: { app: "web" }, uid: `uid-${name}` },
    spec: { nodeName: "n1", containers, ...spec },
    status: { phase: "Running", podIP: `10.1.0.${name}`, podIPs: [{ ip: `10.1.0.${name}` }], conditions },
  } as Pod;
}

function slices(): readonly EndpointSlice[] {
  return cluster.transport.objects(resources.endpointSlices, "a");
}

describe("endpointslice controller", () => {
  it("writes what the pods are, and follows them", async () => {
    await start((transport) => {
      transport.put(resources.services, service());
      transport.put(resources.pods, pod("1", true, { hostname: "one", subdomain: "web" }));
      transport.put(resources.pods, pod("2", false));
    });
    expect(slices()).toMatchObject([
      {
        addressType: "IPv4",
        metadata: { annotations: { "endpoints.kubernetes.io/last-change-trigger-time": "2026-01-01T00:00:00Z" } },
        ports: [{ name: "http", port: 8080, protocol: "TCP" }],
        endpoints: [
          {
            addresses: ["10.1.0.1"],
            conditions: { ready: true, serving: true, terminating: false },
            targetRef: { kind: "Pod", namespace: "a", name: "1", uid: "uid-1" },
            nodeName: "n1",
            zone: "z1",
            hostname: "one",
          },
          { addresses: ["10.1.0.2"], conditions: { ready: false, serving: false, terminating: false } },
        ],
      },
    ]);
    await cluster.client.resource(resources.pods, "a").delete("1");
    await cluster.settle();
    expect(slices()[0]?.endpoints?.[0]?.conditions).toEqual({ ready: false, serving: true, terminating: true });
    cluster.transport.remove(resources.pods, "a/1");
    await cluster.settle();
    expect(slices()[0]?.endpoints).toHaveLength(1);
    expect(slices()).toHaveLength(1);
  });

  it("publishes pods that are not ready where the Service asks, and hints where it prefers near ones", async () => {
    await start((transport) => {
      transport.put(resources.services, service({ publishNotReadyAddresses: true, trafficDistribution: "PreferSameNode" }));
      transport.put(resources.pods, pod("1", false));
    });
    const hints = { forZones: [{ name: "z1" }], forNodes: [{ name: "n1" }] };
    expect(slices()[0]?.endpoints).toMatchObject([{ conditions: { ready: true, serving: false }, hints }]);
  });

  it("leaves out a pod whose node is unknown until it is known", async () => {
    await start((transport) => {
      transport.put(resources.services, service());
      transport.put(resources.pods, pod("1", true, { nodeName: "n2" }));
    });
    expect(slices()[0]?.endpoints).toEqual([]);
    cluster.transport.put(resources.nodes, { apiVersion: "v1", kind: "Node", metadata: { name: "n2" } } as Node);
    await cluster.clock.advance(1000);
    expect(slices()[0]?.endpoints).toHaveLength(1);
  });

  it("does nothing for Services without a selector and ExternalName Services", async () => {
    await start((transport) => {
      const { selector: _selector, ...spec } = service().spec ?? {};
      transport.put(resources.services, { ...service(), spec } as Service);
      transport.put(resources.services, { ...service({ type: "ExternalName" }), metadata: { name: "other", namespace: "a" } });
    });
    expect(slices()).toEqual([]);
  });

  it("makes a slice again that somebody deleted", async () => {
    await start((transport) => transport.put(resources.services, service()));
    const [slice] = slices();
    await cluster.client.resource(resources.endpointSlices, "a").delete(slice?.metadata.name ?? "");
    await cluster.settle();
    expect(slices()).toHaveLength(1);
    expect(slices()[0]?.metadata.uid).not.toBe(slice?.metadata.uid);
  });

  it("splits 250 endpoints into slices of at most 100", async () => {
    await start((transport) => {
      transport.put(resources.services, service());
      for (let index = 0; index < 250; index++) transport.put(resources.pods, pod(String(index), true));
    });
    expect(slices().map(({ endpoints }) => endpoints?.length)).toEqual(expect.arrayContaining([100, 100, 50]));
  });
});
