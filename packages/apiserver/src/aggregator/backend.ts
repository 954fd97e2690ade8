import { Agent, request, type RequestOptions } from "node:https";
import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import { dialErrorText } from "../proxy/dial-error.ts";
import type { Address } from "./service-resolver.ts";

/** The certificate by which extension API servers know this one; PEM. */
export interface ProxyCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface BackendOptions {
  /** Which the backend's certificate must be for: `name.namespace.svc`. */
  readonly serverName: string;
  /** PEM. Defaults to the authorities that Node trusts. */
  readonly ca?: string;
  readonly isInsecure: boolean;
  readonly certificate?: ProxyCertificate;
}

export interface BackendRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  /** Absent for none. */
  readonly body?: Readable;
  readonly signal: AbortSignal;
}

/** A failure to get any answer; the message is that of a client in Go. */
export class BackendError extends Error {
  override readonly name = "BackendError";
}

/** Idle connections kept for each address. */
const idleConnections = 16;

/** Connections to the servers behind one APIService: TLS, kept open between requests. */
export class Backend implements Disposable {
  readonly #options: BackendOptions;
  readonly #agent = new Agent({ keepAlive: true, maxFreeSockets: idleConnections, scheduling: "lifo" });

  constructor(options: BackendOptions) {
    this.#options = options;
  }

  /** Starts a request whose connection is its own, for upgrades. */
  open(address: Address, { method, path, headers }: Pick<BackendRequest, "method" | "path" | "headers">): ClientRequest {
    return request({ ...this.#requestOptions(address), agent: false, method, path, headers });
  }

  /** Resolves with the head of the answer. @throws {BackendError} */
  send(address: Address, sent: BackendRequest): Promise<IncomingMessage> {
    return this.#send(address, sent, this.#agent);
  }

  /** Ends all connections, also those in use. */
  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  #send(address: Address, sent: BackendRequest, agent: Agent | false): Promise<IncomingMessage> {
    const { method, path, headers, body, signal } = sent;
    return new Promise((resolve, reject) => {
      const outgoing = request({ ...this.#requestOptions(address), agent, method, path, headers, signal });
      outgoing.once("response", resolve);
      outgoing.once("error", (error: NodeJS.ErrnoException) => {
        // An idle connection may have been closed at the moment when it was taken: that says nothing about the server.
        if (outgoing.reusedSocket && body === undefined && error.code === "ECONNRESET" && !signal.aborted) {
          this.#send(address, sent, false).then(resolve, reject);
          return;
        }
        body?.unpipe(outgoing);
        const { reason } = signal as { reason: unknown };
        const text = signal.aborted ? (reason instanceof Error ? reason.message : "context canceled") : dialErrorText(error, address);
        reject(new BackendError(text, { cause: error }));
      });
      if (body === undefined) outgoing.end();
      else body.pipe(outgoing);
    });
  }

  #requestOptions({ host, port }: Address): RequestOptions {
    const { serverName, ca, isInsecure, certificate } = this.#options;
    return {
      host,
      port,
      servername: serverName,
      rejectUnauthorized: !isInsecure,
      ...(ca !== undefined && { ca }),
      ...(certificate !== undefined && { cert: certificate.cert, key: certificate.key }),
    };
  }
}
