/** Endpoints and EndpointSlices as the official suite proves them, as far as controllers go. */
import type { V1Endpoints, V1EndpointSlice, V1Pod } from "@kubernetes/client-node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { RawApi, serverUnderTest, type ServerUnderTest } from "../src/api.ts";
import { eventually } from "../src/coracle.ts";
import { official } from "./list.ts";
import { isPodReady, nameOf, podSpec, podTemplate, Workspace } from "./workspace.ts";

let server: ServerUnderTest;
let api: RawApi;

beforeAll(() => {
  server = serverUnderTest("network");
  api = new RawApi(server.kubeconfig);
});
afterAll(() => server[Symbol.dispose]());

const slicesOf = (workspace: Workspace, service: string, check: (slices: V1EndpointSlice[]) => void): Promise<V1EndpointSlice[]> =>
  workspace.endpointSlices.untilList({ selector: `kubernetes.io/service-name=${service}` }, check);

/** Two pods, and three Services over their ports: by name, by number, several. */
async function createPodsAndServices(workspace: Workspace): Promise<V1Pod[]> {
  const ports = [
    { name: "example-name", containerPort: 3000 },
    { name: "example-name", containerPort: 3001 },
  ];
  for (const [index, port] of ports.entries()) {
    const labels = { "foo.com/app": "both", [`foo.com/pod${index + 1}`]: "yes" };
    await workspace.pods.create(`pod${index + 1}`, {
      metadata: { labels },
      spec: podSpec({ containers: [{ name: "c", image: "registry.k8s.io/pause:3.10", ports: [port] }] }),
    });
  }
  const one = { selector: { "foo.com/pod1": "yes" }, ports: [{ name: "example", port: 80, targetPort: "example-name", protocol: "TCP" }] };
  const both = { selector: { "foo.com/app": "both" }, publishNotReadyAddresses: true };
  await workspace.services.create("example-int-port", { spec: one });
  await workspace.services.create("example-named-port", {
    spec: { ...both, ports: [{ name: "http", port: 80, targetPort: "example-name" }] },
  });
  await workspace.services.create("example-numbers", {
    spec: {
      ...both,
      ports: [
        { name: "a", port: 80, targetPort: 3000 },
        { name: "b", port: 81, targetPort: 3001 },
      ],
    },
  });
  return workspace.pods.untilList({}, (pods) => expect(pods.map(isPodReady)).toEqual([true, true]));
}

interface Address {
  readonly ip: string;
  readonly pod: string | undefined;
  readonly ports: readonly (string | number | undefined)[];
}

const inEndpoints = ({ subsets = [] }: V1Endpoints): Address[] =>
  subsets
    .flatMap(({ addresses = [], ports = [] }) =>
      addresses.map(({ ip, targetRef }) => ({ ip, pod: targetRef?.name, ports: ports.flatMap(({ name, port }) => [name, port]) })),
    )
    .sort(byIp);
const inSlices = (slices: readonly V1EndpointSlice[]): Address[] =>
  slices
    .flatMap(({ endpoints, ports = [] }) =>
      (endpoints ?? []).map(({ addresses, targetRef }) => ({
        ip: addresses[0] ?? "",
        pod: targetRef?.name,
        ports: ports.flatMap(({ name, port }) => [name, port]),
      })),
    )
    .sort(byIp);
const byIp = (a: Address, b: Address): number => (a.ip < b.ip ? -1 : 1);

/** What each Service must lead to. */
function expectedAddresses(pods: readonly V1Pod[]): Record<string, Address[]> {
  const at = (pod: V1Pod, ...ports: (string | number)[]): Address => ({ ip: pod.status?.podIP ?? "", pod: nameOf(pod), ports });
  const [first, second] = pods as [V1Pod, V1Pod];
  const both = (...ports: (string | number)[]): Address[] => [at(first, ...ports), at(second, ...ports)].sort(byIp);
  return {
    "example-int-port": [at(first, "example", 3000)],
    "example-named-port": [at(first, "http", 3000), at(second, "http", 3001)].sort(byIp),
    "example-numbers": both("a", 3000, "b", 3001),
  };
}

it(official("network", "EndpointSlice should create Endpoints and EndpointSlices for Pods matching a Service"), async () => {
  await using workspace = await Workspace.open(api, "slices");
  const pods = await createPodsAndServices(workspace);
  for (const [service, wanted] of Object.entries(expectedAddresses(pods))) {
    const slices = await slicesOf(workspace, service, (found) => expect(inSlices(found)).toMatchObject(wanted));
    for (const { metadata, addressType } of slices) {
      expect(addressType).toBe("IPv4");
      expect(metadata?.labels?.["endpointslice.kubernetes.io/managed-by"]).toBe("endpointslice-controller.k8s.io");
      expect(metadata?.ownerReferences).toMatchObject([{ kind: "Service", name: service }]);
    }
    await workspace.endpoints.until(service, (found) => expect(inEndpoints(found)).toEqual(inSlices(slices)));
  }
});

