import { createSecureServer, type Http2SecureServer, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import { createServer as createHttpsServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { createSeededRandom, systemClock } from "@coracle/base";
import { StatusError, type ResourceType } from "@coracle/apimachinery";
import * as fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { ApiRequest, WatchEvent } from "../transport.ts";
import { createHttpsTransport, type HttpsTransport, type HttpsTransportOptions } from "./https-transport.ts";
import { LineTooLongError, readLines } from "./lines.ts";
import { requestPath } from "./request-path.ts";
import { certificate, privateKey } from "./test-certificate.ts";

const pods: ResourceType = { group: "", version: "v1", resource: "pods", kind: "Pod", isNamespaced: true };
const get: ApiRequest = { verb: "get", resource: pods, namespace: "a", name: "x" };

type Handler = (request: Http2ServerRequest, response: Http2ServerResponse) => void;

const cleanUps: (() => void)[] = [];
afterEach(() => cleanUps.splice(0).forEach((cleanUp) => cleanUp()));

async function listen(server: Http2SecureServer | Server, port = 0): Promise<number> {
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

async function serve(handler: Handler, port?: number): Promise<{ port: number; close(): Promise<void> }> {
  const server = createSecureServer({ key: privateKey, cert: certificate, allowHTTP1: true }, handler);
  const sessions = new Set<{ destroy(): void }>();
  server.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
  });
  const close = async (): Promise<void> => {
    sessions.forEach((session) => session.destroy());
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  cleanUps.push(() => void close());
  return { port: await listen(server, port), close };
}

function transportTo(port: number, more: Partial<HttpsTransportOptions> = {}): HttpsTransport {
  const options = { userAgent: "test/1", clock: systemClock, random: createSeededRandom(1), ca: certificate };
  const transport = createHttpsTransport({ server: `https://127.0.0.1:${port}`, ...options, ...more });
  cleanUps.push(() => transport.close());
  return transport;
}

const failure = (code: number, reason: string): string =>
  JSON.stringify({ kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message: `no: ${reason}`, reason, code });

describe("requestPath", () => {
  it("builds the paths of the API", () => {
    const leases: ResourceType = { group: "coordination.k8s.io", version: "v1", resource: "leases", kind: "Lease", isNamespaced: true };
    expect(requestPath(get)).toBe("/api/v1/namespaces/a/pods/x");
    expect(requestPath({ verb: "list", resource: pods, query: { labelSelector: "a=b,c" } })).toBe("/api/v1/pods?labelSelector=a%3Db%2Cc");
    expect(requestPath({ ...get, resource: leases, verb: "patch", subresource: "status" })).toBe(
      "/apis/coordination.k8s.io/v1/namespaces/a/leases/x/status",
    );
    expect(requestPath({ ...get, verb: "watch", query: { resourceVersion: "5" } })).toBe(
      "/api/v1/namespaces/a/pods?resourceVersion=5&watch=true&fieldSelector=metadata.name%3Dx",
    );
  });
});

describe("readLines", () => {
  it("gives the same lines however the bytes are cut", async () => {
    const lines = fc.array(fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\n", "")));
    await fc.assert(
      fc.asyncProperty(lines, fc.array(fc.nat(7)), async (texts, cuts) => {
        const bytes = new TextEncoder().encode(texts.map((text) => `${text}\n`).join(""));
        async function* pieces(): AsyncGenerator<Uint8Array> {
          let at = 0;
          for (const cut of cuts) yield bytes.subarray(at, (at += cut));
          yield bytes.subarray(at);
        }
        const read: string[] = [];
        for await (const line of readLines(pieces(), 1000)) read.push(line);
        expect(read).toEqual(texts.filter((text) => text !== ""));
      }),
    );
  });

  it("refuses a line that is too long before it has all of it", async () => {
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (;;) yield new Uint8Array(100).fill(65);
    }
    const read = async (): Promise<void> => {
      for await (const _line of readLines(pieces(), 1000)) continue;
    };
    await expect(read()).rejects.toThrow(LineTooLongError);
  });
});

describe("createHttpsTransport", () => {
  it("refuses plain http unless asked", () => {
    expect(() => transportTo(1, { server: "http://127.0.0.1:1" })).toThrow("only https:// servers are used");
    transportTo(1, { server: "http://127.0.0.1:1", allowInsecureHttp: true });
  });

  it("sends and receives JSON over HTTP/2 with the caller's identity", async () => {
    const seen: unknown[] = [];
    const { port } = await serve((request, response) => {
      const { authorization, "content-type": type, "user-agent": agent } = request.headers;
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        seen.push({ version: request.httpVersion, method: request.method, url: request.url, authorization, type, agent, body });
        response.end(JSON.stringify({ kind: "Pod", apiVersion: "v1", metadata: { name: "x" } }));
      });
    });
    const transport = transportTo(port, { token: async () => "secret" });
    const request: ApiRequest = { ...get, verb: "patch", body: { spec: { é: 1 } }, contentType: "application/merge-patch+json" };
    expect(await transport.request(request)).toMatchObject({ metadata: { name: "x" } });
    const url = "/api/v1/namespaces/a/pods/x";
    const type = "application/merge-patch+json";
    const expected = {
      version: "2.0",
      method: "PATCH",
      url,
      authorization: "Bearer secret",
      type,
      agent: "test/1",
      body: '{"spec":{"é":1}}',
    };
    expect(seen).toEqual([expected]);
  });

  it("speaks HTTP/1.1 to a server that knows nothing else", async () => {
    const server = createHttpsServer({ key: privateKey, cert: certificate }, (request, response) => {
      if (request.url?.includes("watch") === true) response.write('{"type":"ADDED","object":{"metadata":{"name":"a"}}}\n{"type":"ADD');
      response.end(request.url?.includes("watch") === true ? 'ED","object":{}}' : JSON.stringify({ version: request.httpVersion }));
    });
    cleanUps.push(() => server.close());
    const transport = transportTo(await listen(server));
    expect(await transport.request(get)).toEqual({ version: "1.1" });
    const types: string[] = [];
    for await (const event of transport.watch({ verb: "watch", resource: pods })) types.push(event.type);
    expect(types).toEqual(["ADDED", "ADDED"]);
  });

  it("says of a list's items what they are", async () => {
    const list = { kind: "PodList", apiVersion: "v1", metadata: { resourceVersion: "1" }, items: [{ metadata: { name: "x" } }] };
    const { port } = await serve((_request, response) => void response.end(JSON.stringify(list)));
    const answer = await transportTo(port).request({ verb: "list", resource: pods });
    expect(answer).toMatchObject({ items: [{ kind: "Pod", apiVersion: "v1", metadata: { name: "x" } }] });
  });

  it("throws what the server says, and client-go's words where it says nothing", async () => {
    const { port } = await serve((request, response) => {
      const isPlain = request.url?.endsWith("plain") === true;
      response.statusCode = isPlain ? 503 : 404;
      response.end(isPlain ? "upstream broke" : failure(404, "NotFound"));
    });
    const transport = transportTo(port);
    const refused = await transport.request(get).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(StatusError);
    expect(refused).toMatchObject({ reason: "NotFound", code: 404, message: "no: NotFound" });
    await expect(transport.request({ ...get, name: "plain" })).rejects.toMatchObject({
      reason: "ServiceUnavailable",
      message: "the server is currently unable to handle the request (get pods plain)",
    });
  });

  it("waits and tries again when the server says so, but never repeats a create after 503", async () => {
    const calls: string[] = [];
    const { port } = await serve((request, response) => {
      calls.push(request.method);
      const isFirst = calls.filter((method) => method === request.method).length === 1;
      response.statusCode = isFirst ? 503 : 200;
      if (isFirst) response.setHeader("retry-after", "0");
      response.end(isFirst ? failure(503, "ServiceUnavailable") : "{}");
    });
    const transport = transportTo(port);
    expect(await transport.request(get)).toEqual({});
    await expect(transport.request({ verb: "create", resource: pods, body: {} })).rejects.toMatchObject({ code: 503 });
    expect(calls).toEqual(["GET", "GET", "POST"]);
  });

  it("streams a watch, ends it on abort, and connects again after the server went away", async () => {
    const handler: Handler = (_request, response) => void response.write('{"type":"ADDED","object":{"metadata":{"name":"a"}}}\n');
    const first = await serve(handler);
    const transport = transportTo(first.port);
    const abort = new AbortController();
    const events: WatchEvent[] = [];
    for await (const event of transport.watch({ verb: "watch", resource: pods, signal: abort.signal })) {
      events.push(event);
      abort.abort();
    }
    expect(events).toHaveLength(1);
    for await (const _event of transport.watch({ verb: "watch", resource: pods })) await first.close();
    await serve((_request, response) => void response.end("{}"), first.port);
    expect(await transport.request(get)).toEqual({});
  });

  it("says what it could not reach", async () => {
    const { port, close } = await serve((_request, response) => void response.end());
    await close();
    const message = `Get "https://127.0.0.1:${port}/api/v1/namespaces/a/pods/x": connect ECONNREFUSED 127.0.0.1:${port}`;
    await expect(transportTo(port).request(get)).rejects.toMatchObject({ reason: "ServiceUnavailable", message });
  });

  it("gives up a request that takes too long, and one whose signal aborts with the caller's reason", async () => {
    const { port } = await serve(() => undefined);
    await expect(transportTo(port, { requestTimeoutMs: 50 }).request(get)).rejects.toMatchObject({ reason: "ServiceUnavailable" });
    const abort = new AbortController();
    const request = transportTo(port).request({ ...get, signal: abort.signal });
    abort.abort(new Error("enough"));
    await expect(request).rejects.toThrow("enough");
  });
});
