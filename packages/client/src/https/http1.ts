import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import type { TLSSocket } from "node:tls";
import { certificatesOf, hostOf } from "./connect.ts";
import {
  toConnectionError,
  type ConnectOptions,
  type HttpConnection,
  type HttpRequest,
  type HttpResponse,
  type Progress,
} from "./connection.ts";

/** A pool of HTTP/1.1 connections. `first` is a socket that is open already; it is used for nothing but to learn the protocol. */
export function createHttp1Connection({ server, tls, connectTimeoutMs }: ConnectOptions, first?: TLSSocket): HttpConnection {
  first?.destroy();
  const isSecure = server.protocol === "https:";
  const agent = isSecure
    ? new https.Agent({ keepAlive: true, ...certificatesOf(tls), ...(tls.serverName === undefined ? {} : { servername: tls.serverName }) })
    : new http.Agent({ keepAlive: true });
  let isClosed = false;
  return {
    get isClosed() {
      return isClosed;
    },
    send: (request) => send({ isSecure, server, agent, connectTimeoutMs }, request),
    [Symbol.dispose]() {
      isClosed = true;
      agent.destroy();
    },
  };
}

interface Pool {
  readonly isSecure: boolean;
  readonly server: URL;
  readonly agent: http.Agent;
  readonly connectTimeoutMs: number;
}

function send({ isSecure, server, agent }: Pool, request: HttpRequest): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const { method, path, body, signal } = request;
    const headers = body === undefined ? request.headers : { ...request.headers, "content-length": String(body.length) };
    const target = {
      host: hostOf(server),
      port: server.port === "" ? (isSecure ? 443 : 80) : Number(server.port),
      method,
      path,
      headers,
      agent,
    };
    const outgoing = (isSecure ? https : http).request({ ...target, signal });
    let progress: Progress = "unconnected";
    outgoing.once("socket", (socket) => {
      if (outgoing.reusedSocket) progress = "sent";
      else socket.once(isSecure ? "secureConnect" : "connect", () => (progress = "sent"));
    });
    outgoing.once("error", (error) => reject(signal.aborted ? (signal.reason as Error) : toConnectionError(error, progress)));
    outgoing.once("response", (incoming: IncomingMessage) => {
      resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: readBody(incoming, signal) });
    });
    outgoing.end(body);
  });
}

async function* readBody(incoming: IncomingMessage, signal: AbortSignal): AsyncGenerator<Uint8Array, void, void> {
  try {
    for await (const chunk of incoming) yield chunk as Uint8Array;
  } catch (error) {
    throw signal.aborted ? (signal.reason as Error) : toConnectionError(error, "sent");
  } finally {
    if (!incoming.complete) incoming.destroy();
  }
}