it(official("network", "EndpointsController should create Endpoints for Pods matching a Service"), async () => {
  await using workspace = await Workspace.open(api, "endpoints");
  const pods = await createPodsAndServices(workspace);
  for (const [service, wanted] of Object.entries(expectedAddresses(pods))) {
    const { subsets } = await workspace.endpoints.until(service, (found) => expect(inEndpoints(found)).toEqual(wanted));
    for (const { addresses = [] } of subsets ?? []) {
      for (const { targetRef, nodeName } of addresses) {
        expect(targetRef).toMatchObject({ kind: "Pod", namespace: workspace.namespace });
        expect(pods.find((pod) => pod.metadata?.uid === targetRef?.uid)?.spec?.nodeName).toBe(nodeName);
      }
    }
  }
});

const withoutPods = {
  spec: { selector: { "does-not-match-anything": "endpoints-and-endpoint-slices-should-still-be-created" }, ports: [{ port: 80 }] },
};

it(
  official("network", "EndpointSlice should create and delete EndpointSlices for a Service with a selector that matches no pods"),
  async () => {
    await using workspace = await Workspace.open(api, "slices");
    const { metadata } = await workspace.services.create("empty", withoutPods);
    const [slice] = await slicesOf(workspace, "empty", (slices) => expect(slices).toHaveLength(1));
    expect(slice?.endpoints ?? []).toEqual([]);
    expect(slice?.metadata?.ownerReferences?.map(({ uid }) => uid)).toEqual([metadata?.uid]);
    await workspace.services.delete("empty");
    await slicesOf(workspace, "empty", (slices) => expect(slices).toEqual([]));
  },
);

it(
  official("network", "EndpointsController should create and delete Endpoints for a Service with a selector that matches no pods"),
  async () => {
    await using workspace = await Workspace.open(api, "endpoints");
    await workspace.services.create("empty", withoutPods);
    await eventually(async () => expect(await workspace.endpoints.has("empty")).toBe(true));
    expect((await workspace.endpoints.get("empty")).subsets ?? []).toEqual([]);
    await workspace.services.delete("empty");
    await workspace.endpoints.untilGone("empty");
  },
);

it(official("network", "EndpointSliceMirroring should mirror a custom Endpoints resource through create update and delete"), async () => {
  await using workspace = await Workspace.open(api, "mirror");
  await workspace.services.create("custom", { spec: { ports: [{ name: "example", port: 80, protocol: "TCP" }] } });
  await workspace.endpoints.create("custom", { subsets: [{ addresses: [{ ip: "10.1.2.3" }], ports: [{ port: 80 }] }] });
  const expectOne = (ip: string) => (slices: V1EndpointSlice[]) =>
    expect(slices).toMatchObject([{ ports: [{ port: 80 }], endpoints: [{ addresses: [ip], conditions: { ready: true } }] }]);
  const [slice] = await slicesOf(workspace, "custom", expectOne("10.1.2.3"));
  await workspace.endpoints.update("custom", ({ subsets }) => {
    if (subsets?.[0] !== undefined) subsets[0].addresses = [{ ip: "10.2.3.4" }];
  });
  const [updated] = await slicesOf(workspace, "custom", expectOne("10.2.3.4"));
  expect(updated?.metadata?.uid).toBe(slice?.metadata?.uid);
  await workspace.endpoints.delete("custom");
  await slicesOf(workspace, "custom", (slices) => expect(slices).toEqual([]));
});

it(official("network", "Service endpoints latency should not be very high"), async () => {
  await using workspace = await Workspace.open(api, "latency");
  const labels = { name: "latency" };
  await workspace.replicationControllers.create("rc", { spec: { replicas: 1, selector: labels, template: podTemplate(labels) } });
  await workspace.replicationControllers.until("rc", ({ status }) => expect(status?.readyReplicas).toBe(1));
  const latencies: number[] = [];
  const measure = async (index: number): Promise<void> => {
    const name = `latency-${index}`;
    const startMs = performance.now();
    await workspace.services.create(name, { spec: { selector: labels, ports: [{ port: 80 }] } });
    await eventually(async () => expect(inEndpoints(await workspace.endpoints.get(name))).toHaveLength(1), 60_000, 20);
    latencies.push(performance.now() - startMs);
  };
  // As many Services as officially, as many at a time.
  for (let index = 0; index < 200; index += 10) await Promise.all(Array.from({ length: 10 }, (_, offset) => measure(index + offset)));
  latencies.sort((a, b) => a - b);
  expect(latencies[100]).toBeLessThan(20_000);
  expect(latencies[198]).toBeLessThan(50_000);
});
