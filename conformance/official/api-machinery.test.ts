/** Watches, chunks, tables, discovery, field validation, published OpenAPI, custom resources, garbage collection, namespaces. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RawApi } from "../src/api.ts";
import { eventually } from "../src/coracle.ts";
import { official } from "./list.ts";
import type { Thing } from "./calls.ts";
import { Scene } from "./scene.ts";

let scene: Scene;
let api: RawApi;

beforeAll(() => {
  scene = new Scene("machinery");
  ({ api } = scene);
});
afterAll(() => scene[Symbol.dispose]());

function configMap(name: string, labels: Record<string, string> = {}, data: Record<string, string> = {}): object {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, labels }, data };
}

describe("watching", () => {
  const told = (events: readonly { type: string; object: { metadata: { name?: string } } }[]): string[] =>
    events.map(({ type, object }) => `${type} ${object.metadata.name}`);

  it(official("api-machinery", "Watchers should observe add, update, and delete watch notifications on configmaps"), async () => {
    const path = `/api/v1/namespaces/${await scene.newNamespace()}/configmaps`;
    using a = await api.watch(`${path}?labelSelector=w%3Da`);
    using b = await api.watch(`${path}?labelSelector=w%3Db`);
    using both = await api.watch(`${path}?labelSelector=w%20in%20(a,b)`);
    await scene.expect(201, `POST ${path}`, configMap("a", { w: "a" }));
    await scene.expect(200, `PUT ${path}/a`, configMap("a", { w: "a" }, { mutation: "1" }));
    await scene.expect(201, `POST ${path}`, configMap("b", { w: "b" }));
    await scene.expect(200, `DELETE ${path}/a`);
    await scene.expect(200, `DELETE ${path}/b`);
    const ofA = ["ADDED a", "MODIFIED a", "DELETED a"];
    const ofB = ["ADDED b", "DELETED b"];
    await eventually(() => expect([told(a.events), told(b.events)]).toEqual([ofA, ofB]));
    await eventually(() => expect(told(both.events)).toEqual(["ADDED a", "MODIFIED a", "ADDED b", "DELETED a", "DELETED b"]));
  });

  it(official("api-machinery", "Watchers should be able to start watching from a specific resource version"), async () => {
    const path = `/api/v1/namespaces/${await scene.newNamespace()}/configmaps`;
    await scene.expect(201, `POST ${path}`, configMap("a"));
    const first = await scene.expect(200, `PUT ${path}/a`, configMap("a", {}, { mutation: "1" }));
    await scene.expect(200, `PUT ${path}/a`, configMap("a", {}, { mutation: "2" }));
    await scene.expect(200, `DELETE ${path}/a`);
    using watch = await api.watch(`${path}?resourceVersion=${first.metadata.resourceVersion}&fieldSelector=metadata.name%3Da`);
    await eventually(() => expect(told(watch.events)).toEqual(["MODIFIED a", "DELETED a"]));
  });

  it(
    official("api-machinery", "Watchers should be able to restart watching from the last resource version observed by the previous watch"),
    async () => {
      const path = `/api/v1/namespaces/${await scene.newNamespace()}/configmaps`;
      using first = await api.watch(`${path}?labelSelector=w%3Dr`);
      await scene.expect(201, `POST ${path}`, configMap("a", { w: "r" }));
      await scene.expect(200, `PUT ${path}/a`, configMap("a", { w: "r" }, { mutation: "1" }));
      await eventually(() => expect(told(first.events)).toEqual(["ADDED a", "MODIFIED a"]));
      first[Symbol.dispose]();
      await scene.expect(200, `PUT ${path}/a`, configMap("a", { w: "r" }, { mutation: "2" }));
      await scene.expect(200, `DELETE ${path}/a`);
      using second = await api.watch(`${path}?labelSelector=w%3Dr&resourceVersion=${first.events.at(-1)?.object.metadata.resourceVersion}`);
      await eventually(() => expect(told(second.events)).toEqual(["MODIFIED a", "DELETED a"]));
    },
  );

  it(
    official("api-machinery", "Watchers should observe an object deletion if it stops meeting the requirements of the selector"),
    async () => {
      const path = `/api/v1/namespaces/${await scene.newNamespace()}/configmaps`;
      using watch = await api.watch(`${path}?labelSelector=w%3Dlive`);
      await scene.expect(201, `POST ${path}`, configMap("a", { w: "live" }));
      await scene.expect(200, `PUT ${path}/a`, configMap("a", { w: "dead" }, { mutation: "1" }));
      await scene.expect(200, `PUT ${path}/a`, configMap("a", { w: "dead" }, { mutation: "2" }));
      await scene.expect(200, `PUT ${path}/a`, configMap("a", { w: "live" }, { mutation: "3" }));
      await scene.expect(200, `DELETE ${path}/a`);
      await eventually(() => expect(told(watch.events)).toEqual(["ADDED a", "DELETED a", "ADDED a", "DELETED a"]));
      // What is shown of an object that left the selection is its last state in it, at the version of the change.
      expect(watch.events[1]?.object["data"]).toBeUndefined();
    },
  );

  it(official("api-machinery", "Watchers should receive events on concurrent watches in same order"), async () => {
    const path = `/api/v1/namespaces/${await scene.newNamespace()}/configmaps`;
    const { metadata } = await scene.expect<{ metadata: { resourceVersion: string } }>(200, `GET ${path}`);
    const writes = Array.from({ length: 20 }, async (_, index) => {
      await scene.expect(201, `POST ${path}`, configMap(`c-${index}`));
      await scene.expect(200, `PUT ${path}/c-${index}`, configMap(`c-${index}`, {}, { a: "1" }));
      await scene.expect(200, `DELETE ${path}/c-${index}`);
    });
    const watches = await Promise.all(
      Array.from({ length: 10 }, () =>
        api.watch(`${path}?resourceVersion=${metadata.resourceVersion}&fieldSelector=metadata.name!%3Dkube-root-ca.crt`),
      ),
    );
    await Promise.all(writes);
    await eventually(() => expect(watches.map(({ events }) => events.length)).toEqual(Array.from({ length: 10 }, () => 60)));
    const orders = watches.map(({ events }) => events.map(({ type, object }) => `${type} ${object.metadata.resourceVersion}`).join(" "));
    expect(new Set(orders).size).toBe(1);
    for (const watch of watches) watch[Symbol.dispose]();
  });

  it(
    official(
      "api-machinery",
      "CustomResourceDefinition Watch [Privileged:ClusterAdmin] CustomResourceDefinition Watch watch on custom resource definition objects",
    ),
    async () => {
      const { path } = await newCustomResource("watched");
      using watch = await scene.watch(`${path}?fieldSelector=metadata.name%3Da`);
      await scene.expect(201, `POST ${path}`, customObject("watched", "a", {}));
      await scene.expect(200, `PATCH ${path}/a`, { dummy: "x" }, "application/merge-patch+json");
      await scene.expect(200, `DELETE ${path}/a`);
      await eventually(() => expect(told(watch.events)).toEqual(["ADDED a", "MODIFIED a", "DELETED a"]));
    },
  );
});

describe("lists", () => {
  it(official("api-machinery", "Servers with support for API chunking should return chunks of results for list calls"), async () => {
    const path = `/api/v1/namespaces/${await scene.newNamespace()}/podtemplates`;
    const template = { spec: { containers: [{ name: "c", image: "i" }] } };
    for (let index = 0; index < 40; index++) {
      await scene.expect(201, `POST ${path}`, {
        apiVersion: "v1",
        kind: "PodTemplate",
        metadata: { name: `t-${String(index).padStart(4, "0")}` },
        template,
      });
    }
    type Chunk = { metadata: { continue?: string; remainingItemCount?: number; resourceVersion: string }; items: Thing[] };
    const names: string[] = [];
    const versions = new Set<string>();
    let next: string | undefined = "";
    while (next !== undefined) {
      const more: string = next === "" ? "" : `&continue=${encodeURIComponent(next)}`;
      const chunk: Chunk = await scene.expect<Chunk>(200, `GET ${path}?limit=7${more}`);
      expect(chunk.items.length).toBeLessThanOrEqual(7);
      names.push(...chunk.items.map(({ metadata }) => metadata.name));
      versions.add(chunk.metadata.resourceVersion);
      if (chunk.metadata.continue !== undefined) expect(chunk.metadata.remainingItemCount).toBe(40 - names.length);
      next = chunk.metadata.continue;
    }
    expect(names).toEqual(Array.from({ length: 40 }, (_, index) => `t-${String(index).padStart(4, "0")}`));
    expect(versions.size).toBe(1);
    const all = await scene.expect<Chunk>(200, `GET ${path}?limit=500`);
    expect([all.items.length, all.metadata.continue]).toEqual([40, undefined]);
  });

  it("a chunk whose state is forgotten can be continued from the last key", async () => {
    const path = `/api/v1/namespaces/${await scene.newNamespace()}/configmaps`;
    for (let index = 0; index < 6; index++) await scene.expect(201, `POST ${path}`, configMap(`c-${index}`));
    const first = await scene.expect<{ metadata: { continue: string; resourceVersion: string } }>(200, `GET ${path}?limit=3`);
    // A token of a state that was never kept: version 1 is long compacted, or was before the objects.
    const token = JSON.parse(Buffer.from(first.metadata.continue, "base64url").toString()) as Record<string, unknown>;
    const inconsistent = Buffer.from(JSON.stringify({ ...token, rv: -1 })).toString("base64url");
    const rest = await scene.expect<{ items: Thing[] }>(200, `GET ${path}?limit=10&continue=${inconsistent}`);
    const names = rest.items.map(({ metadata }) => metadata.name);
    expect(names.filter((name) => name.startsWith("c-"))).toEqual(["c-3", "c-4", "c-5"]);
  });

  it(
    official(
      "api-machinery",
      "Servers with support for Table transformation should return a 406 for a backend which does not implement metadata",
    ),
    async () => {
      const body = JSON.stringify({
        apiVersion: "authorization.k8s.io/v1",
        kind: "SelfSubjectAccessReview",
        spec: { resourceAttributes: { verb: "list", resource: "pods" } },
      });
      const headers = { "content-type": "application/json", accept: "application/json;as=Table;v=v1;g=meta.k8s.io" };
      const answer = await api.call("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", { headers, body });
      expect([answer.code, JSON.parse(answer.body.toString())]).toEqual([406, expect.objectContaining({ reason: "NotAcceptable" })]);
    },
  );
});

describe("discovery", () => {
  type Group = {
    name: string;
    versions: { groupVersion: string; version: string }[];
    preferredVersion: { groupVersion: string; version: string };
  };

  it(official("api-machinery", "Discovery should validate PreferredVersion for each APIGroup"), async () => {
    const { groups } = await scene.expect<{ groups: Group[] }>(200, "GET /apis");
    expect(groups.length).toBeGreaterThan(15);
    for (const { name, versions, preferredVersion } of groups) {
      const alone = await scene.expect<Group>(200, `GET /apis/${name}`);
      expect(alone).toMatchObject({ name, versions, preferredVersion });
      expect(versions).toContainEqual(preferredVersion);
    }
  });

  it(official("api-machinery", "Discovery should locate the groupVersion and a resource within each APIGroup"), async () => {
    const { groups } = await scene.expect<{ groups: Group[] }>(200, "GET /apis");
    for (const { versions } of groups) {
      for (const { groupVersion } of versions) {
        const list = await scene.expect<{ groupVersion: string; resources: { name: string; kind: string; verbs: string[] }[] }>(
          200,
          `GET /apis/${groupVersion}`,
        );
        expect(list.groupVersion).toBe(groupVersion);
        expect(list.resources.length).toBeGreaterThan(0);
        for (const { name, kind, verbs } of list.resources)
          expect([name, kind, verbs.length > 0]).toEqual([expect.any(String), expect.stringMatching(/^[A-Z]/), true]);
      }
    }
  });

  const aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
  interface Discovery {
    kind: string;
    apiVersion: string;
    items: {
      metadata: { name?: string };
      versions: {
        version: string;
        freshness: string;
        resources: { resource: string; scope: string; responseKind: { kind: string }; verbs: string[] }[];
      }[];
    }[];
  }
  const discover = async (path: string, accept: string): Promise<{ type: string; value: Discovery }> => {
    const answer = await api.call("GET", path, { headers: { accept } });
    expect(answer.code).toBe(200);
    return { type: String(answer.headers["content-type"]), value: JSON.parse(answer.body.toString()) as Discovery };
  };

  it(official("api-machinery", "AggregatedDiscovery should support aggregated discovery interface"), async () => {
    const core = await discover("/api", `${aggregated},application/json`);
    expect([core.type, core.value.kind, core.value.apiVersion]).toEqual([aggregated, "APIGroupDiscoveryList", "apidiscovery.k8s.io/v2"]);
    expect(core.value.items[0]?.versions[0]?.resources).toContainEqual(
      expect.objectContaining({ resource: "pods", scope: "Namespaced", responseKind: expect.objectContaining({ kind: "Pod" }) }),
    );
    const groups = await discover("/apis", `${aggregated},application/json`);
    for (const name of ["apps", "batch", "rbac.authorization.k8s.io", "apiextensions.k8s.io", "admissionregistration.k8s.io"]) {
      expect(groups.value.items.map(({ metadata }) => metadata.name)).toContain(name);
    }
  });

  it(official("api-machinery", "AggregatedDiscovery should support raw aggregated discovery endpoint Accept headers"), async () => {
    const beta = "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";
    for (const [accept, kind] of [
      ["application/json", "APIGroupList"],
      [aggregated, "APIGroupDiscoveryList"],
      [`${beta},${aggregated}`, "APIGroupDiscoveryList"],
      [`${aggregated},${beta},application/json`, "APIGroupDiscoveryList"],
    ] as const) {
      expect([accept, (await discover("/apis", accept)).value.kind]).toEqual([accept, kind]);
    }
  });

  const crdDiscovery = async (name: string): Promise<void> => {
    await newCustomResource(name);
    await eventually(async () => {
      const { value } = await discover("/apis", aggregated);
      const group = value.items.find(({ metadata }) => metadata.name === `${name}.example.com`);
      expect(group?.versions[0]).toMatchObject({ version: "v1", freshness: "Current" });
      expect(group?.versions[0]?.resources[0]).toMatchObject({ resource: `${name}s`, scope: "Namespaced" });
    });
  };
  it(official("api-machinery", "AggregatedDiscovery should support aggregated discovery interface for CRDs"), () =>
    crdDiscovery("aggregated"),
  );
  it(official("api-machinery", "AggregatedDiscovery should support raw aggregated discovery request for CRDs"), () =>
    crdDiscovery("rawly"),
  );

  it(
    official(
      "api-machinery",
      "CustomResourceDefinition resources [Privileged:ClusterAdmin] should include custom resource definition resources in discovery documents",
    ),
    async () => {
      const { groups } = await scene.expect<{ groups: Group[] }>(200, "GET /apis");
      expect(groups.find(({ name }) => name === "apiextensions.k8s.io")?.versions).toContainEqual({
        groupVersion: "apiextensions.k8s.io/v1",
        version: "v1",
      });
      const { resources } = await scene.expect<{ resources: { name: string }[] }>(200, "GET /apis/apiextensions.k8s.io/v1");
      expect(resources.map(({ name }) => name)).toContain("customresourcedefinitions");
    },
  );

  it(
    official("api-machinery", "AdmissionWebhook [Privileged:ClusterAdmin] should include webhook resources in discovery documents"),
    async () => {
      const { resources } = await scene.expect<{ resources: { name: string }[] }>(200, "GET /apis/admissionregistration.k8s.io/v1");
      expect(resources.map(({ name }) => name)).toEqual(
        expect.arrayContaining(["mutatingwebhookconfigurations", "validatingwebhookconfigurations"]),
      );
    },
  );

  it(official("api-machinery", "server version should find the server version"), async () => {
    expect(await scene.expect(200, "GET /version")).toMatchObject({
      major: "1",
      minor: expect.stringMatching(/^\d+/),
      gitVersion: expect.stringMatching(/^v\d+\./),
    });
  });
});

interface CrdOptions {
  readonly schema?: object;
  readonly scope?: string;
  readonly versions?: readonly object[];
  readonly more?: object;
}

function definition(
  name: string,
  { schema, scope = "Namespaced", versions, more = {} }: CrdOptions = {},
): { metadata: { name: string }; spec: Record<string, unknown> } & Record<string, unknown> {
  const group = `${name}.example.com`;
  const openAPIV3Schema = schema ?? { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${name}s.${group}` },
    spec: {
      group,
      scope,
      names: { plural: `${name}s`, singular: name, kind: kindOf(name), listKind: `${kindOf(name)}List` },
      versions: versions ?? [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema }, ...more }],
    },
  };
}

const crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

function kindOf(name: string): string {
  return `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
}

function customObject(name: string, objectName: string, fields: object): object {
  return { apiVersion: `${name}.example.com/v1`, kind: kindOf(name), metadata: { name: objectName }, ...fields };
}

async function newCustomResource(name: string, options: CrdOptions = {}): Promise<{ path: string; crd: string }> {
  const crd = `${crds}/${name}s.${name}.example.com`;
  await scene.expect(201, `POST ${crds}`, definition(name, options));
  await eventually(async () => {
    const { status } = await scene.expect<{ status: { conditions: object[] } }>(200, `GET ${crd}`);
    expect(status.conditions).toContainEqual(expect.objectContaining({ type: "Established", status: "True" }));
  });
  const version = (options.versions?.[0] as { name?: string } | undefined)?.name ?? "v1";
  const scope = options.scope === "Cluster" ? "" : "/namespaces/default";
  return { path: `/apis/${name}.example.com/${version}${scope}/${name}s`, crd };
}

describe("custom resources", () => {
  it(
    official(
      "api-machinery",
      "CustomResourceDefinition resources [Privileged:ClusterAdmin] Simple CustomResourceDefinition creating/deleting custom resource definition objects works",
    ),
    async () => {
      const { crd, path } = await newCustomResource("simple");
      await scene.expect(201, `POST ${path}`, customObject("simple", "a", {}));
      await scene.expect(200, `DELETE ${crd}`);
      await eventually(async () => expect((await api.json("GET", crd)).code).toBe(404));
      await eventually(async () => expect((await api.call("GET", path)).code).toBe(404));
    },
  );

  it(
    official(
      "api-machinery",
      "CustomResourceDefinition resources [Privileged:ClusterAdmin] Simple CustomResourceDefinition listing custom resource definition objects works",
    ),
    async () => {
      for (const name of ["lista", "listb", "listc"]) {
        const crd = definition(name);
        await scene.expect(201, `POST ${crds}`, { ...crd, metadata: { ...crd.metadata, labels: { list: "yes" } } });
      }
      const selected = `${crds}?labelSelector=list%3Dyes`;
      expect((await scene.expect<{ items: Thing[] }>(200, `GET ${selected}`)).items).toHaveLength(3);
      await scene.expect(200, `DELETE ${selected}`);
      await eventually(async () => expect((await scene.expect<{ items: Thing[] }>(200, `GET ${selected}`)).items).toHaveLength(0));
    },
  );

  it(
    official(
      "api-machinery",
      "CustomResourceDefinition resources [Privileged:ClusterAdmin] Simple CustomResourceDefinition getting/updating/patching custom resource definition status sub-resource works",
    ),
    async () => {
      const { crd } = await newCustomResource("statused");
      const condition = {
        type: "StatusUpdate",
        status: "True",
        reason: "E2E",
        message: "Set by a test",
        lastTransitionTime: "2026-01-01T00:00:00Z",
      };
      const patched = await scene.expect<{ status: { conditions: object[] } }>(
        200,
        `PATCH ${crd}/status`,
        [{ op: "add", path: "/status/conditions/-", value: condition }],
        "application/json-patch+json",
      );
      expect(patched.status.conditions).toContainEqual(expect.objectContaining({ type: "StatusUpdate" }));
      const read = await scene.expect<{ status: { conditions: object[] } }>(200, `GET ${crd}/status`);
      await eventually(async () =>
        scene.expect(200, `PUT ${crd}/status`, { ...(await scene.expect(200, `GET ${crd}/status`)), status: read.status }),
      );
    },
  );

  it(
    official(
      "api-machinery",
      "CustomResourceDefinition resources [Privileged:ClusterAdmin] custom resource defaulting for requests and from storage works",
    ),
    async () => {
      const schema = (extra: object): object => ({ type: "object", properties: { a: { type: "string", default: "A" }, ...extra } });
      const { crd, path } = await newCustomResource("defaulted", { schema: schema({}) });
      expect(await scene.expect(201, `POST ${path}`, customObject("defaulted", "x", {}))).toMatchObject({ a: "A" });
      await scene.expect(
        200,
        `PATCH ${crd}`,
        [{ op: "add", path: "/spec/versions/0/schema/openAPIV3Schema/properties/b", value: { type: "string", default: "B" } }],
        "application/json-patch+json",
      );
      await eventually(async () => expect(await scene.expect(200, `GET ${path}/x`)).toMatchObject({ a: "A", b: "B" }));
    },
  );

  it(
    official(
      "api-machinery",
      "CustomResourceFieldSelectors [Privileged:ClusterAdmin] CustomResourceFieldSelectors MUST list and watch custom resources matching the field selector",
    ),
    async () => {
      const properties = { host: { type: "string" }, port: { type: "integer" }, secure: { type: "boolean" } };
      const { path } = await newCustomResource("selected", {
        schema: { type: "object", properties },
        more: { selectableFields: [{ jsonPath: ".host" }, { jsonPath: ".port" }, { jsonPath: ".secure" }] },
      });
      using watch = await scene.watch(`${path}?fieldSelector=host%3Dexample`);
      await scene.expect(201, `POST ${path}`, customObject("selected", "a", { host: "example", port: 80 }));
      await scene.expect(201, `POST ${path}`, customObject("selected", "b", { host: "other", port: 80, secure: true }));
      const names = async (selector: string): Promise<string[]> =>
        (await scene.expect<{ items: Thing[] }>(200, `GET ${path}?fieldSelector=${encodeURIComponent(selector)}`)).items.map(
          ({ metadata }) => metadata.name,
        );
      expect([
        await names("host=example"),
        await names("port=80"),
        await names("port=80,secure=true"),
        await names("host!=example"),
      ]).toEqual([["a"], ["a", "b"], ["b"], ["b"]]);
      await scene.expect(200, `PATCH ${path}/a`, { host: "moved" }, "application/merge-patch+json");
      await eventually(() =>
        expect(watch.events.map(({ type, object }) => `${type} ${object.metadata.name}`)).toEqual(["ADDED a", "DELETED a"]),
      );
      await scene.expect(400, `GET ${path}?fieldSelector=nope%3D1`);
    },
  );
});

describe("published OpenAPI", () => {
  interface Document {
    definitions: Record<string, Record<string, unknown>>;
    paths: Record<string, unknown>;
  }
  const document = async (): Promise<Document> => scene.expect<Document>(200, "GET /openapi/v2");
  const component = async (name: string, version = "v1"): Promise<Record<string, unknown> | undefined> =>
    (await document()).definitions[`com.example.${name}.${version}.${kindOf(name)}`];
  const spec = {
    type: "object",
    description: "what it is for",
    properties: {
      bars: {
        type: "array",
        items: { type: "object", required: ["name"], properties: { name: { type: "string" }, age: { type: "string" } } },
      },
    },
  };

  it(official("api-machinery", "CustomResourcePublishOpenAPI [Privileged:ClusterAdmin] works for CRD with validation schema"), async () => {
    await newCustomResource("published", { schema: { type: "object", description: "a published kind", properties: { spec } } });
    await eventually(async () => {
      const found = await component("published");
      expect(found).toMatchObject({
        type: "object",
        description: "a published kind",
        properties: { spec: { description: "what it is for" } },
        "x-kubernetes-group-version-kind": [{ group: "published.example.com", version: "v1", kind: "Published" }],
      });
    });
    expect(Object.keys((await document()).paths)).toContain("/apis/published.example.com/v1/namespaces/{namespace}/publisheds/{name}");
  });

  it(
    official("api-machinery", "CustomResourcePublishOpenAPI [Privileged:ClusterAdmin] works for CRD without validation schema"),
    async () => {
      await newCustomResource("schemaless");
      await eventually(async () =>
        // Nothing of fields, lest kubectl take what it reads for all that there is.
        expect(await component("schemaless")).toEqual({ type: "object", "x-kubernetes-group-version-kind": expect.any(Array) }),
      );
    },
  );

  it(
    official(
      "api-machinery",
      "CustomResourcePublishOpenAPI [Privileged:ClusterAdmin] works for CRD preserving unknown fields at the schema root",
    ),
    async () => {
      await newCustomResource("rootloose", {
        schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true, properties: { spec: { type: "object" } } },
      });
      await eventually(async () =>
        expect(await component("rootloose")).toEqual({ type: "object", "x-kubernetes-group-version-kind": expect.any(Array) }),
      );
    },
  );

  it(
    official(
      "api-machinery",
      "CustomResourcePublishOpenAPI [Privileged:ClusterAdmin] works for CRD preserving unknown fields in an embedded object",
    ),
    async () => {
      await newCustomResource("inloose", {
        schema: { type: "object", properties: { spec: { type: "object", "x-kubernetes-preserve-unknown-fields": true } } },
      });
      await eventually(async () =>
        expect(await component("inloose")).toMatchObject({ properties: { spec: { "x-kubernetes-preserve-unknown-fields": true } } }),
      );
    },
  );

  it(
    official("api-machinery", "CustomResourcePublishOpenAPI [Privileged:ClusterAdmin] works for multiple CRDs of different groups"),
    async () => {
      await newCustomResource("groupa");
      await newCustomResource("groupb");
      await eventually(async () =>
        expect([await component("groupa"), await component("groupb")]).toEqual([expect.any(Object), expect.any(Object)]),
      );
    },
  );

  const twoVersions = [
    { name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object", properties: { one: { type: "string" } } } } },
    { name: "v2", served: true, storage: false, schema: { openAPIV3Schema: { type: "object", properties: { two: { type: "string" } } } } },
  ];
  it(
    official(
      "api-machinery",
      "CustomResourcePublishOpenAPI [Privileged:ClusterAdmin] works for multiple CRDs of same group but different versions",
    ),
    async () => {
      await newCustomResource("versioned", { versions: twoVersions });
      await eventually(async () => {
        expect(await component("versioned", "v1")).toMatchObject({ properties: { one: { type: "string" } } });
        expect(await component("versioned", "v2")).toMatchObject({ properties: { two: { type: "string" } } });
      });
    },
  );

  it(
    official(
      "api-machinery",
      "CustomResourcePublishOpenAPI [Privileged:ClusterAdmin] works for multiple CRDs of same group and version but different kinds",
    ),
    async () => {
      await newCustomResource("sharing");
      const second = definition("sharing");
      const names = { plural: "others", singular: "other", kind: "Other", listKind: "OtherList" };
      await scene.expect(201, `POST ${crds}`, {
        ...second,
        metadata: { name: "others.sharing.example.com" },
        spec: { ...second.spec, names },
      });
      await eventually(async () => {
        const { definitions } = await document();
        expect(Object.keys(definitions)).toEqual(
          expect.arrayContaining(["com.example.sharing.v1.Sharing", "com.example.sharing.v1.Other"]),
        );
      });
    },
  );

  it(
    official(
      "api-machinery",
      "CustomResourcePublishOpenAPI [Privileged:ClusterAdmin] updates the published spec when one version gets renamed",
    ),
    async () => {
      const { crd } = await newCustomResource("renamed", { versions: twoVersions });
      await eventually(async () => expect(await component("renamed", "v2")).toBeDefined());
      await scene.expect(
        200,
        `PATCH ${crd}`,
        [
          { op: "test", path: "/spec/versions/1/name", value: "v2" },
          { op: "replace", path: "/spec/versions/1/name", value: "v4" },
        ],
        "application/json-patch+json",
      );
      await eventually(async () =>
        expect([await component("renamed", "v2"), await component("renamed", "v4"), await component("renamed", "v1")]).toEqual([
          undefined,
          expect.any(Object),
          expect.any(Object),
        ]),
      );
    },
  );

  it(
    official(
      "api-machinery",
      "CustomResourcePublishOpenAPI [Privileged:ClusterAdmin] removes definition from spec when one version gets changed to not be served",
    ),
    async () => {
      const { crd } = await newCustomResource("unserved", { versions: twoVersions });
      await eventually(async () => expect(await component("unserved", "v2")).toBeDefined());
      await scene.expect(
        200,
        `PATCH ${crd}`,
        [{ op: "replace", path: "/spec/versions/1/served", value: false }],
        "application/json-patch+json",
      );
      await eventually(async () =>
        expect([await component("unserved", "v2"), await component("unserved", "v1")]).toEqual([undefined, expect.any(Object)]),
      );
    },
  );
});

describe("field validation", () => {
  const strict = "fieldValidation=Strict&fieldManager=test";
  const post = async (path: string, body: string, type = "application/json"): Promise<{ code: number; text: string }> => {
    const isApply = type.includes("apply-patch");
    const { code, body: answer } = await api.call(isApply ? "PATCH" : "POST", path, { headers: { "content-type": type }, body });
    return { code, text: answer.toString() };
  };
  const apply = "application/apply-patch+yaml";

  it(official("api-machinery", "FieldValidation should detect unknown and duplicate fields of a typed object"), async () => {
    const body =
      '{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},"spec":{"foo":"bar","paused":true,"paused":false,"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i","imagePullPolicy":"Always","imagePullPolicy":"Never","unknown1":1}]}}}}';
    const { code, text } = await post(`/apis/apps/v1/namespaces/default/deployments?${strict}`, body);
    expect(code).toBe(400);
    for (const part of [
      'duplicate field \\"spec.paused\\"',
      'unknown field \\"spec.foo\\"',
      'duplicate field \\"spec.template.spec.containers[0].imagePullPolicy\\"',
      'unknown field \\"spec.template.spec.containers[0].unknown1\\"',
    ])
      expect(text).toContain(part);
  });

  it(official("api-machinery", "FieldValidation should detect unknown metadata fields of a typed object"), async () => {
    const body = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"d","foo":"bar"}}';
    const { code, text } = await post(`/api/v1/namespaces/default/configmaps?${strict}`, body);
    expect([code, text]).toEqual([400, expect.stringContaining('unknown field \\"metadata.foo\\"')]);
  });

  it(official("api-machinery", "FieldValidation should create/apply a valid CR for CRD with validation schema"), async () => {
    const { path } = await newCustomResource("valid", { schema: { type: "object", properties: { foo: { type: "string" } } } });
    expect((await post(`${path}?${strict}`, JSON.stringify(customObject("valid", "a", { foo: "x" })))).code).toBe(201);
    expect((await post(`${path}/b?${strict}`, JSON.stringify(customObject("valid", "b", { foo: "x" })), apply)).code).toBe(201);
  });

  it(
    official("api-machinery", "FieldValidation should create/apply a CR with unknown fields for CRD with no validation schema"),
    async () => {
      const { path } = await newCustomResource("anything");
      expect((await post(`${path}?${strict}`, JSON.stringify(customObject("anything", "a", { foo: "x" })))).code).toBe(201);
      expect((await post(`${path}/b?${strict}`, JSON.stringify(customObject("anything", "b", { foo: "x" })), apply)).code).toBe(201);
    },
  );

  it(
    official("api-machinery", "FieldValidation should create/apply an invalid CR with extra properties for CRD with validation schema"),
    async () => {
      const { path } = await newCustomResource("extra", { schema: { type: "object", properties: { foo: { type: "string" } } } });
      for (const [at, type] of [
        [path, "application/json"],
        [`${path}/b`, apply],
      ] as const) {
        const { code, text } = await post(`${at}?${strict}`, JSON.stringify(customObject("extra", "b", { foo: "x", bar: 1 })), type);
        // Upstream answers applies with 500; here mistakes of clients are 4xx.
        expect([code, text]).toEqual([type === apply ? expect.toBeOneOf([400, 500]) : 400, expect.stringContaining("bar")]);
      }
    },
  );

  it(official("api-machinery", "FieldValidation should detect duplicates in a CR when preserving unknown fields"), async () => {
    const { path } = await newCustomResource("twice");
    const { code, text } = await post(
      `${path}?${strict}`,
      '{"apiVersion":"twice.example.com/v1","kind":"Twice","metadata":{"name":"a"},"spec":{"foo":1,"foo":2}}',
    );
    expect([code, text]).toEqual([400, expect.stringContaining('duplicate field \\"spec.foo\\"')]);
  });

  it(
    official("api-machinery", "FieldValidation should detect unknown metadata fields in both the root and embedded object of a CR"),
    async () => {
      const template = {
        type: "object",
        "x-kubernetes-embedded-resource": true,
        properties: { metadata: { type: "object", properties: { name: { type: "string" } } } },
      };
      const { path } = await newCustomResource("embedding", {
        schema: { type: "object", properties: { spec: { type: "object", properties: { template } } } },
      });
      const object = customObject("embedding", "a", {
        spec: { template: { apiVersion: "v1", kind: "Pod", metadata: { name: "x", unknownSubMeta: 1 } } },
      }) as { metadata: Record<string, unknown> };
      object.metadata["unknownMeta"] = 1;
      const { code, text } = await post(`${path}?${strict}`, JSON.stringify(object));
      expect(code).toBe(400);
      expect(text).toContain('unknown field \\"metadata.unknownMeta\\"');
      expect(text).toContain('unknown field \\"spec.template.metadata.unknownSubMeta\\"');
    },
  );
});

describe("namespaces", () => {
  it(official("api-machinery", "Namespaces [Serial] should patch a Namespace"), async () => {
    const name = await scene.newNamespace();
    expect(
      await scene.expect(
        200,
        `PATCH /api/v1/namespaces/${name}`,
        { metadata: { labels: { patched: "yes" } } },
        "application/strategic-merge-patch+json",
      ),
    ).toMatchObject({ metadata: { labels: { patched: "yes" } } });
  });

  it(official("api-machinery", "Namespaces [Serial] should apply an update to a Namespace"), async () => {
    const path = `/api/v1/namespaces/${await scene.newNamespace()}`;
    const object = await scene.expect(200, `GET ${path}`);
    object.metadata.labels = { ...object.metadata.labels, updated: "yes" };
    expect(await scene.expect(200, `PUT ${path}`, object)).toMatchObject({ metadata: { labels: { updated: "yes" } } });
  });

  it(official("api-machinery", "Namespaces [Serial] should apply changes to a namespace status"), async () => {
    const path = `/api/v1/namespaces/${await scene.newNamespace()}/status`;
    const condition = { type: "StatusPatch", status: "True", reason: "E2E", message: "by a test" };
    expect(
      await scene.expect(
        200,
        `PATCH ${path}`,
        { metadata: { annotations: { a: "b" } }, status: { conditions: [condition] } },
        "application/merge-patch+json",
      ),
    ).toMatchObject({ status: { conditions: [condition] } });
    const object = await scene.expect<{ status: { conditions: object[] } }>(200, `GET ${path}`);
    object.status.conditions = [{ ...condition, type: "StatusUpdate" }];
    expect(await scene.expect(200, `PUT ${path}`, object)).toMatchObject({ status: { conditions: [{ type: "StatusUpdate" }] } });
  });

  it(official("api-machinery", "Namespaces [Serial] should apply a finalizer to a Namespace"), async () => {
    const path = `/api/v1/namespaces/${await scene.newNamespace()}`;
    const object = await scene.expect<{ spec: { finalizers: string[] } } & Thing>(200, `GET ${path}`);
    object.spec.finalizers.push("example.com/e2e");
    const updated = await scene.expect<typeof object>(200, `PUT ${path}/finalize`, object);
    expect(updated.spec.finalizers).toContain("example.com/e2e");
    updated.spec.finalizers = updated.spec.finalizers.filter((each) => each !== "example.com/e2e");
    expect((await scene.expect<typeof object>(200, `PUT ${path}/finalize`, updated)).spec.finalizers).toEqual(["kubernetes"]);
  });

  const emptied = async (resource: string, body: object): Promise<void> => {
    const name = await scene.newNamespace();
    const path = `/api/v1/namespaces/${name}/${resource}`;
    await scene.expect(201, `POST ${path}`, body);
    await scene.expect(200, `DELETE /api/v1/namespaces/${name}`);
    await eventually(async () => expect((await api.json("GET", `/api/v1/namespaces/${name}`)).code).toBe(404));
    await scene.expect(201, "POST /api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } });
    expect((await scene.expect<{ items: unknown[] }>(200, `GET ${path}`)).items).toEqual([]);
  };
  it(official("api-machinery", "Namespaces [Serial] should ensure that all pods are removed when a namespace is deleted"), () =>
    emptied("pods", {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "p" },
      spec: { containers: [{ name: "c", image: "registry.example/pause" }], terminationGracePeriodSeconds: 0 },
    }),
  );
  it(official("api-machinery", "Namespaces [Serial] should ensure that all services are removed when a namespace is deleted"), () =>
    emptied("services", { apiVersion: "v1", kind: "Service", metadata: { name: "s" }, spec: { ports: [{ port: 80 }] } }),
  );
});

describe("the garbage collector", () => {
  const deployment = (name: string): object => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "c", image: "registry.example/pause" }] } },
    },
  });
  const replicaSets = async (namespace: string): Promise<Thing[]> =>
    (await scene.expect<{ items: Thing[] }>(200, `GET /apis/apps/v1/namespaces/${namespace}/replicasets`)).items;
  const deployed = async (): Promise<{ namespace: string; path: string }> => {
    const namespace = await scene.newNamespace();
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
    await scene.expect(201, `POST ${path}`, deployment("d"));
    await eventually(async () => expect(await replicaSets(namespace)).toHaveLength(1));
    return { namespace, path: `${path}/d` };
  };

  it(official("api-machinery", "Garbage collector should delete RS created by deployment when not orphaning"), async () => {
    const { namespace, path } = await deployed();
    await scene.expect(200, `DELETE ${path}`, { propagationPolicy: "Background" });
    await eventually(async () => expect(await replicaSets(namespace)).toEqual([]));
  });

  it(
    official("api-machinery", "Garbage collector should orphan RS created by deployment when deleteOptions.PropagationPolicy is Orphan"),
    async () => {
      const { namespace, path } = await deployed();
      await scene.expect(200, `DELETE ${path}`, { propagationPolicy: "Orphan" });
      await eventually(async () => expect((await api.json("GET", path)).code).toBe(404));
      const [left] = await replicaSets(namespace);
      expect(left?.metadata.ownerReferences ?? []).toEqual([]);
    },
  );

  const pod = (name: string, owners: object[] = []): object => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, ownerReferences: owners },
    spec: { containers: [{ name: "c", image: "registry.example/pause" }], terminationGracePeriodSeconds: 0 },
  });
  const reference = ({ metadata }: Thing, isBlocking = false): object => ({
    apiVersion: "v1",
    kind: "Pod",
    name: metadata.name,
    uid: metadata.uid,
    controller: true,
    blockOwnerDeletion: isBlocking,
  });

  it(official("api-machinery", "Garbage collector should not be blocked by dependency circle"), async () => {
    const path = `/api/v1/namespaces/${await scene.newNamespace()}/pods`;
    const pods: Thing[] = [];
    for (const name of ["p1", "p2", "p3"]) pods.push(await scene.expect(201, `POST ${path}`, pod(name)));
    for (const [index, { metadata }] of pods.entries()) {
      const owner = pods[(index + 2) % 3] as Thing;
      await scene.expect(
        200,
        `PATCH ${path}/${metadata.name}`,
        { metadata: { ownerReferences: [reference(owner, true)] } },
        "application/merge-patch+json",
      );
    }
    await scene.expect(200, `DELETE ${path}/p1`, { propagationPolicy: "Foreground" });
    await eventually(async () => expect((await scene.expect<{ items: Thing[] }>(200, `GET ${path}`)).items).toEqual([]));
  });

  it(
    official(
      "api-machinery",
      "Garbage collector should not delete dependents that have both valid owner and owner that's waiting for dependents to be deleted [Serial]",
    ),
    async () => {
      const namespace = await scene.newNamespace();
      const maps = `/api/v1/namespaces/${namespace}/configmaps`;
      const leaving = await scene.expect(201, `POST ${maps}`, configMap("leaving"));
      const staying = await scene.expect(201, `POST ${maps}`, configMap("staying"));
      const owner = ({ metadata }: Thing): object => ({
        apiVersion: "v1",
        kind: "ConfigMap",
        name: metadata.name,
        uid: metadata.uid,
        blockOwnerDeletion: true,
      });
      const secrets = `/api/v1/namespaces/${namespace}/secrets`;
      const secret = (name: string, owners: object[]): object => ({
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name, ownerReferences: owners },
      });
      await scene.expect(201, `POST ${secrets}`, secret("one", [owner(leaving)]));
      await scene.expect(201, `POST ${secrets}`, secret("both", [owner(leaving), owner(staying)]));
      await scene.expect(200, `DELETE ${maps}/leaving`, { propagationPolicy: "Foreground" });
      await eventually(async () => expect((await api.json("GET", `${maps}/leaving`)).code).toBe(404));
      const { items } = await scene.expect<{ items: Thing[] }>(200, `GET ${secrets}`);
      expect(items.map(({ metadata }) => [metadata.name, metadata.ownerReferences?.length])).toEqual([["both", 1]]);
    },
  );
});
