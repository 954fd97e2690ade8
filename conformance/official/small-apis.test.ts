/** What the API alone says of pods, config maps, secrets, limits and its own service. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../src/coracle.ts";
import { official } from "./list.ts";
import type { Thing } from "./calls.ts";
import { Scene } from "./scene.ts";

let scene: Scene;
beforeAll(() => {
  scene = new Scene("small", "--etcd-compaction-interval", "2s");
});
afterAll(() => scene[Symbol.dispose]());

function pod(name: string, spec: object = {}, container: object = {}): object {
  return { apiVersion: "v1", kind: "Pod", metadata: { name }, spec: { containers: [{ name: "c", image: "i", ...container }], ...spec } };
}

describe("the API's own service", () => {
  it(official("network", "API Server should provide secure master service"), async () => {
    const service = await scene.expect<{ spec: { ports: object[] } }>(200, "GET /api/v1/namespaces/default/services/kubernetes");
    expect(service.spec.ports).toMatchObject([{ name: "https", protocol: "TCP", port: 443 }]);
  });

  it(official("network", "API Server should have Endpoints and EndpointSlices pointing to API Server"), async () => {
    const endpoints = await scene.expect<{ subsets: { addresses: { ip: string }[]; ports: { name: string; port: number }[] }[] }>(
      200,
      "GET /api/v1/namespaces/default/endpoints/kubernetes",
    );
    expect(endpoints.subsets).toHaveLength(1);
    const { items } = await scene.expect<{ items: { addressType: string; endpoints: { addresses: string[] }[]; ports: object[] }[] }>(
      200,
      "GET /apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dkubernetes",
    );
    expect(items).toHaveLength(1);
    expect(items[0]?.endpoints.flatMap(({ addresses }) => addresses)).toEqual(endpoints.subsets[0]?.addresses.map(({ ip }) => ip));
    expect(items[0]?.ports).toEqual(endpoints.subsets[0]?.ports);
  });

  it(official("network", "Services should find a service from listing all namespaces"), async () => {
    const { items } = await scene.expect<{ items: Thing[] }>(200, "GET /api/v1/services");
    expect(items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)).toContain("default/kubernetes");
  });
});

describe("config maps and secrets", () => {
  it(official("node", "ConfigMap should fail to create ConfigMap with empty key"), async () => {
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, data: { "": "value" } };
    expect(await scene.expectRefusal(422, `POST /api/v1/namespaces/${await scene.newNamespace()}/configmaps`, object)).toContain(
      'data[]: Invalid value: "": a valid config key must consist of alphanumeric characters',
    );
  });

  it(official("node", "Secrets should fail to create secret due to empty secret key"), async () => {
    const object = { apiVersion: "v1", kind: "Secret", metadata: { name: "a" }, data: { "": "dmFsdWU=" } };
    expect(await scene.expectRefusal(422, `POST /api/v1/namespaces/${await scene.newNamespace()}/secrets`, object)).toContain(
      'data[]: Invalid value: "": a valid config key must consist of alphanumeric characters',
    );
  });

  it(official("node", "ConfigMap should update ConfigMap successfully [NodeConformance]"), async () => {
    const path = `/api/v1/namespaces/${await scene.newNamespace()}/configmaps`;
    const made = await scene.expect(201, `POST ${path}`, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "a" },
      data: { a: "1" },
    });
    await scene.expect(200, `PUT ${path}/a`, { ...made, data: { b: "2" } });
    expect((await scene.expect(200, `GET ${path}/a`))["data"]).toEqual({ b: "2" });
  });
});

describe("pods", () => {
  it(
    official(
      "node",
      "Pods Extended Pods Set QOS Class should be set on Pods with matching resource requests and limits for memory and cpu",
    ),
    async () => {
      const resources = { requests: { cpu: "100m", memory: "100Mi" }, limits: { cpu: "100m", memory: "100Mi" } };
      const path = `/api/v1/namespaces/${await scene.newNamespace()}/pods`;
      const made = await scene.expect(201, `POST ${path}`, pod("a", {}, { resources }));
      expect(made["status"]).toMatchObject({ qosClass: "Guaranteed" });
      expect((await scene.expect(200, `GET ${path}/a`))["status"]).toMatchObject({ qosClass: "Guaranteed" });
    },
  );

  it(official("node", "Sysctls [LinuxOnly] [NodeConformance] should reject invalid sysctls"), async () => {
    const sysctls = ["kernel.shmmax", "foo-", "bar..", "safe-and-unsafe"].map((name) => ({ name, value: "1" }));
    const path = `/api/v1/namespaces/${await scene.newNamespace()}/pods`;
    const message = await scene.expectRefusal(422, `POST ${path}`, pod("a", { securityContext: { sysctls } }));
    expect(message).toContain('spec.securityContext.sysctls[1].name: Invalid value: "foo-"');
    expect(message).toContain('spec.securityContext.sysctls[2].name: Invalid value: "bar.."');
    expect(message).not.toContain("safe-and-unsafe");
    expect(message).not.toContain("kernel.shmmax");
  });

  const runtimeClasses = "/apis/node.k8s.io/v1/runtimeclasses";

  it(official("node", "RuntimeClass should reject a Pod requesting a non-existent RuntimeClass [NodeConformance]"), async () => {
    const path = `/api/v1/namespaces/${await scene.newNamespace()}/pods`;
    expect(await scene.expectRefusal(403, `POST ${path}`, pod("a", { runtimeClassName: "none-such" }))).toBe(
      'pods "a" is forbidden: pod rejected: RuntimeClass "none-such" not found',
    );
  });

  it(official("node", "RuntimeClass should reject a Pod requesting a deleted RuntimeClass [NodeConformance]"), async () => {
    const path = `/api/v1/namespaces/${await scene.newNamespace()}/pods`;
    const runtimeClass = { apiVersion: "node.k8s.io/v1", kind: "RuntimeClass", metadata: { name: "gone" }, handler: "runc" };
    await scene.expect(201, `POST ${runtimeClasses}`, runtimeClass);
    await scene.expect(201, `POST ${path}`, pod("before", { runtimeClassName: "gone" }));
    await scene.expect(200, `DELETE ${runtimeClasses}/gone`);
    const message = await scene.expectRefusal(403, `POST ${path}`, pod("after", { runtimeClassName: "gone" }));
    expect(message).toContain('RuntimeClass "gone" not found');
  });

  it(official("storage", "CSIInlineVolumes should support CSIVolumeSource in Pod API"), async () => {
    const path = `/api/v1/namespaces/${await scene.newNamespace()}/pods`;
    const csi = { driver: "e2e.example.com", volumeAttributes: { key: "value" } };
    const spec = { volumes: [{ name: "inline", csi }], nodeName: "no-such-node" };
    const made = await scene.expect<{ spec: { volumes: { csi?: object }[] } } & Thing>(201, `POST ${path}`, pod("a", spec));
    expect(made.spec.volumes[0]?.csi).toMatchObject(csi);
    const { items } = await scene.expect<{ items: Thing[] }>(200, `GET ${path}`);
    expect(items.map(({ metadata }) => metadata.uid)).toEqual([made.metadata.uid]);
    expect((await scene.merge(`${path}/a`, { metadata: { annotations: { patched: "true" } } })).metadata.annotations?.["patched"]).toBe(
      "true",
    );
    await scene.expect(200, `DELETE ${path}/a?gracePeriodSeconds=0`);
    await eventually(async () => expect((await scene.api.json("GET", `${path}/a`)).code).toBe(404));
  });
});

describe("limits", () => {
  it(official("scheduling", "LimitRange should create a LimitRange with defaults and ensure pod has those defaults applied."), async () => {
    const space = `/api/v1/namespaces/${await scene.newNamespace()}`;
    const quantities = (cpu: string, memory: string, storage: string): Record<string, string> => ({
      cpu,
      memory,
      "ephemeral-storage": storage,
    });
    const limit = {
      type: "Container",
      min: quantities("50m", "100Mi", "100Gi"),
      max: quantities("500m", "500Mi", "500Gi"),
      default: quantities("500m", "500Mi", "500Gi"),
      defaultRequest: quantities("100m", "200Mi", "200Gi"),
    };
    const range = { apiVersion: "v1", kind: "LimitRange", metadata: { name: "limits" }, spec: { limits: [limit] } };
    await scene.expect(201, `POST ${space}/limitranges`, range);
    type Made = { spec: { containers: { resources: object }[] } };
    const whole = await scene.expect<Made>(201, `POST ${space}/pods`, pod("none"));
    expect(whole.spec.containers[0]?.resources).toEqual({ requests: limit.defaultRequest, limits: limit.default });
    const partly = { requests: { cpu: "300m", memory: "200Mi" }, limits: { cpu: "300m" } };
    const mixed = await scene.expect<Made>(201, `POST ${space}/pods`, pod("partial", {}, { resources: partly }));
    expect(mixed.spec.containers[0]?.resources).toEqual({
      requests: quantities("300m", "200Mi", "200Gi"),
      limits: quantities("300m", "500Mi", "500Gi"),
    });
    const small = { requests: quantities("10m", "50Mi", "50Gi") };
    expect(await scene.expectRefusal(403, `POST ${space}/pods`, pod("small", {}, { resources: small }))).toContain(
      "minimum cpu usage per Container is 50m, but request is 10m",
    );
    const large = { requests: quantities("600m", "600Mi", "600Gi") };
    await scene.expectRefusal(422, `POST ${space}/pods`, pod("large", {}, { resources: large }));
    await scene.merge(`${space}/limitranges/limits`, { spec: { limits: [{ ...limit, min: quantities("9m", "49Mi", "49Gi") }] } });
    await scene.expect(201, `POST ${space}/pods`, pod("small", {}, { resources: small }));
    await scene.expect(200, `DELETE ${space}/limitranges/limits`);
    await eventually(async () => expect((await scene.api.json("GET", `${space}/limitranges/limits`)).code).toBe(404));
    await scene.expect(201, `POST ${space}/pods`, pod("large", {}, { resources: { limits: quantities("600m", "600Mi", "600Gi") } }));
  });
});

describe("chunks", () => {
  it(
    official(
      "api-machinery",
      "Servers with support for API chunking should support continue listing from the last key if the original version has been compacted away, though the list is inconsistent [Slow]",
    ),
    { timeout: 900_000 },
    async () => {
      const path = `/api/v1/namespaces/${await scene.newNamespace()}/podtemplates`;
      const template = { spec: { containers: [{ name: "c", image: "i" }] } };
      const create = (index: number): Promise<Thing> =>
        scene.expect(201, `POST ${path}`, {
          apiVersion: "v1",
          kind: "PodTemplate",
          metadata: { name: `t-${String(index).padStart(3, "0")}` },
          template,
        });
      for (let index = 0; index < 40; index++) await create(index);
      type Chunk = {
        metadata: { continue: string; resourceVersion: string; remainingItemCount?: number };
        items: Thing[];
        reason?: string;
      };
      const first = await scene.expect<Chunk>(200, `GET ${path}?limit=10`);
      const next = `${path}?limit=10&continue=${encodeURIComponent(first.metadata.continue)}`;
      // History goes five minutes after nothing reads it any more, here after seconds: the token becomes too old, and the answer brings another.
      let expired: Chunk | undefined;
      await eventually(async () => {
        const { code, value } = await scene.api.json<Chunk>("GET", next);
        expect(code).toBe(410);
        expired = value;
      }, 840_000);
      expect(expired?.reason).toBe("Expired");
      const resumed = `${path}?limit=10&continue=${encodeURIComponent(expired?.metadata.continue ?? "")}`;
      await create(500);
      const second = await scene.expect<Chunk>(200, `GET ${resumed}`);
      expect(second.items.map(({ metadata }) => metadata.name)).toEqual(Array.from({ length: 10 }, (_, index) => `t-0${index + 10}`));
      expect(second.metadata.resourceVersion).not.toBe(first.metadata.resourceVersion);
      const rest = await scene.expect<Chunk>(200, `GET ${path}?continue=${encodeURIComponent(second.metadata.continue)}`);
      expect(rest.items.map(({ metadata }) => metadata.name).slice(-2)).toEqual(["t-039", "t-500"]);
      expect(rest.metadata.resourceVersion).toBe(second.metadata.resourceVersion);
    },
  );
});
