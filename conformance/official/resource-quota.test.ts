/** ResourceQuotas of the official suite: counted at once, enforced, and given back. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RawApi, serverUnderTest, type ServerUnderTest } from "../src/api.ts";
import { eventually } from "../src/coracle.ts";
import { Calls, type Thing } from "./calls.ts";
import { official } from "./list.ts";

let server: ServerUnderTest;
let calls: Calls;

beforeAll(() => {
  server = serverUnderTest("quota");
  calls = new Calls(new RawApi(server.kubeconfig), "quota");
});
afterAll(() => server[Symbol.dispose]());

type Quantities = Readonly<Record<string, string>>;
interface Quota extends Thing {
  spec: { hard: Quantities };
  status: { hard?: Quantities; used?: Quantities };
}
const strategicPatch = "application/strategic-merge-patch+json";

/** A namespace to count in, with its paths. */
class Counted {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }

  path(resource: string, group = ""): string {
    return `${group === "" ? "/api/v1" : `/apis/${group}/v1`}/namespaces/${this.name}/${resource}`;
  }

  quota(name: string): Promise<Quota> {
    return calls.expect(200, `GET ${this.path("resourcequotas")}/${name}`);
  }

  async limit(name: string, hard: Quantities, fields: object = {}): Promise<void> {
    const quota = { apiVersion: "v1", kind: "ResourceQuota", metadata: { name }, spec: { hard, ...fields } };
    await calls.expect(201, `POST ${this.path("resourcequotas")}`, quota);
  }

  async expectUsed(name: string, used: Quantities): Promise<void> {
    await eventually(async () => expect((await this.quota(name)).status.used).toMatchObject(used), 30_000, 50);
  }
}

async function newCounted(): Promise<Counted> {
  return new Counted(await calls.newNamespace());
}

/** One limit for all sorts of things, and what is used of them in a namespace that has nothing. */
const everything: Quantities = {
  pods: "5",
  services: "10",
  "services.nodeports": "1",
  "services.loadbalancers": "1",
  replicationcontrollers: "10",
  resourcequotas: "1",
  cpu: "1",
  memory: "500Mi",
  configmaps: "10",
  secrets: "10",
  persistentvolumeclaims: "10",
  "requests.storage": "10Gi",
  "ephemeral-storage": "50Gi",
  "gold.storageclass.storage.k8s.io/persistentvolumeclaims": "10",
  "gold.storageclass.storage.k8s.io/requests.storage": "10Gi",
  "count/replicasets.apps": "5",
  "requests.example.com/dongle": "3",
};

const template = {
  metadata: { labels: { app: "counted" } },
  spec: { containers: [{ name: "c", image: "registry.example/pause" }] },
};

interface PodOptions {
  readonly requests?: Quantities;
  readonly limits?: Quantities;
  readonly spec?: object;
}

function pod(name: string, { requests = {}, limits = {}, spec = {} }: PodOptions): object {
  const containers = [{ name: "c", image: "registry.example/pause", resources: { requests, limits } }];
  return { apiVersion: "v1", kind: "Pod", metadata: { name }, spec: { containers, ...spec } };
}

const remove = (path: string): Promise<unknown> => calls.expect(200, `DELETE ${path}?gracePeriodSeconds=0`);

async function expectExceeded(path: string, object: object): Promise<void> {
  const { code, message } = await calls.refusal(`POST ${path}`, object);
  expect(code).toBe(403);
  expect(message).toMatch(/ is forbidden: exceeded quota: [a-z-]+, requested: .+, used: .+, limited: /);
}

