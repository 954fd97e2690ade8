/** LimitRanges of the official suite. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { RawApi, serverUnderTest, type ServerUnderTest } from "../src/api.ts";
import { eventually } from "../src/coracle.ts";
import { Calls, type Thing } from "./calls.ts";
import { official } from "./list.ts";

let server: ServerUnderTest;
let calls: Calls;

beforeAll(() => {
  server = serverUnderTest("limits");
  calls = new Calls(new RawApi(server.kubeconfig), "limits");
});
afterAll(() => server[Symbol.dispose]());

type Quantities = Readonly<Record<string, string>>;
interface Resources {
  readonly requests?: Quantities;
  readonly limits?: Quantities;
}

function amounts(cpu: string, memory: string, storage: string): Quantities {
  return { ...(cpu !== "" && { cpu }), ...(memory !== "" && { memory }), ...(storage !== "" && { "ephemeral-storage": storage }) };
}

function pod(name: string, resources: Resources = {}): object {
  const containers = [{ name: "c", image: "registry.example/pause", resources }];
  return { apiVersion: "v1", kind: "Pod", metadata: { name }, spec: { containers } };
}

it(official("scheduling", "LimitRange should create a LimitRange with defaults and ensure pod has those defaults applied."), async () => {
  const namespace = await calls.newNamespace();
  const ranges = `/api/v1/namespaces/${namespace}/limitranges`;
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  const limit = {
    type: "Container",
    min: amounts("50m", "100Mi", "100Gi"),
    max: amounts("500m", "500Mi", "500Gi"),
    default: amounts("500m", "500Mi", "500Gi"),
    defaultRequest: amounts("100m", "200Mi", "200Gi"),
  };
  using watch = await calls.api.watch(`${ranges}?labelSelector=time%3Dnow`);
  const created = await calls.expect<Thing & { spec: { limits: [typeof limit] } }>(201, `POST ${ranges}`, {
    apiVersion: "v1",
    kind: "LimitRange",
    metadata: { name: "limit-range", labels: { time: "now" } },
    spec: { limits: [limit] },
  });
  await eventually(() => expect(watch.events.map(({ type }) => type)).toEqual(["ADDED"]));
  expect(created.spec.limits[0]).toEqual(limit);
  const resourcesOf = async (name: string, resources?: Resources): Promise<Resources | undefined> => {
    const { spec } = await calls.expect<{ spec: { containers: { resources: Resources }[] } }>(201, `POST ${pods}`, pod(name, resources));
    return spec.containers[0]?.resources;
  };
  expect(await resourcesOf("none")).toEqual({ requests: limit.defaultRequest, limits: limit.default });
  expect(await resourcesOf("partial", { requests: amounts("", "150Mi", "150Gi"), limits: amounts("300m", "", "") })).toEqual({
    requests: amounts("300m", "150Mi", "150Gi"),
    limits: amounts("300m", "500Mi", "500Gi"),
  });
  const little = pod("little", { requests: amounts("10m", "50Mi", "50Gi") });
  const much = pod("much", { requests: amounts("600m", "600Mi", "600Gi") });
  expect(await calls.refusal(`POST ${pods}`, little)).toEqual({
    code: 403,
    message: expect.stringContaining('pods "little" is forbidden: [minimum cpu usage per Container is 50m, but request is 10m') as string,
  });
  // Requests above the default limits are no valid pod.
  expect((await calls.refusal(`POST ${pods}`, much)).code).toBeGreaterThanOrEqual(400);
  const lower = { ...limit, min: amounts("9m", "49Mi", "49Gi") };
  await calls.expect(200, `PUT ${ranges}/limit-range`, { ...created, spec: { limits: [lower] } });
  await calls.expect(201, `POST ${pods}`, little);
  expect((await calls.refusal(`POST ${pods}`, much)).code).toBeGreaterThanOrEqual(400);
  await calls.expect(200, `DELETE ${ranges}/limit-range`);
  await eventually(async () => expect((await calls.expect<{ items: Thing[] }>(200, `GET ${ranges}`)).items).toEqual([]));
  expect(await resourcesOf("free")).toEqual({});
});
