import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { Readable, Writable } from "node:stream";
import type { PeerCertificate, TLSSocket } from "node:tls";
import { newRequestEntityTooLarge } from "@coracle/apimachinery";
import { appendHeader, collectBody, drainBody, type HttpExchange, type ResponseHeaders } from "./exchange.ts";
import { trustedCertificate } from "./peer-certificate.ts";

/** An exchange over HTTP/1.1. */
export class Http1Exchange implements HttpExchange {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  statusCode = 0;
  sentBytes = 0;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #extra: ResponseHeaders = {};
  #aborter: AbortController | undefined;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.#request = request;
    this.#response = response;
    this.method = request.method ?? "GET";
    this.url = request.url ?? "/";
    this.headers = request.headers;
    response.on("error", () => undefined);
  }

  get rawHeaders(): readonly string[] {
    return this.#request.rawHeaders;
  }

  get remoteAddress(): string {
    return this.#request.socket.remoteAddress ?? "";
  }

  get signal(): AbortSignal {
    if (this.#aborter === undefined) {
      const aborter = new AbortController();
      this.#aborter = aborter;
      const abort = (): void => aborter.abort(new Error("the client closed the connection"));
      if (this.#response.destroyed) abort();
      else this.#response.once("close", abort);
    }
    return this.#aborter.signal;
  }

  get peerCertificate(): PeerCertificate | undefined {
    return trustedCertificate(this.#request.socket as TLSSocket);
  }

  get isStarted(): boolean {
    return this.#response.headersSent;
  }

  get body(): Readable {
    return this.#request;
  }

  readBody(limitBytes: number): Promise<Buffer> {
    const tooLarge = (): Error => {
      drainBody(this.#request, () => this.#request.destroy());
      return newRequestEntityTooLarge(`limit is ${limitBytes}`);
    };
    if (Number(this.headers["content-length"] ?? 0) > limitBytes) return Promise.reject(tooLarge());
    return collectBody(this.#request, limitBytes, tooLarge);
  }

  addHeader(name: string, value: string): void {
    appendHeader(this.#extra, name, value);
  }

  respond(status: number, headers: ResponseHeaders, body?: Uint8Array | string): void {
    if (this.#response.destroyed || this.#response.headersSent) return;
    this.statusCode = status;
    const length = body === undefined ? 0 : Buffer.byteLength(body);
    this.sentBytes = length;
    this.#response.writeHead(status, { ...this.#extra, ...headers, "content-length": length });
    this.#response.end(this.method === "HEAD" ? undefined : body);
    this.#request.resume();
  }

  begin(status: number, headers: ResponseHeaders): Writable {
    this.statusCode = status;
    if (!this.#response.destroyed) {
      this.#response.writeHead(status, { ...this.#extra, ...headers });
      this.#response.flushHeaders();
    }
    this.#request.resume();
    return this.#response;
  }

  destroy(): void {
    this.#response.destroy();
  }
}
