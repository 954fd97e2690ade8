import type { IncomingMessage, ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  externalService,
  remoteService,
  startAggregatingServer,
  startExtensionServer,
  type AggregatingServer,
  type ExtensionServer,
} from "./testing-server.ts";

const apiServices = "/apis/apiregistration.k8s.io/v1/apiservices";
const aggregatedType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
let api: AggregatingServer;
let extension: ExtensionServer | undefined;

beforeEach(async () => {
  api = await startAggregatingServer();
});
afterEach(async () => {
  await extension?.[Symbol.asyncDispose]();
  extension = undefined;
  await api[Symbol.asyncDispose]();
});

type Documents = Readonly<Record<string, { readonly body: unknown; readonly type?: string }>>;

/** Starts a server that has these documents, and waits until it is used. */
async function aggregate(documents: Documents): Promise<void> {
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const found = documents[(request.url ?? "").split("?", 1)[0] as string];
    if (found === undefined) response.writeHead(404).end();
    else response.writeHead(200, { "content-type": found.type ?? "application/json" }).end(JSON.stringify(found.body));
  };
  extension = await startExtensionServer(api.frontProxy.certificatePem, answer);
  await api.ask("/api/v1/namespaces/default/services", { method: "POST", body: externalService() });
  await api.ask(apiServices, { method: "POST", body: remoteService(extension.port, { caBundle: extension.caBundle }) });
  await api.until(`${apiServices}/v1.example.com`, ({ text }) => text.includes('"Passed"'));
}

const legacyList = {
  kind: "APIResourceList",
  apiVersion: "v1",
  groupVersion: "example.com/v1",
  resources: [
    { name: "gadgets", singularName: "gadget", namespaced: true, kind: "Gadget", verbs: ["get"], shortNames: ["gg"] },
    { name: "gadgets/status", singularName: "", namespaced: true, kind: "Gadget", verbs: ["get", "update"] },
  ],
};

async function aggregatedGroup(): Promise<unknown> {
  const { json } = await api.ask("/apis", { headers: { accept: `${aggregatedType},application/json` } });
  return (json["items"] as unknown as { metadata: { name: string } }[]).find(({ metadata }) => metadata.name === "example.com");
}

async function untilFreshness(freshness: string): Promise<unknown> {
  await expect.poll(aggregatedGroup, { timeout: 5000 }).toMatchObject({ versions: [{ freshness }] });
  return aggregatedGroup();
}

describe("discovery of other servers", () => {
  it("is merged from legacy documents, in all forms", async () => {
    await aggregate({ "/apis/example.com/v1": { body: legacyList } });
    expect(await untilFreshness("Current")).toEqual({
      metadata: { name: "example.com" },
      versions: [
        {
          version: "v1",
          resources: [
            {
              resource: "gadgets",
              responseKind: { group: "", version: "", kind: "Gadget" },
              scope: "Namespaced",
              singularResource: "gadget",
              verbs: ["get"],
              shortNames: ["gg"],
              subresources: [{ subresource: "status", responseKind: { group: "", version: "", kind: "Gadget" }, verbs: ["get", "update"] }],
            },
          ],
          freshness: "Current",
        },
      ],
    });
    const groups = await api.ask("/apis");
    const names = (groups.json["groups"] as unknown as { name: string }[]).map(({ name }) => name);
    expect(names.slice(0, 3)).toEqual(["apiregistration.k8s.io", "apps", "events.k8s.io"]);
    expect(names.slice(-2)).toEqual(["example.com", "metrics.k8s.io"]);
    expect(names.indexOf("apps")).toBeLessThan(names.includes("extensions") ? names.indexOf("extensions") : names.length);
    const group = await api.ask("/apis/example.com");
    expect(group.json).toMatchObject({ kind: "APIGroup", preferredVersion: { groupVersion: "example.com/v1", version: "v1" } });
    const list = await api.ask("/apis/example.com/v1");
    expect(list.json).toEqual(legacyList);
  });

  it("is merged from aggregated documents, and stale when the server is gone", async () => {
    const resources = [
      {
        resource: "gadgets",
        responseKind: { group: "example.com", version: "v1", kind: "Gadget" },
        scope: "Cluster",
        singularResource: "gadget",
        verbs: ["list"],
      },
    ];
    const items = [
      {
        metadata: { name: "example.com" },
        versions: [
          { version: "v1", resources },
          { version: "v2", resources: [] },
        ],
      },
    ];
    const body = { kind: "APIGroupDiscoveryList", apiVersion: "apidiscovery.k8s.io/v2", items };
    await aggregate({ "/apis": { body, type: aggregatedType }, "/apis/example.com/v1": { body: legacyList } });
    expect(await untilFreshness("Current")).toMatchObject({ versions: [{ version: "v1", resources }] });
    await extension?.[Symbol.asyncDispose]();
    await api.ask(`${apiServices}/v1.example.com`, {
      method: "PATCH",
      headers: { "content-type": "application/merge-patch+json" },
      body: { metadata: { labels: { look: "again" } } },
    });
    expect(await untilFreshness("Stale")).toMatchObject({ versions: [{ version: "v1", freshness: "Stale" }] });
    await api.ask(`${apiServices}/v1.example.com`, { method: "DELETE" });
    expect(await aggregatedGroup()).toBeUndefined();
    extension = undefined;
  });
});