describe("the life of what is counted", () => {
  it(official("api-machinery", "ResourceQuota should create a ResourceQuota and ensure its status is promptly calculated."), async () => {
    const counted = await newCounted();
    await counted.limit("test-quota", everything);
    await counted.expectUsed("test-quota", { resourcequotas: "1", pods: "0", cpu: "0", configmaps: "1" });
    expect((await counted.quota("test-quota")).status.hard).toEqual(everything);
  });

  it(official("api-machinery", "ResourceQuota should create a ResourceQuota and capture the life of a service."), async () => {
    const counted = await newCounted();
    await counted.limit("test-quota", everything);
    await counted.expectUsed("test-quota", { resourcequotas: "1", services: "0" });
    const services = counted.path("services");
    const service = (name: string, type: string): object => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name },
      spec: { type, ports: [{ port: 80, targetPort: 80 }] },
    });
    await calls.expect(201, `POST ${services}`, service("test-service", "ClusterIP"));
    await calls.expect(201, `POST ${services}`, service("test-service-np", "NodePort"));
    await expectExceeded(services, service("test-service-lb", "LoadBalancer"));
    await counted.expectUsed("test-quota", { services: "2", "services.nodeports": "1", "services.loadbalancers": "0" });
    for (const name of ["test-service", "test-service-np"]) await remove(`${services}/${name}`);
    await counted.expectUsed("test-quota", { services: "0", "services.nodeports": "0" });
  });

  interface Life {
    readonly path: (counted: Counted) => string;
    readonly object: {
      readonly apiVersion: string;
      readonly kind: string;
      readonly metadata: { readonly name: string };
      readonly [field: string]: unknown;
    };
    readonly name: string;
    readonly before: number;
    /** Whether one more is too much. */
    readonly isFull?: boolean;
  }

  async function follow({ path, object, name, before, isFull = true }: Life): Promise<void> {
    const counted = await newCounted();
    await counted.limit("test-quota", { ...everything, ...(isFull && { [name]: String(before + 1) }) });
    await counted.expectUsed("test-quota", { [name]: String(before) });
    await calls.expect(201, `POST ${path(counted)}`, object);
    await counted.expectUsed("test-quota", { [name]: String(before + 1) });
    if (isFull) await expectExceeded(path(counted), { ...object, metadata: { name: "another" } });
    await calls.expect(200, `DELETE ${path(counted)}/${object.metadata.name}?propagationPolicy=Background`);
    await counted.expectUsed("test-quota", { [name]: String(before) });
  }

  it(official("api-machinery", "ResourceQuota should create a ResourceQuota and capture the life of a secret."), () =>
    follow({
      path: (counted) => counted.path("secrets"),
      object: { apiVersion: "v1", kind: "Secret", metadata: { name: "test-secret" }, stringData: { a: "1" } },
      name: "secrets",
      before: 0,
    }),
  );
  it(official("api-machinery", "ResourceQuota should create a ResourceQuota and capture the life of a configMap."), () =>
    follow({
      path: (counted) => counted.path("configmaps"),
      object: { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "test-configmap" }, data: { a: "1" } },
      name: "configmaps",
      // Each namespace has one with the cluster's authorities.
      before: 1,
    }),
  );
  it(official("api-machinery", "ResourceQuota should create a ResourceQuota and capture the life of a replication controller."), () =>
    follow({
      path: (counted) => counted.path("replicationcontrollers"),
      object: {
        apiVersion: "v1",
        kind: "ReplicationController",
        metadata: { name: "test-rc" },
        spec: { replicas: 0, selector: { app: "counted" }, template },
      },
      name: "replicationcontrollers",
      before: 0,
      isFull: false,
    }),
  );
  it(official("api-machinery", "ResourceQuota should create a ResourceQuota and capture the life of a replica set."), () =>
    follow({
      path: (counted) => counted.path("replicasets", "apps"),
      object: {
        apiVersion: "apps/v1",
        kind: "ReplicaSet",
        metadata: { name: "test-rs" },
        spec: { replicas: 0, selector: { matchLabels: { app: "counted" } }, template },
      },
      name: "count/replicasets.apps",
      before: 0,
      isFull: false,
    }),
  );

  it(official("api-machinery", "ResourceQuota should create a ResourceQuota and capture the life of a pod."), async () => {
    const counted = await newCounted();
    const pods = counted.path("pods");
    await counted.limit("test-quota", everything);
    await counted.expectUsed("test-quota", { resourcequotas: "1", pods: "0" });
    const dongles = { "example.com/dongle": "2" };
    const requests = { cpu: "500m", memory: "252Mi", "ephemeral-storage": "30Gi", ...dongles };
    const created = await calls.expect<Thing & { spec: { containers: [{ resources: { requests: Quantities } }] } }>(
      201,
      `POST ${pods}`,
      pod("test-pod", { requests, limits: dongles }),
    );
    const used = { pods: "1", cpu: "500m", memory: "252Mi", "ephemeral-storage": "30Gi", "requests.example.com/dongle": "2" };
    await counted.expectUsed("test-quota", used);
    await expectExceeded(pods, pod("fail-pod", { requests: { cpu: "600m", memory: "100Mi", "ephemeral-storage": "1Gi" } }));
    await expectExceeded(
      pods,
      pod("fail-pod-for-extended-resource", {
        requests: { cpu: "500m", memory: "100Mi", "ephemeral-storage": "10Gi", ...dongles },
        limits: dongles,
      }),
    );
    created.spec.containers[0].resources.requests = { cpu: "100m", memory: "100Mi", "ephemeral-storage": "10Gi" };
    expect((await calls.refusal(`PUT ${pods}/test-pod`, created)).code).toBeGreaterThanOrEqual(400);
    await counted.expectUsed("test-quota", used);
    await remove(`${pods}/test-pod`);
    await counted.expectUsed("test-quota", {
      pods: "0",
      cpu: "0",
      memory: "0",
      "ephemeral-storage": "0",
      "requests.example.com/dongle": "0",
    });
  });
});

