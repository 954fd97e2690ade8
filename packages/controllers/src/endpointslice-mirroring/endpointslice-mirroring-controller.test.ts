import { resources, type Endpoints, type EndpointSlice, type Service } from "@coracle/api";
import { expect, it } from "vitest";
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts";
import { createEndpointSliceMirroringController } from "./endpointslice-mirroring-controller.ts";

const service = (spec: object = {}): Service =>
  ({ apiVersion: "v1", kind: "Service", metadata: { name: "web", namespace: "a" }, spec: { ports: [], ...spec } }) as Service;
const endpoints = (...ips: string[]): Endpoints => ({
  apiVersion: "v1",
  kind: "Endpoints",
  metadata: { name: "web", namespace: "a", uid: "uid-e", labels: { x: "y" } },
  subsets: [{ addresses: ips.map((ip) => ({ ip })), ports: [{ port: 80, protocol: "TCP" }] }],
});
const slicesOf = ({ client }: TestCluster): readonly EndpointSlice[] => client.informer(resources.endpointSlices).list("a");
const start = (...ips: string[]): Promise<TestCluster> =>
  startTestCluster([createEndpointSliceMirroringController], (transport) => {
    transport.put(resources.services, service());
    transport.put(resources.endpoints, endpoints(...ips));
  });

it("mirrors both families into a slice each, follows changes in place, and goes with the Endpoints", async () => {
  await using cluster = await start("10.0.0.1", "fd00::1");
  const [four, six] = slicesOf(cluster).toSorted((a, b) => (a.addressType < b.addressType ? -1 : 1));
  expect(four).toMatchObject({
    metadata: {
      labels: {
        x: "y",
        "kubernetes.io/service-name": "web",
        "endpointslice.kubernetes.io/managed-by": "endpointslicemirroring-controller.k8s.io",
      },
      ownerReferences: [{ kind: "Endpoints", name: "web", uid: "uid-e" }],
    },
    addressType: "IPv4",
    endpoints: [{ addresses: ["10.0.0.1"], conditions: { ready: true } }],
    ports: [{ name: "", port: 80, protocol: "TCP" }],
  });
  expect(six?.endpoints).toMatchObject([{ addresses: ["fd00::1"] }]);
  cluster.transport.put(resources.endpoints, endpoints("10.0.0.2"));
  await cluster.settle();
  expect(slicesOf(cluster).map(({ metadata, endpoints: found }) => [metadata.name, found?.[0]?.addresses])).toEqual([
    [four?.metadata.name, ["10.0.0.2"]],
  ]);
  await cluster.client.resource(resources.endpoints, "a").delete("web");
  await cluster.settle();
  expect(slicesOf(cluster)).toEqual([]);
});

it("leaves a Service with a selector to the other controller", async () => {
  await using cluster = await start("10.0.0.1");
  cluster.transport.put(resources.services, service({ selector: { app: "web" } }));
  await cluster.settle();
  expect(slicesOf(cluster)).toEqual([]);
});

it("rests when nothing changes", async () => {
  await using cluster = await start("10.0.0.1");
  await cluster.clock.advance(600_000);
  const writes = cluster.transport.requests.filter(({ verb }) => verb !== "list" && verb !== "watch");
  expect(writes.map(({ verb }) => verb)).toEqual(["create"]);
});
