import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { PassThrough, Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { HttpExchange } from "../http/exchange.ts";
import { parseRequestInfo, type RequestInfo } from "../http/request-info.ts";
import { forward } from "./forward.ts";

let site: Server;
let port: number;
const seen: IncomingMessage[] = [];

beforeAll(async () => {
  site = createServer((request, response) => {
    seen.push(request);
    const page = '<a href="/next">next</a>';
    if (request.url === "/moved") response.writeHead(302, { location: "/login" }).end();
    else if (request.url === "/zipped")
      response.writeHead(200, { "content-type": "text/html", "content-encoding": "gzip" }).end(gzipSync(page));
    else if (request.url === "/page")
      response.writeHead(200, { "content-type": "text/html; charset=utf-8", "access-control-allow-origin": "*" }).end(`${page}ü`);
    else response.writeHead(200, { "content-type": "application/json" }).end('{"href":"/next"}');
  });
  await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
  port = (site.address() as AddressInfo).port;
});
afterAll(() => void site.close());

const prefix = "/api/v1/namespaces/a/services/b/proxy";

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[]>;
  readonly text: string;
}

async function ask(path: string): Promise<Answer> {
  const url = `${prefix}${path}`;
  const answered = new Promise<Answer>((resolve) => {
    const exchange = {
      method: "GET",
      url,
      headers: { host: "localhost:8001", authorization: "Bearer secret", "x-forwarded-for": "1.2.3.4" },
      remoteAddress: "::ffff:10.0.0.9",
      signal: new AbortController().signal,
      body: Readable.from([]),
      respond: (status: number, headers: Answer["headers"], body: Buffer) => resolve({ status, headers, text: String(body) }),
      begin: (status: number, headers: Answer["headers"]) => {
        const stream = new PassThrough();
        let text = "";
        stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
        stream.on("end", () => resolve({ status, headers, text }));
        return stream;
      },
    } as unknown as HttpExchange;
    const target = { protocol: "http:" as const, host: "127.0.0.1", port, path };
    void forward(exchange, parseRequestInfo("GET", url) as RequestInfo, target);
  });
  return answered;
}

it("tells the site who asks and under which name, but not by which right", async () => {
  await ask("/data");
  expect(seen.at(-1)?.headers).toMatchObject({
    host: "localhost:8001",
    "x-forwarded-uri": `${prefix}/data`,
    "x-forwarded-for": "1.2.3.4, 10.0.0.9",
  });
  expect(seen.at(-1)?.headers.authorization).toBeUndefined();
});

it("keeps browsers behind the proxy", async () => {
  expect((await ask("/moved")).headers).toMatchObject({ location: `${prefix}/login` });
  const page = await ask("/page");
  expect([page.status, page.text]).toEqual([200, `<a href="${prefix}/next">next</a>ü`]);
  expect(page.headers["access-control-allow-origin"]).toBeUndefined();
  const zipped = await ask("/zipped");
  expect([zipped.headers["content-encoding"], zipped.text]).toEqual([undefined, `<a href="${prefix}/next">next</a>`]);
  expect((await ask("/data")).text).toBe('{"href":"/next"}');
});