describe("scopes", () => {
  const requests = { cpu: "500m", memory: "200Mi" };
  const limits = { cpu: "1", memory: "400Mi" };

  it(official("api-machinery", "ResourceQuota should verify ResourceQuota with terminating scopes."), async () => {
    const counted = await newCounted();
    const pods = counted.path("pods");
    const hard = { pods: "5", "requests.cpu": "1", "requests.memory": "500Mi", "limits.cpu": "2", "limits.memory": "1Gi" };
    const full = { pods: "1", "requests.cpu": "500m", "requests.memory": "200Mi", "limits.cpu": "1", "limits.memory": "400Mi" };
    const empty = { pods: "0", "requests.cpu": "0", "requests.memory": "0", "limits.cpu": "0", "limits.memory": "0" };
    await counted.limit("quota-terminating", hard, { scopes: ["Terminating"] });
    await counted.limit("quota-not-terminating", hard, { scopes: ["NotTerminating"] });
    for (const name of ["quota-terminating", "quota-not-terminating"]) await counted.expectUsed(name, empty);
    await calls.expect(201, `POST ${pods}`, pod("test-pod", { requests, limits }));
    await counted.expectUsed("quota-not-terminating", full);
    await counted.expectUsed("quota-terminating", empty);
    await remove(`${pods}/test-pod`);
    await counted.expectUsed("quota-not-terminating", empty);
    await calls.expect(201, `POST ${pods}`, pod("terminating-pod", { requests, limits, spec: { activeDeadlineSeconds: 3600 } }));
    await counted.expectUsed("quota-terminating", full);
    await counted.expectUsed("quota-not-terminating", empty);
    await remove(`${pods}/terminating-pod`);
    await counted.expectUsed("quota-terminating", empty);
  });

  it(official("api-machinery", "ResourceQuota should verify ResourceQuota with best effort scope."), async () => {
    const counted = await newCounted();
    const pods = counted.path("pods");
    await counted.limit("quota-besteffort", { pods: "5" }, { scopes: ["BestEffort"] });
    await counted.limit("quota-not-besteffort", { pods: "5" }, { scopes: ["NotBestEffort"] });
    const expectPods = async (bestEffort: string, notBestEffort: string): Promise<void> => {
      await counted.expectUsed("quota-besteffort", { pods: bestEffort });
      await counted.expectUsed("quota-not-besteffort", { pods: notBestEffort });
    };
    await expectPods("0", "0");
    await calls.expect(201, `POST ${pods}`, pod("best", {}));
    await expectPods("1", "0");
    await remove(`${pods}/best`);
    await expectPods("0", "0");
    await calls.expect(201, `POST ${pods}`, pod("burst", { requests, limits }));
    await expectPods("0", "1");
    await remove(`${pods}/burst`);
    await expectPods("0", "0");
  });
});

