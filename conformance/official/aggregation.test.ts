/** An extension API server behind a Service, through all that may be done with its APIService. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { RawApi, serverUnderTest, type ServerUnderTest } from "../src/api.ts";
import { eventually } from "../src/coracle.ts";
import { hostAddress } from "../src/host-address.ts";
import { startSampleApiServer, type SampleApiServer } from "../src/sample-api-server.ts";
import { Calls, type Thing } from "./calls.ts";
import { official } from "./list.ts";

let server: ServerUnderTest;
let sample: SampleApiServer;
let calls: Calls;
const host = hostAddress();

beforeAll(async () => {
  server = serverUnderTest("official-aggregation");
  calls = new Calls(new RawApi(server.kubeconfig), "aggregation");
  sample = await startSampleApiServer(server.kubeconfig, host === undefined ? {} : { host });
});
afterAll(async () => {
  await sample[Symbol.asyncDispose]();
  server[Symbol.dispose]();
});

interface Condition {
  type: string;
  status: string;
  reason: string;
  message: string;
}
type Service = Thing & { spec: { versionPriority: number }; status: { conditions: Condition[] } };
type List = Thing & { items: Thing[] };

const services = "/apis/apiregistration.k8s.io/v1/apiservices";
const name = "v1alpha1.wardle.example.com";
const flundersOf = (namespace: string): string => `/apis/wardle.example.com/v1alpha1/namespaces/${namespace}/flunders`;
const flunder = (of: string): object => ({
  apiVersion: "wardle.example.com/v1alpha1",
  kind: "Flunder",
  metadata: { name: of, labels: { "sample-label": "true" } },
});

/** A Service whose endpoint is this process; on a machine without an address but its own, an outside name for it. */
async function createService(): Promise<void> {
  await calls.expect(201, "POST /api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: "wardle" } });
  const metadata = { name: "sample-api" };
  const spec =
    host === undefined
      ? { type: "ExternalName", externalName: "localhost" }
      : { ports: [{ port: 7443, targetPort: sample.port, protocol: "TCP" }] };
  await calls.expect(201, "POST /api/v1/namespaces/wardle/services", { apiVersion: "v1", kind: "Service", metadata, spec });
  if (host === undefined) return;
  await calls.expect(201, "POST /apis/discovery.k8s.io/v1/namespaces/wardle/endpointslices", {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: "sample-api-1", labels: { "kubernetes.io/service-name": "sample-api" } },
    addressType: "IPv4",
    ports: [{ name: "", port: sample.port, protocol: "TCP" }],
    endpoints: [{ addresses: [host], conditions: { ready: true } }],
  });
}

async function register(): Promise<void> {
  const port = host === undefined ? sample.port : 7443;
  await calls.expect(201, `POST ${services}`, {
    apiVersion: "apiregistration.k8s.io/v1",
    kind: "APIService",
    metadata: { name },
    spec: {
      group: "wardle.example.com",
      version: "v1alpha1",
      groupPriorityMinimum: 2000,
      versionPriority: 200,
      caBundle: sample.caBundle,
      service: { namespace: "wardle", name: "sample-api", port },
    },
  });
  await eventually(() => calls.expect(200, `GET ${flundersOf("default")}`));
}

async function useFlunders(namespace: string): Promise<void> {
  const flunders = flundersOf(namespace);
  const created = await calls.expect(201, `POST ${flunders}`, flunder("one"));
  expect(created).toMatchObject({ apiVersion: "wardle.example.com/v1alpha1", kind: "Flunder", metadata: { name: "one" } });
  expect((await calls.expect<List>(200, `GET ${flunders}`)).items.map(({ metadata }) => metadata.name)).toEqual(["one"]);
  await calls.expect(200, `DELETE ${flunders}/one`);
  expect((await calls.expect<List>(200, `GET ${flunders}`)).items).toEqual([]);
}

async function addCondition(type: string, write: (conditions: Condition[]) => Promise<unknown>): Promise<void> {
  const condition = { type, status: "True", reason: "E2E", message: "Set from e2e test" };
  const { status } = await calls.expect<Service>(200, `GET ${services}/${name}/status`);
  await write([...status.conditions, condition]);
  const now = await calls.expect<Service>(200, `GET ${services}/${name}/status`);
  expect(now.status.conditions).toContainEqual(expect.objectContaining(condition));
}

it(
  official("api-machinery", "Aggregator Should be able to support the 1.17 Sample API Server using the current Aggregator [LinuxOnly]"),
  async () => {
    await createService();
    await register();
    await useFlunders("default");
    const { resources } = await calls.expect<Thing & { resources: { name: string }[] }>(200, "GET /apis/wardle.example.com/v1alpha1");
    expect(resources.map((each) => each.name)).toContain("flunders");
    await eventually(async () => {
      const { groups } = await calls.expect<Thing & { groups: { name: string }[] }>(200, "GET /apis");
      expect(groups.map((each) => each.name)).toContain("wardle.example.com");
    });
    await useFlunders(await calls.newNamespace());

    const before = await calls.expect<Service>(200, `GET ${services}/${name}/status`);
    expect(before.status.conditions[0]?.message).toBe("all checks passed");
    const merge = "application/merge-patch+json";
    const patched = await calls.expect<Service>(200, `PATCH ${services}/${name}`, { spec: { versionPriority: 400 } }, merge);
    expect(patched.spec.versionPriority).toBe(400);
    expect(Number(patched.metadata.resourceVersion)).toBeGreaterThan(Number(before.metadata.resourceVersion));
    expect((await calls.expect<List>(200, `GET ${services}`)).items.map(({ metadata }) => metadata.name)).toContain(name);
    const labels = { metadata: { labels: { "e2e-apiservice": "patched" } } };
    await calls.expect(200, `PATCH ${services}/${name}`, labels, "application/strategic-merge-patch+json");

    await addCondition("StatusUpdated", async (conditions) => {
      const service = await calls.expect<Service>(200, `GET ${services}/${name}`);
      return calls.expect(200, `PUT ${services}/${name}/status`, { ...service, status: { conditions } });
    });
    const current = await calls.expect<Service>(200, `GET ${services}/${name}`);
    const replaced = { ...current, metadata: { ...current.metadata, labels: { [name]: "updated" } } };
    expect((await calls.expect(200, `PUT ${services}/${name}`, replaced)).metadata.labels).toEqual({ [name]: "updated" });
    await addCondition("StatusPatched", (conditions) =>
      calls.expect(200, `PATCH ${services}/${name}/status`, { status: { conditions } }, merge),
    );

    const selector = `labelSelector=${encodeURIComponent(`${name}=updated`)}`;
    await calls.expect(200, `DELETE ${services}?${selector}`);
    await eventually(async () => expect((await calls.expect<List>(200, `GET ${services}?${selector}`)).items).toEqual([]));
    await eventually(async () => expect((await calls.api.call("GET", flundersOf("default"))).code).toBe(404));
  },
);
