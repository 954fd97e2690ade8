import { createServer as createTlsServer } from "node:https";
import { request as httpsRequest } from "node:https";
import { silentLogger, systemClock, systemRandom } from "@coracle/base";
import { createClient, createHttpsTransport } from "@coracle/client";
import type { ResourceType, UnstructuredObject } from "@coracle/apimachinery";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startFakeServer, type FakeServer } from "./http/fake-server.ts";

const namespaces: ResourceType = { group: "", version: "v1", resource: "namespaces", kind: "Namespace", isNamespaced: false };
const configMaps: ResourceType = { group: "", version: "v1", resource: "configmaps", kind: "ConfigMap", isNamespaced: true };
const pods: ResourceType = { group: "", version: "v1", resource: "pods", kind: "Pod", isNamespaced: true };
const nodes: ResourceType = { group: "", version: "v1", resource: "nodes", kind: "Node", isNamespaced: false };

let fake: FakeServer;
beforeAll(async () => {
  fake = await startFakeServer([], {
    staticTokens: [
      { token: "secret", user: { name: "bob", groups: [] } },
      { token: "root", user: { name: "root", groups: ["system:masters"] } },
    ],
  });
});
afterAll(() => fake.server.stop());

interface Answer {
  readonly code: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
}

/** Over HTTP/1.1. */
function ask(
  path: string,
  options: { token?: string; method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { ...(options.token !== undefined && { authorization: `Bearer ${options.token}` }), ...options.headers };
    const request = httpsRequest(
      `${fake.server.url}${path}`,
      { ca: fake.ca, method: options.method ?? "GET", headers, agent: false },
      (response) => {
        let text = "";
        response.on("data", (piece: Buffer) => (text += piece.toString()));
        response.on("end", () => resolve({ code: response.statusCode ?? 0, headers: response.headers, text }));
      },
    );
    request.on("error", reject);
    request.end(options.body);
  });
}

function object(kind: string, name: string, more: object = {}): UnstructuredObject {
  return { apiVersion: "v1", kind, metadata: { name }, ...more };
}

