import type { Clock } from "@coracle/base";

/** One HTTP exchange, whatever the protocol version. */
export interface HttpRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
  readonly signal: AbortSignal;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Must be read to its end or abandoned by `return()`. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** A way to one server: an HTTP/2 session or a pool of HTTP/1.1 connections. */
export interface HttpConnection extends Disposable {
  /** Whether a new one has to be made for the next request. */
  readonly isClosed: boolean;
  /** Rejects with the signal's reason, or with a transport error when there is no answer. */
  send(request: HttpRequest): Promise<HttpResponse>;
}

export interface ConnectOptions {
  readonly server: URL;
  readonly tls: TlsOptions;
  readonly clock: Clock;
  readonly connectTimeoutMs: number;
  /** An HTTP/2 session that receives nothing for so long is pinged; without an answer in half that time it is given up. */
  readonly pingIdleMs: number;
}

/** PEM texts. */
export interface TlsOptions {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** Name to verify in place of the server's host. */
  readonly serverName?: string | undefined;
  readonly insecureSkipVerify?: boolean | undefined;
}

/** How far a request got: to no connection, not to the server for certain, or perhaps to the server. */
export type Progress = "unconnected" | "unsent" | "sent";

/** The answer did not come, or did not come whole. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
  readonly progress: Progress;
  constructor(message: string, options: ErrorOptions & { progress: Progress }) {
    super(message, options);
    this.progress = options.progress;
  }
}

export function toConnectionError(error: unknown, progress: Progress): ConnectionError {
  if (error instanceof ConnectionError) return error;
  return new ConnectionError(error instanceof Error ? error.message : String(error), { cause: error, progress });
}
