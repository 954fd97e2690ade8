import { Agent, request, type RequestOptions } from "node:https";
import type { IncomingMessage } from "node:http";
import type { Clock } from "@coracle/base";
import { quoteText } from "@coracle/apimachinery";
import type { WebhookClientConfig } from "@coracle/api";
import type { Address, ServiceTarget } from "../aggregator/service-resolver.ts";
import { dialErrorText } from "../proxy/dial-error.ts";
import { destinationOf, type Destination } from "./destination.ts";
import { readAnswer } from "./answer.ts";

export interface WebhookClientOptions {
  /** One address of a service. Throws in upstream's words when there is none. */
  readonly resolve: (target: ServiceTarget) => Address;
  readonly clock: Clock;
}

export interface PostOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Of the answer. Defaults to 16 MiB. */
  readonly limitBytes?: number;
}

/** Idle connections kept for each address. */
const idleConnections = 128;
/** As Go's HTTP client. */
const idleTimeoutMs = 90_000;
const defaultLimitBytes = 16 * 2 ** 20;
const deadlineText = "context deadline exceeded";

/** Posts JSON to webhooks over connections that stay open. Errors read as those of upstream, because clients print them. */
export class WebhookClient implements Disposable {
  readonly #resolve: WebhookClientOptions["resolve"];
  readonly #clock: Clock;
  readonly #agent = new Agent({ keepAlive: true, maxFreeSockets: idleConnections, scheduling: "lifo", timeout: idleTimeoutMs });

  constructor(options: WebhookClientOptions) {
    this.#resolve = options.resolve;
    this.#clock = options.clock;
  }

  /**
   * The answer's JSON. @throws {StatusError} for an HTTP error, {Error} `Post "https://…?timeout=10s": …` when no answer came.
   */
  async post(config: WebhookClientConfig, body: unknown, options: PostOptions): Promise<unknown> {
    const { timeoutMs, signal, limitBytes = defaultLimitBytes } = options;
    const destination = destinationOf(config);
    const path = `${destination.path}?timeout=${Math.ceil(timeoutMs / 1000)}s`;
    const aborter = new AbortController();
    const cancel = (): void => aborter.abort(new Error("context canceled"));
    const timer = this.#clock.setTimeout(() => aborter.abort(new Error(deadlineText)), timeoutMs);
    signal?.addEventListener("abort", cancel, { once: true });
    if (signal?.aborted === true) cancel();
    try {
      const ca = config.caBundle === undefined ? undefined : Buffer.from(config.caBundle, "base64").toString();
      const sent = { destination, path, ca, body: Buffer.from(JSON.stringify(body)), signal: aborter.signal };
      const response = await this.#send(sent, this.#agent).catch((error: unknown) => {
        const text = error instanceof Error ? error.message : String(error);
        throw new Error(`Post ${quoteText(`https://${destination.host}${path}`)}: ${text}`, { cause: error });
      });
      return await readAnswer(response, limitBytes, aborter.signal);
    } finally {
      timer[Symbol.dispose]();
      signal?.removeEventListener("abort", cancel);
    }
  }

  /** Ends all connections, also those in use. */
  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  async #send(sent: Sent, agent: Agent | false): Promise<IncomingMessage> {
    sent.signal.throwIfAborted();
    const { at } = sent.destination;
    const address = "host" in at ? at : this.#resolve(at);
    return new Promise((resolve, reject) => {
      const outgoing = request({ ...requestOptions(sent, address), agent });
      outgoing.once("response", resolve);
      outgoing.once("error", (error: NodeJS.ErrnoException) => {
        if (sent.signal.aborted) reject(sent.signal.reason as Error);
        // An idle connection may have been closed at the moment when it was taken: that says nothing about the webhook.
        else if (outgoing.reusedSocket && error.code === "ECONNRESET") this.#send(sent, false).then(resolve, reject);
        else reject(new Error(dialErrorText(error, address), { cause: error }));
      });
      outgoing.end(sent.body);
    });
  }
}

interface Sent {
  readonly destination: Destination;
  readonly path: string;
  /** PEM. Without it, the authorities that Node trusts. */
  readonly ca: string | undefined;
  readonly body: Buffer;
  readonly signal: AbortSignal;
}

function requestOptions({ destination, path, ca, body, signal }: Sent, address: Address): RequestOptions {
  return {
    host: address.host,
    port: address.port,
    method: "POST",
    path,
    signal,
    ...(destination.serverName !== "" && { servername: destination.serverName }),
    ...(ca !== undefined && { ca }),
    headers: {
      host: destination.host,
      "content-type": "application/json",
      "content-length": body.length,
      accept: "application/json, */*",
      "user-agent": "kube-apiserver-admission",
    },
  };
}
