import { linkSignals, type Clock, type Random } from "@coracle/base";
import { errorFromStatus, newGenericServerResponse, newServiceUnavailable, StatusError } from "@coracle/apimachinery";
import type { KubeList, KubeObject, Status } from "@coracle/apimachinery";
import { createLifetime } from "../lifetime.ts";
import type { ApiRequest, Transport, WatchEvent } from "../transport.ts";
import { connect } from "./connect.ts";
import {
  ConnectionError,
  toConnectionError,
  type ConnectOptions,
  type HttpConnection,
  type HttpResponse,
  type TlsOptions,
} from "./connection.ts";
import { concat, LineTooLongError, readLines } from "./lines.ts";
import { methodOf, requestPath } from "./request-path.ts";

export interface HttpsTransportOptions extends TlsOptions {
  /** `https://host:port`. */
  readonly server: string;
  /** A bearer token; a function is asked before each request, so that it can be renewed. */
  readonly token?: string | (() => string | Promise<string>) | undefined;
  readonly userAgent: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Permits `http://` servers: credentials would travel in the clear. Defaults to false. */
  readonly allowInsecureHttp?: boolean;
  /** For requests other than watches, answer included. Defaults to 60000. */
  readonly requestTimeoutMs?: number;
  /** Defaults to 30000. */
  readonly connectTimeoutMs?: number;
  /** The longest event of a watch. Defaults to 16 MiB. */
  readonly lineLimitBytes?: number;
  /** The longest answer. Defaults to 512 MiB. */
  readonly bodyLimitBytes?: number;
  /** Attempts when the server says when to try again, or a connection breaks. Defaults to 10. */
  readonly maxAttempts?: number;
  /** Defaults to 30000. */
  readonly pingIdleMs?: number;
}

/** A {@link Transport} over the network. */
export interface HttpsTransport extends Transport {
  /** Ends every request and closes the connections. */
  close(): void;
}

/**
 * Talks HTTP/2 to an API server, or HTTP/1.1 where it must, over as few connections as possible, and connects again when one breaks.
 * Answers 429 and 503 with `Retry-After` are obeyed where trying again is safe.
 * @throws when `server` is `http://` and `allowInsecureHttp` is not set.
 */
export function createHttpsTransport(options: HttpsTransportOptions): HttpsTransport {
  return new NetworkTransport(options);
}

const longestRetryAfterSeconds = 60;

class NetworkTransport implements HttpsTransport {
  readonly #options: HttpsTransportOptions;
  readonly #connect: ConnectOptions;
  readonly #closed = createLifetime();
  #connection: Promise<HttpConnection> | undefined;

  constructor(options: HttpsTransportOptions) {
    const server = new URL(options.server);
    if (server.protocol !== "https:" && !(server.protocol === "http:" && options.allowInsecureHttp === true)) {
      throw new Error(`refusing ${options.server}: only https:// servers are used unless allowInsecureHttp is set`);
    }
    const { ca, cert, key, serverName, insecureSkipVerify, clock, connectTimeoutMs = 30_000, pingIdleMs = 30_000 } = options;
    this.#options = options;
    this.#connect = { server, tls: { ca, cert, key, serverName, insecureSkipVerify }, clock, connectTimeoutMs, pingIdleMs };
  }

  close(): void {
    this.#closed.abort(new Error("the transport was closed"));
    void this.#connection?.then((connection) => connection[Symbol.dispose]()).catch(() => undefined);
  }

