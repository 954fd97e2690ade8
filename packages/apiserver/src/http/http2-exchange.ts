import type { IncomingHttpHeaders as Http2Headers, ServerHttp2Stream } from "node:http2";
import type { IncomingHttpHeaders } from "node:http";
import type { Readable, Writable } from "node:stream";
import type { PeerCertificate, TLSSocket } from "node:tls";
import { newRequestEntityTooLarge } from "@coracle/apimachinery";
import { appendHeader, collectBody, drainBody, type HttpExchange, type ResponseHeaders } from "./exchange.ts";
import { trustedCertificate } from "./peer-certificate.ts";

/** An exchange over node's stream API of HTTP/2, which costs half of the compatibility API. */
export class Http2Exchange implements HttpExchange {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  statusCode = 0;
  sentBytes = 0;
  readonly #stream: ServerHttp2Stream;
  readonly #extra: ResponseHeaders = {};
  #aborter: AbortController | undefined;

  constructor(stream: ServerHttp2Stream, headers: Http2Headers, rawHeaders: readonly string[]) {
    this.#stream = stream;
    this.rawHeaders = rawHeaders;
    this.method = headers[":method"] ?? "GET";
    this.url = headers[":path"] ?? "/";
    this.headers = headers;
    // Resets by the client are ordinary; without a listener they would end the process.
    stream.on("error", () => undefined);
  }

  get remoteAddress(): string {
    return this.#stream.session?.socket?.remoteAddress ?? "";
  }

  get signal(): AbortSignal {
    if (this.#aborter === undefined) {
      const aborter = new AbortController();
      this.#aborter = aborter;
      const abort = (): void => aborter.abort(new Error("the client closed the connection"));
      if (this.#stream.destroyed) abort();
      else this.#stream.once("close", abort);
    }
    return this.#aborter.signal;
  }

  get peerCertificate(): PeerCertificate | undefined {
    const socket = this.#stream.session?.socket;
    return socket === undefined ? undefined : trustedCertificate(socket as TLSSocket);
  }

  get isStarted(): boolean {
    return this.#stream.headersSent;
  }

  get body(): Readable {
    return this.#stream;
  }

  readBody(limitBytes: number): Promise<Buffer> {
    const tooLarge = (): Error => {
      drainBody(this.#stream, () => this.#stream.close());
      return newRequestEntityTooLarge(`limit is ${limitBytes}`);
    };
    if (Number(this.headers["content-length"] ?? 0) > limitBytes) return Promise.reject(tooLarge());
    return collectBody(this.#stream, limitBytes, tooLarge);
  }

  addHeader(name: string, value: string): void {
    appendHeader(this.#extra, name, value);
  }

  respond(status: number, headers: ResponseHeaders, body?: Uint8Array | string): void {
    if (this.#stream.destroyed || this.#stream.headersSent) return;
    this.statusCode = status;
    const head = { ":status": status, ...this.#extra, ...headers };
    const isEmpty = body === undefined || body.length === 0 || this.method === "HEAD";
    this.sentBytes = body === undefined ? 0 : Buffer.byteLength(body);
    this.#stream.respond(head, { endStream: isEmpty });
    if (!isEmpty) this.#stream.end(body);
    // A body that nobody read would hold up the connection's flow control.
    this.#stream.resume();
  }

  begin(status: number, headers: ResponseHeaders): Writable {
    this.statusCode = status;
    if (!this.#stream.destroyed) this.#stream.respond({ ":status": status, ...this.#extra, ...headers });
    this.#stream.resume();
    return this.#stream;
  }

  destroy(): void {
    this.#stream.destroy();
  }
}