describe("quotas themselves", () => {
  it(official("api-machinery", "ResourceQuota should be able to update and delete ResourceQuota."), async () => {
    const counted = await newCounted();
    await counted.limit("test-quota", { cpu: "1", memory: "500Mi" });
    const quota = await counted.quota("test-quota");
    expect(quota.spec.hard).toEqual({ cpu: "1", memory: "500Mi" });
    const one = `${counted.path("resourcequotas")}/test-quota`;
    await eventually(async () => {
      const current = await counted.quota("test-quota");
      const { code } = await calls.api.json("PUT", one, { ...current, spec: { hard: { cpu: "2", memory: "1Gi" } } });
      expect(code).toBe(200);
    });
    expect((await counted.quota("test-quota")).spec.hard).toEqual({ cpu: "2", memory: "1Gi" });
    await remove(one);
    await calls.expect(404, `GET ${one}`);
  });

  it(official("api-machinery", "ResourceQuota should manage the lifecycle of a ResourceQuota"), async () => {
    const counted = await newCounted();
    const quotas = counted.path("resourcequotas");
    await counted.limit("lifecycle", { cpu: "500m", memory: "500Mi" });
    expect((await counted.quota("lifecycle")).spec.hard).toEqual({ cpu: "500m", memory: "500Mi" });
    const everywhere = await calls.expect<{ items: Quota[] }>(200, `GET /api/v1/resourcequotas`);
    expect(everywhere.items.map(({ metadata }) => metadata.name)).toContain("lifecycle");
    const patch = { metadata: { labels: { "rq-label": "patched" } }, spec: { hard: { memory: "750Mi" } } };
    const patched = await calls.expect<Quota>(200, `PATCH ${quotas}/lifecycle`, patch, strategicPatch);
    expect(patched).toMatchObject({ metadata: { labels: { "rq-label": "patched" } }, spec: { hard: { cpu: "500m", memory: "750Mi" } } });
    await calls.expect(200, `DELETE ${quotas}?labelSelector=rq-label%3Dpatched`);
    await eventually(async () => expect((await calls.expect<{ items: Quota[] }>(200, `GET ${quotas}`)).items).toEqual([]));
  });

  it(official("api-machinery", "ResourceQuota should apply changes to a resourcequota status"), async () => {
    const counted = await newCounted();
    const one = `${counted.path("resourcequotas")}/status`;
    await counted.limit("status", { cpu: "500m", memory: "500Mi" });
    const expectHard = (hard: Quantities): Promise<void> =>
      eventually(async () => expect((await counted.quota("status")).status.hard).toEqual(hard));
    await eventually(async () => {
      const current = await counted.quota("status");
      const { code } = await calls.api.json("PUT", `${one}/status`, { ...current, status: { hard: current.spec.hard } });
      expect(code).toBe(200);
    });
    await expectHard({ cpu: "500m", memory: "500Mi" });
    const larger = { cpu: "1", memory: "1Gi" };
    await calls.expect(200, `PATCH ${one}`, { spec: { hard: larger } }, strategicPatch);
    await calls.expect(200, `PATCH ${one}/status`, { status: { hard: larger } }, strategicPatch);
    await expectHard(larger);
    const wrong = { cpu: "2", memory: "2Gi" };
    const repatched = await calls.expect<Quota>(200, `PATCH ${one}/status`, { status: { hard: wrong } }, strategicPatch);
    expect(repatched).toMatchObject({ spec: { hard: larger }, status: { hard: wrong } });
    // The controller looks again at the next full count, or when something goes that was counted.
    const pods = counted.path("pods");
    await calls.expect(201, `POST ${pods}`, pod("passing", { requests: { cpu: "10m", memory: "1Mi" } }));
    await remove(`${pods}/passing`);
    await expectHard(larger);
  });
});
