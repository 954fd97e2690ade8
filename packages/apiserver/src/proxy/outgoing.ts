import { request as requestHttp, type ClientRequest, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP } from "node:net";
import type { Target } from "./locator.ts";
import { tunnelConnection } from "./pod-tunnel.ts";

/** Starts a request to a target over HTTP/1.1. */
export function openRequest(target: Target, method: string, headers: OutgoingHttpHeaders): ClientRequest {
  const { protocol, host, port, path, tls, authority, tunnel } = target;
  const named = authority === undefined ? headers : { ...headers, host: authority };
  const request = { host, port, path, method, headers: named };
  // What a tunnel carries may be TLS already: the request itself is plain for node.
  if (tunnel !== undefined) return requestHttp({ ...request, createConnection: tunnelConnection(tunnel, protocol === "https:") });
  const common = { ...request, agent: false as const };
  if (protocol === "http:") return requestHttp(common);
  // The certificate is for the address, whatever name is asked for.
  const security =
    tls === undefined
      ? { rejectUnauthorized: false }
      : { ca: tls.ca, cert: tls.cert, key: tls.key, servername: isIP(host) === 0 ? host : "" };
  return requestHttps({ ...common, ...security });
}

const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
]);

/** The headers to pass on: not those of one connection, and none that carry the caller's credentials. */
export function forwardedHeaders(headers: IncomingHttpHeaders, options: { keepUpgrade: boolean }): OutgoingHttpHeaders {
  const passed: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(headers)) {
    const isSecret = name === "authorization" || name.startsWith("impersonate-");
    const isHop = hopByHop.has(name) && !(options.keepUpgrade && (name === "connection" || name === "upgrade"));
    if (!isSecret && !isHop && !name.startsWith(":") && name !== "host" && value !== undefined) passed[name] = value;
  }
  return passed;
}
