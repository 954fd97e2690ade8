import type { ClientRequest, IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import type { Clock } from "@coracle/base";
import type { HttpExchange, ResponseHeaders } from "../http/exchange.ts";
import type { RequestInfo } from "../http/request-info.ts";
import { sendText } from "../http/respond.ts";
import { hostAndPort } from "../proxy/dial-error.ts";
import { forwardedHeaders } from "../proxy/outgoing.ts";
import type { UserInfo } from "../registry/contract.ts";
import { BackendError } from "./backend.ts";
import { identityHeaders, withoutIdentity } from "./identity-headers.ts";
import type { RemoteApi } from "./remote-api.ts";
import type { Address } from "./service-resolver.ts";

/** Discovery is small and asked for by everybody: a server that does not answer must not hold them up. */
const discoveryTimeoutMs = 5000;

/**
 * Passes a request on to the server of its group and version, in the name of `user`, and the answer back as it comes. Failures are
 * answered as kube-aggregator 1.36 does: as text, with 503.
 */
export async function forwardToRemote(
  remote: RemoteApi,
  exchange: HttpExchange,
  request: { readonly info: RequestInfo; readonly user: UserInfo; readonly clock: Clock },
): Promise<void> {
  const address = addressOf(remote);
  if (address === undefined) return sendText(exchange, 503, "service unavailable\n");
  const aborter = new AbortController();
  exchange.signal.addEventListener("abort", () => aborter.abort(new BackendError("context canceled")), { once: true });
  using _timer = isDiscovery(request.info)
    ? request.clock.setTimeout(() => aborter.abort(new BackendError("context deadline exceeded")), discoveryTimeoutMs)
    : undefined;
  const { method, url } = exchange;
  const headers = remoteHeaders(exchange.headers, { user: request.user, address, keepUpgrade: false });
  const hasBody = method !== "GET" && method !== "HEAD";
  try {
    const sent = { method, path: url, headers, signal: aborter.signal, ...(hasBody && { body: exchange.body }) };
    const response = await remote.send(address, sent);
    const answer = exchange.begin(
      response.statusCode ?? 502,
      forwardedHeaders(response.headers, { keepUpgrade: false }) as ResponseHeaders,
    );
    response.once("error", () => exchange.destroy());
    response.pipe(answer);
    // A watch goes on after this returns; what is short is waited for, so that it counts as a request in progress.
    if (request.info.verb !== "watch") await finished(response);
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    if (!exchange.signal.aborted) sendText(exchange, 503, `error trying to reach service: ${error.message}\n`);
  }
}

/** Starts the request of an upgrade. Undefined when the server cannot be reached. */
export function openUpgrade(
  remote: RemoteApi,
  request: { readonly method: string; readonly url: string; readonly headers: IncomingHttpHeaders; readonly user: UserInfo },
): ClientRequest | undefined {
  const address = addressOf(remote);
  if (address === undefined) return undefined;
  const { method, url, user } = request;
  return remote.open(address, { method, path: url, headers: remoteHeaders(request.headers, { user, address, keepUpgrade: true }) });
}

function addressOf(remote: RemoteApi): Address | undefined {
  if (!remote.isAvailable) return undefined;
  try {
    return remote.resolve();
  } catch {
    return undefined;
  }
}

function remoteHeaders(
  headers: IncomingHttpHeaders,
  { user, address, keepUpgrade }: { user: UserInfo; address: Address; keepUpgrade: boolean },
): OutgoingHttpHeaders {
  const passed = withoutIdentity(forwardedHeaders(headers, { keepUpgrade }));
  return { ...passed, host: hostAndPort(address), ...identityHeaders(user) };
}

/** `/apis/group/version`. */
function isDiscovery({ isResourceRequest, path }: RequestInfo): boolean {
  return !isResourceRequest && path.split("/").filter((part) => part !== "").length === 3;
}

function finished(stream: NodeJS.ReadableStream): Promise<void> {
  return new Promise((resolve) => {
    stream.once("end", resolve);
    stream.once("close", resolve);
    stream.once("error", () => resolve());
  });
}
