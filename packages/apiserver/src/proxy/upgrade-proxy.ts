import { ServerResponse, type ClientRequest, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Logger } from "@coracle/base";
import { newBadRequest, newServiceUnavailable } from "@coracle/apimachinery";
import { openUpgrade, type Aggregator } from "../aggregator/index.ts";
import type { ApiHandler } from "../http/api-handler.ts";
import { Http1Exchange } from "../http/http1-exchange.ts";
import { HttpRequestContext } from "../http/request-context.ts";
import { parseRequestInfo, type RequestInfo } from "../http/request-info.ts";
import { sendError, sendPathNotFound } from "../http/respond.ts";
import type { ProxyOptions } from "./connectors.ts";
import { Locator, type Target } from "./locator.ts";
import { forwardedHeaders, openRequest } from "./outgoing.ts";

export interface UpgradeProxyOptions extends ProxyOptions {
  readonly handler: ApiHandler;
  /** Knows what other servers serve: they get every upgrade. */
  readonly aggregator?: Aggregator;
  readonly log: Logger;
}

const upgradable = new Set(["exec", "attach", "portforward", "proxy"]);

/**
 * Serves requests that turn into streams (SPDY/3.1, WebSocket). After the request is admitted, the bytes go to the kubelet and back as they
 * are: it speaks whatever the client speaks.
 */
export class UpgradeProxy {
  readonly #options: UpgradeProxyOptions;
  readonly #locator: Locator;
  readonly #sockets = new Set<Duplex>();

  constructor(options: UpgradeProxyOptions) {
    this.#options = options;
    this.#locator = new Locator(options);
  }

  /** Cuts all streams. */
  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Never rejects. */
  async handle(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on("error", () => socket.destroy());
    const response = new ServerResponse(request);
    response.assignSocket(socket as Socket);
    response.shouldKeepAlive = false;
    const exchange = new Http1Exchange(request, response);
    const info = parseRequestInfo(exchange.method, exchange.url);
    const measured = this.#options.handler.measure(exchange, info);
    socket.once("close", () => measured.end(exchange.statusCode === 0 ? 101 : exchange.statusCode));
    try {
      const outgoing = await this.#open(exchange, info);
      if (outgoing === undefined) sendPathNotFound(exchange);
      else await this.#connect(outgoing, { socket, response, head });
    } catch (error) {
      await sendError(exchange, error);
    }
    if (response.headersSent) response.once("finish", () => socket.end());
  }

  /** The request to whom it is for, once it is admitted; undefined when there is nobody. */
  async #open(exchange: Http1Exchange, info: RequestInfo | undefined): Promise<ClientRequest | undefined> {
    const { handler, aggregator } = this.#options;
    const remote = info === undefined ? undefined : aggregator?.remoteOf(info);
    if (remote !== undefined) {
      const { method, url, headers } = exchange;
      const outgoing = openUpgrade(remote, { method, url, headers, user: await handler.admit(exchange, info as RequestInfo) });
      if (outgoing === undefined) throw newServiceUnavailable("service unavailable");
      return outgoing;
    }
    const target = await this.#admit(exchange, info);
    if (target === undefined) return undefined;
    return openRequest(target, exchange.method, forwardedHeaders(exchange.headers, { keepUpgrade: true }));
  }

  async #admit(exchange: Http1Exchange, info: RequestInfo | undefined): Promise<Target | undefined> {
    const { handler, registry } = this.#options;
    if (info === undefined || !info.isResourceRequest || !upgradable.has(info.subresource))
      throw newBadRequest("this path cannot be upgraded");
    const user = await handler.admit(exchange, info);
    // A WebSocket begins with GET, but what it does is create a stream.
    if (info.verb === "get" && info.subresource !== "proxy") await handler.admit(exchange, { ...info, verb: "create" });
    if (registry.lookup(info.group, info.version, info.resource) === undefined) return undefined;
    return this.#locator.locate(new HttpRequestContext(exchange, user, info.query), info);
  }

  #connect(outgoing: ClientRequest, client: { socket: Duplex; response: ServerResponse; head: Buffer }): Promise<void> {
    const { socket, response, head } = client;
    return new Promise((resolve, reject) => {
      outgoing.once("error", (error) => reject(newServiceUnavailable(`error dialing backend: ${error.message}`)));
      outgoing.once("response", (answer) => {
        // The kubelet refused: its answer is the answer.
        response.writeHead(answer.statusCode ?? 502, forwardedHeaders(answer.headers, { keepUpgrade: false }));
        answer.pipe(response);
        resolve();
      });
      outgoing.once("upgrade", (answer, backend, backendHead) => {
        response.detachSocket(socket as Socket);
        socket.write(headOf(answer));
        if (backendHead.length > 0) socket.write(backendHead);
        if (head.length > 0) backend.write(head);
        this.#join(socket, backend);
        resolve();
      });
      socket.once("close", () => outgoing.destroy());
      outgoing.end();
    });
  }

  #join(socket: Duplex, backend: Duplex): void {
    for (const each of [socket, backend]) {
      this.#sockets.add(each);
      each.once("close", () => this.#sockets.delete(each));
    }
    backend.on("error", () => socket.destroy());
    socket.once("close", () => backend.destroy());
    backend.once("close", () => socket.end());
    socket.pipe(backend);
    backend.pipe(socket);
  }
}

function headOf({ statusCode, statusMessage, rawHeaders }: IncomingMessage): string {
  const lines = [`HTTP/1.1 ${statusCode} ${statusMessage}`];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) lines.push(`${rawHeaders[index]}: ${rawHeaders[index + 1]}`);
  return `${lines.join("\r\n")}\r\n\r\n`;
}
