import type { IncomingMessage, ServerResponse } from "node:http";
import { connect } from "node:tls";
import type { Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  externalService,
  issueFrom,
  remoteService,
  startAggregatingServer,
  startExtensionServer,
  type AggregatingServer,
  type Answer,
} from "./testing-server.ts";

const apiServices = "/apis/apiregistration.k8s.io/v1/apiservices";
let api: AggregatingServer;

beforeAll(async () => {
  api = await startAggregatingServer();
});
afterAll(() => api[Symbol.asyncDispose]());

const available = (answer: Answer): { status: string; reason: string; message: string } | undefined =>
  (answer.json["status"] as { conditions?: { status: string; reason: string; message: string }[] } | undefined)?.conditions?.[0];

const resourceList = {
  kind: "APIResourceList",
  apiVersion: "v1",
  groupVersion: "example.com/v1",
  resources: [{ name: "gadgets", singularName: "gadget", namespaced: true, kind: "Gadget", verbs: ["get", "list", "watch"] }],
};

function answerDiscovery(request: IncomingMessage, response: ServerResponse): boolean {
  if (request.url !== "/apis/example.com/v1") return false;
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(resourceList));
  return true;
}

describe("local APIServices", () => {
  it("come for every built-in group-version, with upstream's labels and priorities", async () => {
    const apps = await api.ask(`${apiServices}/v1.apps`);
    expect(apps.json).toMatchObject({
      metadata: { labels: { "kube-aggregator.kubernetes.io/automanaged": "onstart" } },
      spec: { group: "apps", version: "v1", groupPriorityMinimum: 17800, versionPriority: 15 },
      status: { conditions: [{ type: "Available", status: "True", reason: "Local", message: "Local APIServices are always available" }] },
    });
    const core = await api.ask(`${apiServices}/v1.`);
    expect(core.json).toMatchObject({ spec: { version: "v1", groupPriorityMinimum: 18000, versionPriority: 1 } });
    const list = await api.ask(apiServices);
    const names = (list.json["items"] as unknown as { metadata: { name: string } }[]).map(({ metadata }) => metadata.name);
    expect(names).toContain("v2.autoscaling");
    expect(names).not.toContain("v1.apiregistration.k8s.io");
  });

  it("come and go with custom resources", async () => {
    const schema = { openAPIV3Schema: { type: "object" } };
    const crd = {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "boats.sea.example.com" },
      spec: {
        group: "sea.example.com",
        scope: "Cluster",
        names: { plural: "boats", kind: "Boat" },
        versions: [{ name: "v1", served: true, storage: true, schema }],
      },
    };
    const crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    expect((await api.ask(crds, { method: "POST", body: crd })).code).toBe(201);
    const come = await api.until(`${apiServices}/v1.sea.example.com`, ({ code }) => code === 200);
    expect(come.json).toMatchObject({
      metadata: { labels: { "kube-aggregator.kubernetes.io/automanaged": "true" } },
      spec: { groupPriorityMinimum: 1000, versionPriority: 100 },
    });
    // Deleted by hand it comes again, as does what was changed.
    await api.ask(`${apiServices}/v1.sea.example.com`, { method: "DELETE" });
    await api.until(`${apiServices}/v1.sea.example.com`, ({ code, json }) => code === 200 && uidOf(json) !== uidOf(come.json));
    await api.ask(`${crds}/boats.sea.example.com`, { method: "DELETE" });
    await api.until(`${apiServices}/v1.sea.example.com`, ({ code }) => code === 404);
  });

  it("stay as an administrator left them until the next start", async () => {
    const path = `${apiServices}/v1.batch`;
    const headers = { "content-type": "application/merge-patch+json" };
    const changed = await api.ask(path, { method: "PATCH", headers, body: { spec: { versionPriority: 99 } } });
    expect(changed.json).toMatchObject({ spec: { versionPriority: 99 } });
    const again = await startAggregatingServer(api.store);
    try {
      const restored = await again.ask(path);
      expect(restored.json).toMatchObject({ spec: { versionPriority: 15 } });
    } finally {
      await again[Symbol.asyncDispose]();
    }
  });
});

