import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import type { AddressInfo } from "node:net";
import { createSeededRandom, silentLogger, systemClock } from "@coracle/base";
import { statusOf, type ResourceType, type UnstructuredObject } from "@coracle/apimachinery";
import { afterEach, expect, it, vi } from "vitest";
import { createClient } from "../create-client.ts";
import { createFakeTransport, type FakeTransport } from "../fake/fake-transport.ts";
import type { ApiRequest, PatchType } from "../transport.ts";
import { createHttpsTransport } from "./https-transport.ts";
import { certificate, privateKey } from "./test-certificate.ts";

const pods: ResourceType = { group: "", version: "v1", resource: "pods", kind: "Pod", isNamespaced: true };

const cleanUps: (() => void)[] = [];
afterEach(() => cleanUps.splice(0).forEach((cleanUp) => cleanUp()));

function parseRequest(request: Http2ServerRequest, body: string): ApiRequest {
  const url = new URL(request.url, "https://x");
  const [, namespace, name] = /^\/api\/v1(?:\/namespaces\/([^/]+))?\/pods(?:\/([^/]+))?$/.exec(url.pathname) ?? [];
  const query = Object.fromEntries(url.searchParams);
  const verbs: Record<string, ApiRequest["verb"]> = { POST: "create", PUT: "update", PATCH: "patch", DELETE: "delete" };
  const reading = query.watch === "true" ? "watch" : name === undefined ? "list" : "get";
  return {
    verb: verbs[request.method] ?? reading,
    resource: pods,
    query,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(body === "" ? {} : { body: JSON.parse(body) as unknown }),
    contentType: request.headers["content-type"] as PatchType,
  };
}

async function answer(fake: FakeTransport, request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> {
  let body = "";
  for await (const chunk of request) body += String(chunk);
  const parsed = parseRequest(request, body);
  try {
    if (parsed.verb !== "watch") {
      response.end(JSON.stringify(await fake.request(parsed)));
      return;
    }
    const abort = new AbortController();
    response.once("close", () => abort.abort());
    response.stream.respond({ ":status": 200 });
    for await (const event of fake.watch({ ...parsed, signal: abort.signal })) response.stream.write(`${JSON.stringify(event)}\n`);
    response.stream.end();
  } catch (error) {
    response.statusCode = statusOf(error).code ?? 500;
    response.end(JSON.stringify(statusOf(error)));
  }
}

function pod(name: string): UnstructuredObject {
  return { apiVersion: "v1", kind: "Pod", metadata: { name, namespace: "a" }, spec: {} };
}

it("keeps an informer over the network through lost connections and lost history", async () => {
  const fake = createFakeTransport({ clock: systemClock });
  const server = createSecureServer({ key: privateKey, cert: certificate }, (request, response) => void answer(fake, request, response));
  const sessions = new Set<{ destroy(): void }>();
  server.on("session", (session) => sessions.add(session));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const base = { clock: systemClock, random: createSeededRandom(1) };
  const transport = createHttpsTransport({ server: address, ca: certificate, userAgent: "test", ...base });
  const client = createClient({ transport, log: silentLogger, ...base });
  cleanUps.push(() => {
    client.close();
    transport.close();
    sessions.forEach((session) => session.destroy());
    server.close();
  });
  const names = (): (string | undefined)[] =>
    client
      .informer(pods)
      .list()
      .map(({ metadata }) => metadata.name);

  const created = await client.resource(pods, "a").create(pod("p1"));
  await expect(
    client.resource(pods, "a").update({ ...created, metadata: { ...created.metadata, resourceVersion: "1" } }),
  ).rejects.toMatchObject({
    reason: "Conflict",
  });
  await client.informer(pods).waitForSync();
  await client.resource(pods, "a").create(pod("p2"));
  await vi.waitFor(() => expect(names()).toEqual(["p1", "p2"]));

  sessions.forEach((session) => session.destroy());
  fake.put(pods, pod("p3"));
  await vi.waitFor(() => expect(names()).toEqual(["p1", "p2", "p3"]), { timeout: 5000 });

  fake.put(pods, pod("p4"));
  sessions.forEach((session) => session.destroy());
  fake.remove(pods, "a/p1");
  fake.compact();
  await vi.waitFor(() => expect(names()).toEqual(["p2", "p3", "p4"]), { timeout: 8000 });
});
