import {
  createSecureServer,
  type Http2SecureServer,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { HttpExchange } from "./exchange.ts";
import { Http1Exchange } from "./http1-exchange.ts";
import { Http2Exchange } from "./http2-exchange.ts";

export interface ListenAddress {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

export interface ListenerTls {
  /** PEM: the serving certificate and its chain. */
  readonly cert: string;
  readonly key: string;
  /** PEM: who signs client certificates. */
  readonly clientCa: string;
  /** PEM: who signs the certificates of front proxies. Whose certificate it is, is for the authenticator to see. */
  readonly requestHeaderCa?: string;
}

/** Nobody can listen at the address; `code` is `EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL` … */
export class ListenError extends Error {
  override readonly name = "ListenError";
  readonly code: string;
  readonly host: string;
  readonly port: number;
  constructor(address: ListenAddress, cause: NodeJS.ErrnoException) {
    super(`cannot listen on ${address.host}:${address.port}: ${cause.code ?? cause.message}`, { cause });
    this.code = cause.code ?? "";
    this.host = address.host;
    this.port = address.port;
  }
}

export interface ListenerHandlers {
  onExchange(exchange: HttpExchange): void;
  onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** Go's default: the arguments of an exec are in its URL. */
const headerLimitBytes = 2 ** 20;

/** A TLS port that speaks HTTP/2 and 1.1. */
export class HttpListener {
  readonly #server: Http2SecureServer;
  readonly #sessions = new Set<Http2Session>();
  readonly #sockets = new Set<TLSSocket>();

  constructor(tls: ListenerTls, handlers: ListenerHandlers) {
    this.#server = createSecureServer({
      allowHTTP1: true,
      cert: tls.cert,
      key: tls.key,
      ca: tls.requestHeaderCa === undefined ? tls.clientCa : [tls.clientCa, tls.requestHeaderCa],
      requestCert: true,
      // Those without a certificate may have a token.
      rejectUnauthorized: false,
      minVersion: "TLSv1.2",
      maxSessionMemory: 128,
      settings: { maxConcurrentStreams: 1000, initialWindowSize: 256 * 1024, maxHeaderListSize: headerLimitBytes },
    });
    // What node's HTTP/1.1 looks at; there is no option for it here.
    Object.assign(this.#server, { maxHeaderSize: headerLimitBytes });
    this.#attach(handlers);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** @throws {ListenError} */
  listen(address: ListenAddress): Promise<void> {
    return new Promise((resolve, reject) => {
      const onError = (error: NodeJS.ErrnoException): void => reject(new ListenError(address, error));
      this.#server.once("error", onError);
      this.#server.listen(address.port, address.host, () => {
        this.#server.removeListener("error", onError);
        this.#server.on("error", () => undefined);
        resolve();
      });
    });
  }

  /** Takes no more connections and tells clients to go elsewhere; requests in progress go on. */
  stopAccepting(): void {
    this.#server.close();
    for (const session of this.#sessions) session.close();
  }

  /** Cuts what is left. */
  destroy(): void {
    for (const session of this.#sessions) session.destroy();
    for (const socket of this.#sockets) socket.destroy();
  }

  #attach(handlers: ListenerHandlers): void {
    const server = this.#server;
    server.on("request", (request, response) => {
      handlers.onExchange(new Http1Exchange(request as unknown as IncomingMessage, response as never));
    });
    // The listener above made node translate HTTP/2 streams for it; we take the streams themselves.
    server.removeAllListeners("stream");
    server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, rawHeaders: readonly string[] = []) =>
      handlers.onExchange(new Http2Exchange(stream, headers, rawHeaders)),
    );
    server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => handlers.onUpgrade(request, socket, head));
    server.on("session", (session) => {
      this.#sessions.add(session);
      session.once("close", () => this.#sessions.delete(session));
      session.on("error", () => undefined);
    });
    server.on("secureConnection", (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
      socket.on("error", () => undefined);
    });
  }
}