const gadget = { type: "object", properties: { spec: { $ref: "#/definitions/com.example.v1.Spec" } } };
const v2 = {
  swagger: "2.0",
  info: { title: "gadgets", version: "1" },
  paths: {
    "/apis/example.com/v1/gadgets": {
      parameters: [{ $ref: "#/parameters/pretty" }],
      post: {
        operationId: "createGadget",
        consumes: ["*/*"],
        produces: ["application/json", "application/yaml"],
        parameters: [{ name: "body", in: "body", required: true, schema: { $ref: "#/definitions/com.example.v1.Gadget" } }],
        responses: {
          "200": { description: "OK", schema: { $ref: "#/definitions/com.example.v1.Gadget" } },
          "401": { description: "Unauthorized" },
        },
      },
    },
    "/version/": { get: { responses: {} } },
  },
  parameters: { pretty: { name: "pretty", in: "query", type: "string", description: "pretty", uniqueItems: true } },
  definitions: {
    "com.example.v1.Gadget": gadget,
    "com.example.v1.Spec": { type: "object", properties: { size: { type: "integer" } } },
    "com.example.v1.Unused": { type: "object" },
  },
};

describe("OpenAPI of other servers", () => {
  it("is merged in version 2, and made into version 3 where a server has none", async () => {
    await aggregate({ "/apis/example.com/v1": { body: legacyList }, "/openapi/v2": { body: v2 } });
    const merged = await api.ask("/openapi/v2");
    expect(Object.keys(merged.json["paths"] ?? {})).toEqual(["/apis/example.com/v1/gadgets"]);
    expect(merged.json["definitions"]).toEqual({
      "com.example.v1.Gadget": gadget,
      "com.example.v1.Spec": v2.definitions["com.example.v1.Spec"],
    });
    const index = await api.ask("/openapi/v3");
    const { serverRelativeURL } = (index.json["paths"] as unknown as Record<string, { serverRelativeURL: string }>)[
      "apis/example.com/v1"
    ] as { serverRelativeURL: string };
    const v3 = await api.ask(serverRelativeURL);
    expect(v3.headers["cache-control"]).toBe("public, immutable");
    const content = { schema: { $ref: "#/components/schemas/com.example.v1.Gadget" } };
    expect(v3.json).toMatchObject({
      openapi: "3.0.0",
      paths: {
        "/apis/example.com/v1/gadgets": {
          parameters: [{ name: "pretty", in: "query", description: "pretty", schema: { type: "string", uniqueItems: true } }],
          post: {
            operationId: "createGadget",
            requestBody: { required: true, content: { "application/json": content } },
            responses: {
              "200": { description: "OK", content: { "application/json": content, "application/yaml": content } },
              "401": { description: "Unauthorized" },
            },
          },
        },
      },
      components: {
        schemas: { "com.example.v1.Gadget": { properties: { spec: { $ref: "#/components/schemas/com.example.v1.Spec" } } } },
      },
    });
  });

  it("is asked for at the server in version 3", async () => {
    const document = { openapi: "3.0.0", paths: {}, components: { schemas: { own: {} } } };
    const url = "/openapi/v3/apis/example.com/v1?hash=ABC";
    await aggregate({
      "/apis/example.com/v1": { body: legacyList },
      "/openapi/v3": {
        body: { paths: { "apis/example.com/v1": { serverRelativeURL: url }, "apis/apps/v1": { serverRelativeURL: "/x" } } },
      },
      "/openapi/v3/apis/example.com/v1": { body: document },
    });
    const index = await api.ask("/openapi/v3");
    const paths = index.json["paths"] as unknown as Record<string, { serverRelativeURL: string }>;
    expect(paths["apis/example.com/v1"]).toEqual({ serverRelativeURL: url });
    // Another server says nothing about our groups.
    expect(paths["apis/apps/v1"]?.serverRelativeURL).toMatch(/^\/openapi\/v3\/apis\/apps\/v1\?hash=/);
    expect((await api.ask(url)).json).toEqual(document);
    expect(extension?.requests.at(-1)?.headers["x-remote-user"]).toBe("root");
  });
});
