import { createServer, type Server } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { createCertificateAuthority, dayMs, issueCertificate } from "@coracle/certificates";
import { systemClock } from "@coracle/base";
import type { WebhookClientConfig } from "@coracle/api";
import { WebhookClient } from "./webhook-client.ts";

const validity = { notBeforeMs: systemClock.now() - dayMs, notAfterMs: systemClock.now() + dayMs };
const authority = createCertificateAuthority({ commonName: "hooks", ...validity });
const issued = issueCertificate(authority, {
  commonName: "hook",
  usages: ["server"],
  dnsNames: ["hook.ns.svc"],
  ipAddresses: ["127.0.0.1"],
  ...validity,
});
const caBundle = Buffer.from(authority.certificatePem).toString("base64");

const started: Disposable[] = [];
afterEach(() => {
  for (const each of started.splice(0)) each[Symbol.dispose]();
});

interface Hook {
  readonly port: number;
  readonly server: Server;
  readonly requests: { readonly url: string; readonly host: string; readonly body: string; readonly port: number }[];
}

async function serve(answer: (response: ServerResponse, request: IncomingMessage) => void): Promise<Hook> {
  const requests: Hook["requests"] = [];
  const server = createServer({ cert: issued.certificatePem, key: issued.privateKeyPem }, (request, response) => {
    void (async () => {
      let body = "";
      for await (const chunk of request) body += String(chunk);
      requests.push({ url: request.url ?? "", host: request.headers.host ?? "", body, port: request.socket.remotePort ?? 0 });
      answer(response, request);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  started.push({ [Symbol.dispose]: () => server.close().closeAllConnections() });
  return { port: (server.address() as AddressInfo).port, server, requests };
}

function createClient(port: number): WebhookClient {
  const resolve = ({ name }: { name: string }): { host: string; port: number } => {
    if (name !== "hook") throw new Error(`service ${JSON.stringify(name)} not found`);
    return { host: "127.0.0.1", port };
  };
  const client = new WebhookClient({ resolve, clock: systemClock });
  started.push(client);
  return client;
}

const options = { timeoutMs: 5000 };
const service = (given: Partial<NonNullable<WebhookClientConfig["service"]>> = {}): WebhookClientConfig => ({
  service: { namespace: "ns", name: "hook", ...given },
  caBundle,
});
const json = (body: unknown) => (response: ServerResponse) =>
  void response.setHeader("content-type", "application/json").end(JSON.stringify(body));

test("posts JSON to a service by its name, over one connection", async () => {
  const { port, requests } = await serve(json({ ok: true }));
  const client = createClient(port);
  expect(await client.post(service({ path: "/validate//it/" }), { a: 1 }, options)).toEqual({ ok: true });
  await client.post(service(), {}, { timeoutMs: 1200 });
  expect(requests).toMatchObject([
    { url: "/validate/it?timeout=5s", host: "hook.ns.svc:443", body: '{"a":1}' },
    { url: "/?timeout=2s", host: "hook.ns.svc:443" },
  ]);
  expect(requests[0]?.port).toBe(requests[1]?.port);
});

test("comes back when the webhook has closed an idle connection", async () => {
  const { port, server, requests } = await serve(json({}));
  const client = createClient(port);
  await client.post(service(), {}, options);
  server.closeIdleConnections();
  await client.post(service(), {}, options);
  expect(requests).toHaveLength(2);
});

test("says in upstream's words why nobody answered", async () => {
  const { port } = await serve((response) => void response);
  const client = createClient(port);
  const url = `https://127.0.0.1:${port}/x`;
  const failure = (config: WebhookClientConfig, more = options): Promise<string> =>
    client.post(config, {}, more).then(
      () => "none",
      (error: unknown) => (error as Error).message,
    );
  expect(await failure({ url, caBundle }, { timeoutMs: 50 })).toBe(`Post "${url}?timeout=1s": context deadline exceeded`);
  expect(await failure(service({ name: "other" }))).toBe('Post "https://other.ns.svc:443/?timeout=5s": service "other" not found');
  const unknownAuthority = "tls: failed to verify certificate: x509: certificate signed by unknown authority";
  expect(await failure({ url })).toBe(`Post "${url}?timeout=5s": ${unknownAuthority}`);
  expect(await failure({ url: "https://127.0.0.1:1/x", caBundle })).toBe(
    'Post "https://127.0.0.1:1/x?timeout=5s": dial tcp 127.0.0.1:1: connect: connection refused',
  );
  expect(await failure({ url: `https://localhost:${port}`, caBundle })).toBe(
    `Post "https://localhost:${port}/?timeout=5s": tls: failed to verify certificate: x509: certificate is valid for hook.ns.svc, 127.0.0.1, not localhost`,
  );
});

test("reads only good answers that are JSON and not too long", async () => {
  const answers: ((response: ServerResponse) => void)[] = [];
  const { port } = await serve((response) => answers.shift()?.(response));
  const client = createClient(port);
  const failure = async (answer: (response: ServerResponse) => void): Promise<string> => {
    answers.push(answer);
    return client.post(service(), {}, { ...options, limitBytes: 1000 }).then(
      () => "none",
      (error: unknown) => (error as Error).message,
    );
  };
  expect(await failure((response) => void response.writeHead(404).end("nothing here"))).toBe(
    "the server could not find the requested resource",
  );
  expect(await failure((response) => void response.writeHead(500).end("boom"))).toBe(
    'an error on the server ("boom") has prevented the request from succeeding',
  );
  const status = { kind: "Status", apiVersion: "v1", status: "Failure", message: "own words", code: 503 };
  expect(await failure((response) => void response.writeHead(503).end(JSON.stringify(status)))).toBe("own words");
  expect(await failure((response) => void response.end("<html>"))).toMatch(/^couldn't get version\/kind; json parse error: /);
  expect(await failure((response) => void response.setHeader("content-type", "text/plain").end())).toBe(
    "0-length response with status code: 200 and content type: text/plain",
  );
  expect(await failure((response) => void response.end("x".repeat(2000)))).toBe("the response is larger than 1000 bytes");
  expect(
    await failure((response) => {
      response.writeHead(200, { "content-length": "100" }).write("{");
      response.socket?.destroySoon();
    }),
  ).toMatch(/^unexpected error when reading response body. Please retry. Original error: /);
});