const uidOf = (json: Answer["json"]): unknown => (json["metadata"] as { uid?: string } | undefined)?.uid;

describe("remote APIServices", () => {
  it("pass requests on with the user's identity, and say so when the server is gone", async () => {
    const extension = await startExtensionServer(api.frontProxy.certificatePem, (request, response) => {
      if (answerDiscovery(request, response)) return;
      let body = "";
      request.on("data", (piece: Buffer) => (body += piece.toString()));
      request.on("end", () =>
        response
          .writeHead(request.method === "POST" ? 201 : 200, { "content-type": "application/json", "x-own": "yes" })
          .end(JSON.stringify({ url: request.url, raw: request.rawHeaders, body })),
      );
    });
    await api.ask("/api/v1/namespaces/default/services", { method: "POST", body: externalService() });
    const created = await api.ask(apiServices, { method: "POST", body: remoteService(extension.port, { caBundle: extension.caBundle }) });
    expect(created.code).toBe(201);
    const passed = await api.until(`${apiServices}/v1.example.com`, (answer) => available(answer)?.status === "True");
    expect(available(passed)).toMatchObject({ reason: "Passed", message: "all checks passed" });

    const path = "/apis/example.com/v1/namespaces/a/gadgets?limit=5&x=%2F";
    const got = await api.ask(path, { headers: { "x-remote-user": "mallory", "x-remote-group": "system:masters", "audit-id": "the-id" } });
    expect(got.code).toBe(200);
    expect(got.headers["x-own"]).toBe("yes");
    const { raw, url } = got.json as unknown as { raw: string[]; url: string };
    expect(url).toBe(path);
    const seen = raw.flatMap((name, index) => (index % 2 === 0 ? [`${name.toLowerCase()}: ${raw[index + 1]}`] : []));
    expect(seen.filter((line) => /^(x-remote|authorization|audit-id)/.test(line)).sort()).toEqual([
      "audit-id: the-id",
      "x-remote-extra-example.com%2fscope: a",
      "x-remote-extra-example.com%2fscope: b,c",
      "x-remote-group: system:authenticated",
      "x-remote-group: system:masters",
      "x-remote-uid: 7",
      "x-remote-user: root",
    ]);
    const posted = await api.ask("/apis/example.com/v1/namespaces/a/gadgets", { method: "POST", body: { a: 1 } });
    expect(posted).toMatchObject({ code: 201, json: { body: '{"a":1}' } });

    await extension[Symbol.asyncDispose]();
    const cut = await api.ask(path);
    expect([cut.code, cut.text]).toEqual([
      503,
      expect.stringMatching(/^(error trying to reach service: dial tcp localhost:\d+: connect: connection refused|service unavailable)\n$/),
    ]);
    // An event of the Service makes it look at once.
    await api.ask("/api/v1/namespaces/default/services/extension", {
      method: "PATCH",
      headers: { "content-type": "application/merge-patch+json" },
      body: { metadata: { labels: { look: "again" } } },
    });
    const failed = await api.until(`${apiServices}/v1.example.com`, (answer) => available(answer)?.status === "False");
    expect(available(failed)?.reason).toBe("FailedDiscoveryCheck");
    const host = `localhost:${extension.port}`;
    expect(available(failed)?.message).toBe(
      `failing or missing response from https://${host}/apis/example.com/v1: Get "https://${host}/apis/example.com/v1": dial tcp ${host}: connect: connection refused`,
    );
    const refused = await api.ask(path);
    expect(refused).toMatchObject({ code: 503, text: "service unavailable\n" });
    expect(refused.headers["content-type"]).toBe("text/plain; charset=utf-8");

    await api.ask("/api/v1/namespaces/default/services/extension", { method: "DELETE" });
    const without = await api.until(`${apiServices}/v1.example.com`, (answer) => available(answer)?.reason === "ServiceNotFound");
    expect(available(without)?.message).toBe('service/extension in "default" is not present');
    await api.ask(`${apiServices}/v1.example.com`, { method: "DELETE" });
    expect((await api.ask(path)).code).toBe(404);
  });

  it("stream watches and upgrades", async () => {
    const extension = await startExtensionServer(
      api.frontProxy.certificatePem,
      (request, response) => {
        if (answerDiscovery(request, response)) return;
        response.writeHead(200, { "content-type": "application/json" });
        response.write('{"type":"ADDED"}\n');
      },
      {
        onUpgrade(request: IncomingMessage, socket: Socket) {
          socket.write(
            `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\nX-User: ${String(request.headers["x-remote-user"])}\r\n\r\n`,
          );
          socket.pipe(socket);
        },
      },
    );
    try {
      await api.ask("/api/v1/namespaces/default/services", { method: "POST", body: externalService() });
      await api.ask(apiServices, { method: "POST", body: remoteService(extension.port, { caBundle: extension.caBundle }) });
      await api.until(`${apiServices}/v1.example.com`, (answer) => available(answer)?.status === "True");
      const watch = await firstBytes("GET /apis/example.com/v1/gadgets?watch=1 HTTP/1.1", [], '{"type":"ADDED"}');
      expect(watch).toContain("HTTP/1.1 200 OK");
      const upgrade = ["Connection: Upgrade", "Upgrade: echo"];
      const echoed = await firstBytes("POST /apis/example.com/v1/namespaces/a/gadgets/b/exec HTTP/1.1", upgrade, "hello", "hello");
      expect(echoed).toContain("HTTP/1.1 101");
      expect(echoed).toMatch(/x-user: root/i);
    } finally {
      await api.ask(`${apiServices}/v1.example.com`, { method: "DELETE" });
      await extension[Symbol.asyncDispose]();
    }
  });

  it("trust only the certificate that the bundle names, for the service's name", async () => {
    const extension = await startExtensionServer(api.frontProxy.certificatePem, answerDiscovery, { dnsNames: ["other.default.svc"] });
    try {
      await api.ask(apiServices, { method: "POST", body: remoteService(extension.port, { caBundle: extension.caBundle }) });
      const wrongName = await api.until(`${apiServices}/v1.example.com`, (answer) => available(answer)?.status === "False");
      expect(available(wrongName)?.message).toContain(
        "tls: failed to verify certificate: x509: certificate is valid for other.default.svc, not extension.default.svc",
      );
      const headers = { "content-type": "application/merge-patch+json" };
      const patch = { spec: { caBundle: Buffer.from(api.ca).toString("base64") } };
      await api.ask(`${apiServices}/v1.example.com`, { method: "PATCH", headers, body: patch });
      const unknown = await api.until(`${apiServices}/v1.example.com`, (answer) => /authority/.test(available(answer)?.message ?? ""));
      expect(available(unknown)?.message).toContain("x509: certificate signed by unknown authority");
      await api.ask(`${apiServices}/v1.example.com`, {
        method: "PATCH",
        headers,
        body: { spec: { caBundle: null, insecureSkipTLSVerify: true } },
      });
      await api.until(`${apiServices}/v1.example.com`, (answer) => available(answer)?.status === "True");
    } finally {
      await api.ask(`${apiServices}/v1.example.com`, { method: "DELETE" });
      await extension[Symbol.asyncDispose]();
    }
  });

  /** Sends a request over a connection of its own and reads until `wanted` comes. */
  function firstBytes(line: string, headers: readonly string[], wanted: string, send = ""): Promise<string> {
    const { port } = api.server;
    return new Promise((resolve, reject) => {
      let text = "";
      const socket = connect({ host: "127.0.0.1", port, ca: api.ca, ALPNProtocols: ["http/1.1"] }, () => {
        socket.write(`${[line, "Host: api", "Authorization: Bearer root", ...headers].join("\r\n")}\r\n\r\n`);
      });
      socket.on("data", (piece) => {
        const isFirst = text === "";
        text += piece.toString();
        if (isFirst && send !== "") socket.write(send);
        if (text.includes(wanted)) {
          socket.destroy();
          resolve(text);
        }
      });
      socket.on("error", reject);
      socket.on("close", () => reject(new Error(`closed after ${JSON.stringify(text)}`)));
    });
  }
});