describe("API server", () => {
  it("serves a client over HTTP/2 with a certificate: create, list, watch", async () => {
    const admin = fake.issue("admin", ["system:masters"]);
    const transport = createHttpsTransport({
      server: fake.server.url,
      ca: fake.ca,
      cert: admin.certificatePem,
      key: admin.privateKeyPem,
      userAgent: "test/1",
      clock: systemClock,
      random: systemRandom,
    });
    const client = createClient({ transport, clock: systemClock, random: systemRandom, log: silentLogger });
    const maps = client.resource(configMaps, "default");
    const created = await maps.create({ ...object("ConfigMap", "a"), data: { x: "1" } } as never);
    const { items, metadata } = await maps.list();
    expect(items).toEqual([created]);
    const events: string[] = [];
    const aborter = new AbortController();
    const watching = (async () => {
      for await (const { type, object: seen } of transport.watch({
        verb: "watch",
        resource: configMaps,
        namespace: "default",
        query: { resourceVersion: metadata.resourceVersion ?? "" },
        signal: aborter.signal,
      })) {
        events.push(`${type} ${seen.metadata.name}`);
        if (type === "DELETED") return;
      }
    })();
    await maps.patch("a", { data: { x: "2" } }, { type: "application/merge-patch+json" });
    await maps.delete("a");
    await watching;
    expect(events).toEqual(["MODIFIED a", "DELETED a"]);
    client.close();
    transport.close();
  });

  it("knows everybody by credentials, and lets strangers read only that it lives", async () => {
    expect((await ask("/readyz")).text).toBe("ok");
    const stranger = await ask("/api");
    expect([stranger.code, JSON.parse(stranger.text)]).toEqual([
      401,
      { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message: "Unauthorized", reason: "Unauthorized", code: 401 },
    ]);
    expect((await ask("/readyz", { token: "wrong" })).code).toBe(401);
    const bob = await ask("/api/v1/namespaces", { token: "secret" });
    expect(JSON.parse(bob.text)).toMatchObject({
      code: 403,
      message: 'namespaces is forbidden: User "bob" cannot list resource "namespaces" in API group "" at the cluster scope',
    });
  });

  it("impersonates only for those who may", async () => {
    const headers = { "impersonate-user": "eve" };
    expect((await ask("/api/v1/namespaces", { token: "secret", headers })).text).toContain('cannot impersonate resource \\"users\\"');
    expect((await ask("/api/v1/namespaces", { token: "root", headers })).text).toContain('User \\"eve\\" cannot list');
  });

  it("writes tables and metadata, and refuses bodies that are too long", async () => {
    const table = await ask("/api/v1/namespaces", {
      token: "root",
      headers: { accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json" },
    });
    expect(JSON.parse(table.text)).toMatchObject({
      kind: "Table",
      rows: expect.arrayContaining([
        {
          cells: ["default", expect.anything()],
          object: { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: expect.objectContaining({ name: "default" }) },
        },
      ]),
    });
    const long = await ask("/api/v1/namespaces", { token: "root", method: "POST", body: "x".repeat(3 * 2 ** 20 + 1) });
    expect([long.code, JSON.parse(long.text).reason]).toEqual([413, "RequestEntityTooLarge"]);
    expect((await ask("/apis/nothing/v1/x", { token: "root" })).text).toBe("404 page not found\n");
  });

  it("discovers in both forms", async () => {
    const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
    const aggregated = await ask("/apis", { token: "root", headers: { accept } });
    expect(aggregated.headers["content-type"]).toBe("application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
    expect(JSON.parse(aggregated.text).items.map((item: UnstructuredObject) => item.metadata.name)).toContain("rbac.authorization.k8s.io");
    expect((await ask("/apis", { token: "root", headers: { accept, "if-none-match": String(aggregated.headers["etag"]) } })).code).toBe(
      304,
    );
    expect(JSON.parse((await ask("/api/v1", { token: "root" })).text).resources).toContainEqual(
      expect.objectContaining({ name: "pods/log", kind: "Pod" }),
    );
  });

  it("discovers in YAML and protobuf, and tells in which version objects are stored", async () => {
    const accept = (type: string): { token: string; headers: Record<string, string> } => ({ token: "root", headers: { accept: type } });
    const form = "application/vnd.kubernetes.protobuf;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    const aggregated = await ask("/api", accept(form));
    expect([aggregated.headers["content-type"], aggregated.headers["vary"]]).toEqual([form, "Accept"]);
    expect(aggregated.text.slice(0, 60)).toContain("apidiscovery.k8s.io/v2\u0012\u0015APIGroupDiscoveryList");
    expect((await ask("/apis", accept("application/vnd.kubernetes.protobuf"))).text).toContain("\u0002v1\u0012\fAPIGroupList");
    expect((await ask("/api/v1", accept("application/vnd.kubernetes.protobuf"))).text).toContain("\n\u0000\u0012\u000fAPIResourceList");
    expect((await ask("/api", accept("application/yaml"))).text).toContain("versions:\n  - v1\n".replaceAll("  - ", "- "));
    const core = JSON.parse((await ask("/api/v1", { token: "root" })).text);
    expect(core).not.toHaveProperty("apiVersion");
    expect(core.resources.find(({ name }: { name: string }) => name === "pods").storageVersionHash).toBe("xPOwRZ+Yhw8=");
    const refused = await ask("/apis", accept("text/html"));
    expect([refused.code, JSON.parse(refused.text).message]).toEqual([
      406,
      "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf",
    ]);
  });

  it("answers as a router where upstream has one", async () => {
    for (const path of ["/api/v2", "/api/v1/nothing", "/version/x", "/apis/rbac.authorization.k8s.io/v9"]) {
      const { code, text } = await ask(path, { token: "root" });
      expect([path, code, JSON.parse(text).message]).toEqual([path, 404, "the server could not find the requested resource"]);
    }
    const posted = await ask("/version", { token: "root", method: "POST" });
    expect([posted.code, JSON.parse(posted.text).message]).toEqual([
      405,
      "the server does not allow this method on the requested resource",
    ]);
    expect((await ask("/version/", { token: "root" })).code).toBe(200);
    expect([(await ask("/livez/", { token: "root" })).code, (await ask("/apis/nothing", { token: "root" })).text]).toEqual([
      404,
      "404 page not found\n",
    ]);
  });

  it("issues tokens that live as long as their account", async () => {
    const accounts: ResourceType = { ...pods, resource: "serviceaccounts", kind: "ServiceAccount" };
    fake.registry.server.put(accounts, { ...object("ServiceAccount", "robot"), metadata: { name: "robot", namespace: "default" } });
    const path = "/api/v1/namespaces/default/serviceaccounts/robot/token";
    const issued = await ask(path, { token: "root", method: "POST", body: JSON.stringify({ ...object("TokenRequest", ""), spec: {} }) });
    const { token } = JSON.parse(issued.text).status;
    expect((await ask("/api/v1/pods", { token })).text).toContain('User \\"system:serviceaccount:default:robot\\" cannot list');
    fake.registry.server.remove(accounts, "default/robot");
    expect((await ask("/api/v1/pods", { token })).code).toBe(401);
  });

  it("lends a direct transport that is authorized the same", async () => {
    const transport = fake.server.directTransport({ name: "carol", groups: [] });
    await expect(transport.request({ verb: "list", resource: namespaces })).rejects.toThrow(
      'User "carol" cannot list resource "namespaces"',
    );
    const root = fake.server.directTransport({ name: "root", groups: ["system:masters"] });
    expect(await root.request({ verb: "get", resource: namespaces, name: "kube-system" })).toMatchObject({ kind: "Namespace" });
  });
});

describe("kubelet proxy", () => {
  it("passes logs and upgraded streams to the pod's kubelet, under the kubelet's names", async () => {
    const serving = fake.issue("kubelet", [], "server");
    const seen: string[] = [];
    const kubelet = createTlsServer(
      { cert: serving.certificatePem, key: serving.privateKeyPem, ca: fake.ca, requestCert: true },
      (request, response) => {
        seen.push(request.url ?? "");
        response.end("hello\n");
      },
    );
    kubelet.on("upgrade", (request, socket) => {
      seen.push(request.url ?? "");
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n");
      socket.on("data", (piece: Buffer) => socket.end(`echo ${piece.toString()}`));
    });
    await new Promise<void>((resolve) => kubelet.listen(0, "127.0.0.1", resolve));
    const { port } = kubelet.address() as { port: number };
    const client = fake.issue("kube-apiserver", ["system:masters"]);
    await using other = await startFakeServer([], {
      staticTokens: [{ token: "root", user: { name: "root", groups: ["system:masters"] } }],
      kubeletClient: { cert: client.certificatePem, key: client.privateKeyPem, ca: fake.ca },
    });
    const status = { addresses: [{ type: "InternalIP", address: "127.0.0.1" }], daemonEndpoints: { kubeletEndpoint: { Port: port } } };
    other.registry.server.put(nodes, object("Node", "n1", { status }));
    other.registry.server.put(pods, {
      ...object("Pod", "p", { spec: { nodeName: "n1", containers: [{ name: "c" }] } }),
      metadata: { name: "p", namespace: "default" },
    });
    const options = { ca: other.ca, headers: { authorization: "Bearer root" }, agent: false as const };
    const log = await new Promise<string>((resolve) => {
      httpsRequest(`${other.server.url}/api/v1/namespaces/default/pods/p/log?tailLines=3&follow=true&pretty=1`, options, (response) => {
        response.on("data", (piece: Buffer) => resolve(piece.toString()));
      }).end();
    });
    const echo = await new Promise<string>((resolve, reject) => {
      const headers = { ...options.headers, connection: "Upgrade", upgrade: "SPDY/3.1" };
      const request = httpsRequest(
        `${other.server.url}/api/v1/namespaces/default/pods/p/exec?command=ls&command=-l&stdin=true&stdout=true`,
        { ...options, headers, method: "POST" },
      );
      request.on("error", reject);
      request.on("response", (response) => reject(new Error(`status ${response.statusCode}`)));
      request.on("upgrade", (_response, socket) => {
        socket.write("ping");
        socket.on("data", (piece: Buffer) => resolve(piece.toString()));
      });
      request.end();
    });
    kubelet.close();
    expect([log, echo]).toEqual(["hello\n", "echo ping"]);
    expect(seen).toEqual([
      "/containerLogs/default/p/c?tailLines=3&follow=true",
      "/exec/default/p/c?command=ls&command=-l&input=1&output=1",
    ]);
  });
});