  async request(request: ApiRequest): Promise<KubeObject | KubeList | Status> {
    const { clock, requestTimeoutMs = 60_000 } = this.#options;
    using link = linkSignals(request.signal, this.#closed.signal);
    const onTimeout = (): void => link.controller.abort(newServiceUnavailable(`${this.#nameOf(request)}: request timed out`));
    const timer = clock.setTimeout(onTimeout, requestTimeoutMs);
    try {
      const response = await this.#send(request, link.signal);
      const answer = parseJson<KubeObject | KubeList | Status>(await this.#readText(response, request));
      return request.verb === "list" ? withItemKinds(answer as KubeList<Partial<KubeObject>>) : answer;
    } catch (error) {
      throw this.#translate(error, request);
    } finally {
      timer[Symbol.dispose]();
    }
  }

  async *watch(request: ApiRequest): AsyncGenerator<WatchEvent, void, void> {
    const link = linkSignals(request.signal, this.#closed.signal);
    try {
      const response = await this.#send(request, link.signal);
      for await (const line of readLines(response.body, this.#options.lineLimitBytes ?? 16 * 2 ** 20)) yield parseJson<WatchEvent>(line);
    } catch (error) {
      if (link.signal.aborted) return;
      throw this.#translate(error, request);
    } finally {
      // Whoever stops reading early ends the request.
      link.controller.abort(new Error("the watch was closed"));
      link[Symbol.dispose]();
    }
  }

  /** Sends, tries again where that is safe, and turns refusals into errors. */
  async #send(request: ApiRequest, signal: AbortSignal): Promise<HttpResponse> {
    const { clock, maxAttempts = 10 } = this.#options;
    const isSafe = request.verb !== "create" && request.verb !== "patch";
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted();
      const isLast = attempt >= maxAttempts;
      try {
        const response = await this.#sendOnce(request, signal);
        if (response.status < 400) return response;
        const waitSeconds = retryAfter(response);
        // A server that answers 429 has not begun; after 503 one cannot know.
        const mayRetry = waitSeconds !== undefined && (response.status === 429 || (response.status === 503 && isSafe));
        if (isLast || !mayRetry) throw await this.#refusal(request, response);
        await drain(response);
        await clock.sleep(waitSeconds * 1000 * (1 + this.#options.random.next() / 10), signal);
      } catch (error) {
        signal.throwIfAborted();
        // A connection that was closed while it lay idle is noticed by the next request; another connection is made for it, once.
        const isLost = error instanceof ConnectionError && (error.progress === "unsent" || (error.progress === "sent" && isSafe));
        if (!isLost || attempt > 1 || isLast) throw this.#translate(error, request);
      }
    }
  }

  async #sendOnce(request: ApiRequest, signal: AbortSignal): Promise<HttpResponse> {
    const { token, userAgent } = this.#options;
    const headers: Record<string, string> = { accept: "application/json", "user-agent": userAgent };
    const bearer = typeof token === "function" ? await token() : token;
    if (bearer !== undefined && bearer !== "") headers.authorization = `Bearer ${bearer}`;
    let body: Uint8Array | undefined;
    if (request.body !== undefined) {
      body = new TextEncoder().encode(JSON.stringify(request.body));
      headers["content-type"] = request.contentType ?? "application/json";
    }
    const connection = await abortable(this.#open(), signal);
    const prefix = this.#connect.server.pathname.replace(/\/$/, "");
    return connection.send({ method: methodOf(request.verb), path: prefix + requestPath(request), headers, body, signal });
  }

  async #open(): Promise<HttpConnection> {
    const present = this.#connection;
    if (present !== undefined) {
      const connection = await present.catch(() => undefined);
      if (connection !== undefined && !connection.isClosed) return connection;
      if (this.#connection !== present && this.#connection !== undefined) return this.#open();
    }
    this.#closed.signal.throwIfAborted();
    this.#connection = connect(this.#connect);
    return this.#connection;
  }

  async #readText(response: HttpResponse, request: ApiRequest): Promise<string> {
    const limitBytes = this.#options.bodyLimitBytes ?? 512 * 2 ** 20;
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    try {
      for await (const piece of response.body) {
        bytes += piece.length;
        if (bytes > limitBytes) throw new LineTooLongError(`answer of more than ${limitBytes} bytes`);
        pieces.push(piece);
      }
    } catch (error) {
      throw this.#translate(error, request);
    }
    return pieces.length === 0 ? "" : new TextDecoder().decode(concat(pieces));
  }

  async #refusal(request: ApiRequest, response: HttpResponse): Promise<StatusError> {
    const text = await this.#readText(response, request);
    const status = parseStatus(text);
    if (status !== undefined) return errorFromStatus(status);
    const { resource, name } = request;
    const retryAfterSeconds = retryAfter(response);
    return newGenericServerResponse({
      code: response.status,
      method: methodOf(request.verb),
      group: resource.group,
      resource: resource.resource,
      ...(name === undefined ? {} : { name }),
      serverMessage: text.trim().slice(0, 2048),
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    });
  }

  /** Transport errors as `ServiceUnavailable`, with the request's name in front as Go's http client does. */
  #translate(error: unknown, request: ApiRequest): unknown {
    if (!(error instanceof ConnectionError) && !(error instanceof LineTooLongError)) return error;
    const unavailable = newServiceUnavailable(`${this.#nameOf(request)}: ${error.message}`);
    unavailable.cause = error;
    return unavailable;
  }

  #nameOf(request: ApiRequest): string {
    const method = methodOf(request.verb);
    return `${method.charAt(0)}${method.slice(1).toLowerCase()} "${this.#connect.server.origin}${requestPath(request)}"`;
  }
}

/** API servers leave out the kind of a list's items; everything above expects objects to say what they are, and to say it first. */
function withItemKinds(list: KubeList<Partial<KubeObject>>): KubeList {
  const types = { apiVersion: list.apiVersion, kind: list.kind.replace(/List$/, "") };
  return { ...list, items: (list.items ?? []).map((item) => ({ ...types, ...item }) as KubeObject) };
}

/** Whole seconds from a `Retry-After` header; dates are not used by API servers. */
function retryAfter({ headers }: HttpResponse): number | undefined {
  const value = headers["retry-after"];
  if (typeof value !== "string" || !/^\d+$/.test(value)) return undefined;
  return Math.min(longestRetryAfterSeconds, Number(value));
}

async function drain(response: HttpResponse): Promise<void> {
  for await (const _chunk of response.body) continue;
}

/** An answer that is cut short shows as broken JSON: HTTP/2 does not tell a session's end from a stream's. */
function parseJson<T>(text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw toConnectionError(error, "sent");
  }
}

function parseStatus(text: string): Status | undefined {
  try {
    const value = JSON.parse(text) as Partial<Status> | null;
    return value?.kind === "Status" ? (value as Status) : undefined;
  } catch {
    return undefined;
  }
}

async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = linkSignals(signal);
  try {
    return await Promise.race([
      promise,
      new Promise<never>((_resolve, reject) => {
        if (aborted.signal.aborted) reject(signal.reason as Error);
        aborted.signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
      }),
    ]);
  } finally {
    aborted[Symbol.dispose]();
  }
}