describe("front proxies", () => {
  const self = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
  const whoAmI = (certificate: ReturnType<typeof issueFrom>, headers: Record<string, string | string[]>): Promise<Answer> =>
    api.ask(self, {
      method: "POST",
      token: "",
      certificate,
      headers,
      body: { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" },
    });

  it("speak for users when their certificate says so", async () => {
    const answer = await whoAmI(issueFrom(api.frontProxy, "front-proxy-client"), {
      "x-remote-user": "ann",
      "x-remote-uid": "u1",
      "x-remote-group": ["one", "two,three"],
      "x-remote-extra-example.com%2fscope": ["a", "b"],
    });
    // Group members may review themselves only with a role; root may.
    expect(answer.code).toBe(403);
    expect(answer.text).toContain('User \\"ann\\" cannot create resource');
    const root = await whoAmI(issueFrom(api.frontProxy, "front-proxy-client"), {
      "x-remote-user": "ann",
      "x-remote-uid": "u1",
      "x-remote-group": ["system:masters", "two,three"],
      "x-remote-extra-example.com%2fscope": ["a", "b"],
    });
    expect(root.json["status"]).toEqual({
      userInfo: {
        username: "ann",
        uid: "u1",
        groups: ["system:masters", "two,three", "system:authenticated"],
        extra: { "example.com/scope": ["a", "b"] },
      },
    });
  });

  it("are nobody otherwise: a certificate of theirs is no user's, and other certificates are no front proxies", async () => {
    const asMaster = { "x-remote-user": "ann", "x-remote-group": "system:masters" };
    expect((await whoAmI(issueFrom(api.frontProxy, "somebody-else", { organizations: ["system:masters"] }), asMaster)).code).toBe(401);
    expect((await whoAmI(issueFrom(api.frontProxy, "front-proxy-client", { organizations: ["system:masters"] }), {})).code).toBe(401);
    const token = await api.ask(self, {
      method: "POST",
      headers: asMaster,
      body: { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" },
    });
    expect(token.json).toMatchObject({ status: { userInfo: { username: "root" } } });
  });

  it("are published for extension API servers, and again when that is deleted", async () => {
    const path = "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication";
    const expected = {
      "client-ca-file": api.ca,
      "requestheader-allowed-names": '["front-proxy-client"]',
      "requestheader-client-ca-file": api.frontProxy.certificatePem,
      "requestheader-extra-headers-prefix": '["X-Remote-Extra-"]',
      "requestheader-group-headers": '["X-Remote-Group"]',
      "requestheader-uid-headers": '["X-Remote-Uid"]',
      "requestheader-username-headers": '["X-Remote-User"]',
    };
    const first = await api.ask(path);
    const data = first.json["data"] as unknown as Record<string, string>;
    // The server that was started on the same store has added its own.
    expect(data["client-ca-file"]).toContain(expected["client-ca-file"].trim());
    expect({ ...data, "client-ca-file": "", "requestheader-client-ca-file": "" }).toEqual({
      ...expected,
      "client-ca-file": "",
      "requestheader-client-ca-file": "",
    });
    await api.ask(path, { method: "DELETE" });
    const second = await api.until(path, ({ code }) => code === 200);
    expect(second.json["data"]).toEqual(expected);
  });
});
