import { connect } from "node:http2";
import { request } from "node:https";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, expect, it } from "vitest";
import { drainBody } from "./exchange.ts";
import { startFakeServer, type FakeServer } from "./fake-server.ts";

let fake: FakeServer;
let identity: { ca: string; cert: string; key: string };
const path = "/api/v1/namespaces/default/pods";
const refusal = { code: 413, message: "Request entity too large: limit is 3145728" };

beforeAll(async () => {
  fake = await startFakeServer();
  const { certificatePem, privateKeyPem } = fake.issue("admin", ["system:masters"]);
  identity = { ca: fake.ca, cert: certificatePem, key: privateKeyPem };
});
afterAll(() => fake[Symbol.asyncDispose]());

const body = Buffer.alloc(12 * 2 ** 20, " ");
const statusOf = (text: string): unknown => {
  const { code, message } = JSON.parse(text) as { code: number; message: string };
  return { code, message };
};

function overHttp1(headers: Record<string, string>): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${fake.server.url}${path}`,
      { method: "POST", agent: false, headers: { ...headers, "content-type": "application/json" }, ...identity },
      (response) => {
        let text = "";
        response.on("data", (piece: Buffer) => (text += piece.toString()));
        response.on("end", () => resolve(text));
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

function overHttp2(headers: Record<string, string>): Promise<string> {
  return new Promise((resolve, reject) => {
    // A client of Node's takes no answer while more than this waits to be sent, in MB.
    const session = connect(fake.server.url, { ...identity, maxSessionMemory: 64 });
    session.on("error", reject);
    const stream = session.request({ ":method": "POST", ":path": path, "content-type": "application/json", ...headers });
    let text = "";
    stream.on("error", reject);
    stream.on("data", (piece: Buffer) => (text += piece.toString()));
    stream.on("end", () => {
      session.close();
      resolve(text);
    });
    stream.end(body);
  });
}

const length = { "content-length": String(body.length) };

it.each([
  ["HTTP/1.1, which says how long", () => overHttp1(length)],
  ["HTTP/1.1 in chunks", () => overHttp1({ "transfer-encoding": "chunked" })],
  ["HTTP/2, which says how long", () => overHttp2(length)],
  ["HTTP/2", () => overHttp2({})],
])("the sender of too long a body can read why: %s", async (_name, send) => {
  expect(statusOf(await send())).toEqual(refusal);
});

it("a body without end is given up, once", async () => {
  const stream = new PassThrough();
  let count = 0;
  drainBody(stream, () => count++);
  for (let pieces = 1; pieces <= 40; pieces++) {
    if (!stream.write(Buffer.alloc(2 ** 20))) await new Promise((resolve) => stream.once("drain", resolve));
    if (pieces <= 32) expect(count).toBe(0);
  }
  expect(count).toBe(1);
});
