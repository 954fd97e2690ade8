import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { createGunzip, createInflate } from "node:zlib";
import { newServiceUnavailable } from "@coracle/apimachinery";
import type { HttpExchange, ResponseHeaders } from "../http/exchange.ts";
import type { RequestInfo } from "../http/request-info.ts";
import { dialErrorText, hostAndPort } from "./dial-error.ts";
import type { Target } from "./locator.ts";
import { forwardedHeaders, openRequest } from "./outgoing.ts";
import { rewriteLink, rewriteLinks, type ProxiedSite } from "./page-links.ts";

/** Larger pages are passed on as they are. */
const pageLimitBytes = 8 * 2 ** 20;

/**
 * Passes a request to a `proxy` subresource on, and its answer back. Redirects and the links of HTML pages are led through the proxy, so
 * that a browser stays behind it.
 */
export async function forward(exchange: HttpExchange, info: RequestInfo, target: Target): Promise<void> {
  const site = siteOf(exchange, info, target);
  const sent = forwardedHeaders(exchange.headers, { keepUpgrade: false });
  const response = await ask(exchange, target, exchange.method, { ...sent, ...proxyHeaders(exchange, site, target) });
  const headers = forwardedHeaders(response.headers, { keepUpgrade: false }) as ResponseHeaders;
  // What the site thinks of other origins would be taken for what the API server thinks.
  for (const name of Object.keys(headers)) if (name.startsWith("access-control-")) delete headers[name];
  const status = response.statusCode ?? 502;
  if (typeof headers["location"] === "string") headers["location"] = rewriteLink(headers["location"], site);
  else if (isPage(exchange, response)) return sendPage(exchange, response, { status, headers, site });
  pass(exchange, response, status, headers);
}

/** @throws {StatusError} 503 */
export function ask(exchange: HttpExchange, target: Target, method: string, headers: OutgoingHttpHeaders): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = openRequest(target, method, headers);
    exchange.signal.addEventListener("abort", () => request.destroy(), { once: true });
    request.once("response", resolve);
    request.once("error", (error) => reject(newServiceUnavailable(`error trying to reach service: ${dialErrorText(error, target)}`)));
    if (method === "GET" || method === "HEAD") request.end();
    else exchange.body.pipe(request);
  });
}

export function pass(exchange: HttpExchange, response: IncomingMessage, status: number, headers: ResponseHeaders): void {
  const stream = exchange.begin(status, headers);
  response.once("error", () => exchange.destroy());
  response.pipe(stream);
}

function siteOf(exchange: HttpExchange, { trailingPath, path }: RequestInfo, target: Target): ProxiedSite {
  const requested = exchange.url.split("?", 1)[0] ?? "";
  const suffix = trailingPath === "" ? "/" : `/${trailingPath}${path.endsWith("/") ? "/" : ""}`;
  // The client's spelling of the path counts, unless it has escapes, which may be spelt in several ways.
  const prefix = requested.endsWith(suffix) ? requested.slice(0, -suffix.length) : path.slice(0, -suffix.length);
  return { prefix, targetHost: hostAndPort(target), requestHost: hostOf(exchange) };
}

/** `:authority` is what HTTP/2 has for `Host`. */
function hostOf({ headers }: HttpExchange): string {
  const authority = (headers as NodeJS.Dict<string | string[]>)[":authority"];
  return headers.host ?? (typeof authority === "string" ? authority : "");
}

function proxyHeaders(exchange: HttpExchange, { prefix, requestHost }: ProxiedSite, { path }: Target): OutgoingHttpHeaders {
  const before = exchange.headers["x-forwarded-for"];
  const address = exchange.remoteAddress.replace(/^::ffff:/, "");
  return {
    ...(requestHost !== "" && { host: requestHost }),
    "x-forwarded-uri": `${prefix}${path.split("?", 1)[0]}`,
    "x-forwarded-for": before === undefined ? address : `${[before].flat().join(", ")}, ${address}`,
  };
}

const decoders: Readonly<Record<string, (() => NodeJS.ReadWriteStream) | undefined>> = { gzip: createGunzip, deflate: createInflate };

function isPage({ method }: HttpExchange, { headers, statusCode }: IncomingMessage): boolean {
  const type = (headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase();
  const encoding = headers["content-encoding"] ?? "";
  const isReadable = encoding === "" || decoders[encoding] !== undefined;
  const length = Number(headers["content-length"] ?? 0);
  return type === "text/html" && isReadable && method !== "HEAD" && statusCode !== 304 && length <= pageLimitBytes;
}

async function sendPage(
  exchange: HttpExchange,
  response: IncomingMessage,
  { status, headers, site }: { status: number; headers: ResponseHeaders; site: ProxiedSite },
): Promise<void> {
  const decode = decoders[headers["content-encoding"] as string];
  // Latin-1 keeps every byte: the markup is ASCII in whatever encoding the page has.
  const body = await readText(decode === undefined ? response : response.pipe(decode()));
  delete headers["content-length"];
  delete headers["content-encoding"];
  exchange.respond(status, headers, Buffer.from(rewriteLinks(body, site), "latin1"));
}

/** @throws {StatusError} 503 when the page grows beyond all bounds, which its head did not announce. */
async function readText(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    const piece = Buffer.from(chunk as Uint8Array);
    bytes += piece.length;
    if (bytes > 4 * pageLimitBytes) throw newServiceUnavailable("error trying to reach service: the page is too long");
    chunks.push(piece);
  }
  return Buffer.concat(chunks).toString("latin1");
}
