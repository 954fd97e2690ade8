import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { createServer } from "node:https";
import type { Clock, Logger } from "@coracle/base";
import { containerNameLabel } from "../containers/labels.ts";
import type { Kubelet } from "../kubelet.ts";
import type { ContainerState } from "../runtime/runtime.ts";
import { latestOf } from "../podworkers/plan.ts";
import { renderLog } from "./container-log.ts";
import { logOptions } from "./log-options.ts";
import { statsSummary } from "./stats.ts";
import type { StreamingServer } from "./streaming-contract.ts";

export interface KubeletServerOptions {
  /** The kubelets of this process. Asked anew for each request. */
  readonly kubelets: () => Iterable<Kubelet>;
  /** PEM. */
  readonly tls: { readonly cert: string; readonly key: string };
  /** PEM; clients must show a certificate that it signed. */
  readonly clientCa: string;
  /** Common names that may call. Defaults to every certificate of the CA. */
  readonly clientNames?: readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
  /** Asked for with the first upgrade request. Defaults to `streaming/`. */
  readonly streaming?: () => Promise<StreamingServer>;
}

export interface KubeletServer {
  /** Resolves with the port; 0 lets the system choose. */
  listen(port: number, host?: string): Promise<number>;
  /** Ends open connections too. */
  close(): Promise<void>;
}

/** The HTTPS server through which the API server reaches the kubelets of a process. Nobody is let in without a client certificate. */
export function createKubeletServer(options: KubeletServerOptions): KubeletServer {
  const { tls, clientCa, log } = options;
  const sockets = new Set<Socket>();
  const handler = new Handler(options);
  const server = createServer({ ...tls, ca: clientCa, requestCert: true, rejectUnauthorized: true });
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("request", (request, response) => {
    handler.handle(request, response).catch((error: unknown) => {
      log.warn("kubelet request failed", { url: request.url, error });
      if (response.headersSent) response.destroy();
      else answer(response, 500, error instanceof Error ? error.message : String(error));
    });
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    handler.upgrade(request, socket, head).catch((error: unknown) => {
      log.warn("kubelet stream failed", { url: request.url, error });
      socket.destroy();
    });
  });
  return {
    async listen(port, host) {
      server.listen(port, host);
      await once(server, "listening");
      return (server.address() as AddressInfo).port;
    },
    async close() {
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function loadStreaming(): Promise<StreamingServer> {
  return import("./streaming/index.ts");
}

interface Located {
  readonly kubelet: Kubelet;
  readonly container: ContainerState;
}

/** A refusal with an HTTP status. */
class HttpError extends Error {
  override readonly name = "HttpError";
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

class Handler {
  readonly #options: KubeletServerOptions;

  constructor(options: KubeletServerOptions) {
    this.#options = options;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", "https://kubelet");
    const [route, ...names] = pathname.split("/").slice(1).map(decodeURIComponent);
    try {
      this.#authorize(request);
      if (route === "containerLogs") return await this.#logs(response, names, searchParams);
      if (["exec", "attach", "portForward"].includes(route ?? "")) throw new HttpError(400, "Upgrade request required");
      if (request.method !== "GET") throw new HttpError(405, "405: Method Not Allowed");
      if (pathname === "/healthz") return answer(response, 200, "ok");
      if (pathname === "/pods" || pathname === "/runningpods/") return answerJson(response, this.#podList());
      if (pathname === "/stats/summary") return answerJson(response, statsSummary(this.#options.kubelets(), this.#options.clock.now()));
      throw new HttpError(404, "404 page not found");
    } catch (error) {
      if (!(error instanceof HttpError) || response.headersSent) throw error;
      answer(response, error.status, error.message);
    }
  }

  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on("error", () => socket.destroy());
    try {
      this.#authorize(request);
      await this.#stream(request, socket, head);
    } catch (error) {
      const status = error instanceof HttpError ? error.status : 500;
      refuse(socket, status, error instanceof Error ? error.message : String(error));
    }
  }

  async #stream(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", "https://kubelet");
    const [route, namespace = "", name = "", containerName = ""] = pathname.split("/").slice(1).map(decodeURIComponent);
    const load = this.#options.streaming ?? loadStreaming;
    if (route === "portForward") {
      const { kubelet, sandboxId } = this.#sandboxOf(namespace, name);
      const streaming = await load();
      return streaming.servePortForward(request, socket, head, (port) => kubelet.runtime.portForward(sandboxId, port));
    }
    if (route !== "exec" && route !== "attach") throw new HttpError(404, "404 page not found");
    const { kubelet, container } = await this.#running({ namespace, name, containerName });
    const streaming = await load();
    if (route === "attach") return streaming.serveAttach(request, socket, head, (io) => kubelet.runtime.attach(container.id, io));
    const command = searchParams.getAll("command");
    return streaming.serveExec(request, socket, head, (io) => kubelet.runtime.exec(container.id, command, io));
  }

  #authorize(request: IncomingMessage): void {
    const { clientNames } = this.#options;
    const socket = request.socket as TLSSocket;
    if (!socket.authorized) throw new HttpError(401, "Unauthorized");
    const name = String(socket.getPeerCertificate().subject?.CN ?? "");
    if (clientNames !== undefined && !clientNames.includes(name)) throw new HttpError(403, `Forbidden (user=${name})`);
  }

  async #logs(response: ServerResponse, [namespace = "", name = "", containerName = ""]: string[], query: URLSearchParams): Promise<void> {
    let options: ReturnType<typeof logOptions>;
    try {
      options = logOptions(query, this.#options.clock.now());
    } catch (error) {
      throw new HttpError(422, (error as Error).message);
    }
    const { kubelet, container } = this.#loggedContainer({ namespace, name, containerName }, options.previous);
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    response.writeHead(200, { "content-type": "text/plain", "transfer-encoding": "chunked" });
    response.flushHeaders();
    const read = ({ follow }: { follow: boolean }): AsyncIterable<Uint8Array> =>
      kubelet.runtime.readLog(container.id, { follow, signal: gone.signal });
    for await (const bytes of renderLog(read, options)) {
      if (!response.write(bytes)) await once(response, "drain", { signal: gone.signal }).catch(() => undefined);
      if (gone.signal.aborted) return;
    }
    response.end();
  }

  #loggedContainer(where: Where, isPrevious: boolean): Located {
    const { kubelet, pod, runtimePod } = this.#pod(where.namespace, where.name);
    const instances = runtimePod.containers.filter(
      (each) => each.labels[containerNameLabel] === where.containerName && each.sandboxId !== "",
    );
    const container = instances[isPrevious ? 1 : 0];
    if (container !== undefined) return { kubelet, container };
    const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
    const waiting = statuses.find((each) => each.name === where.containerName)?.state?.waiting;
    const subject = `container "${where.containerName}" in pod "${where.name}"`;
    if (isPrevious) throw new HttpError(400, `previous terminated ${subject} not found`);
    if (waiting === undefined) throw new HttpError(400, `${subject} is not available`);
    const detail = waiting.reason?.includes("Image") === true ? `trying and failing to pull image` : waiting.reason;
    throw new HttpError(400, `${subject} is waiting to start: ${detail}`);
  }

  async #running(where: Where): Promise<Located> {
    const { kubelet, runtimePod } = this.#pod(where.namespace, where.name);
    const known = latestOf(runtimePod, where.containerName);
    const container = known === undefined ? undefined : await kubelet.runtime.containerStatus(known.id);
    if (container?.state === "running") return { kubelet, container };
    if (known === undefined) throw new HttpError(404, `container not found ("${where.containerName}")`);
    throw new HttpError(500, `container "${where.containerName}" of pod "${where.name}" is not running`);
  }

  #sandboxOf(namespace: string, name: string): { kubelet: Kubelet; sandboxId: string } {
    const { kubelet, runtimePod } = this.#pod(namespace, name);
    const sandbox = runtimePod.sandboxes.find(({ isReady }) => isReady);
    if (sandbox === undefined) throw new HttpError(404, `not running ("${name}_${namespace}")`);
    return { kubelet, sandboxId: sandbox.id };
  }

  #pod(namespace: string, name: string): { kubelet: Kubelet } & NonNullable<ReturnType<Kubelet["findPod"]>> {
    for (const kubelet of this.#options.kubelets()) {
      const found = kubelet.findPod(namespace, name);
      if (found !== undefined) return { kubelet, ...found };
    }
    throw new HttpError(404, `pod "${name}" not found`);
  }

  #podList(): unknown {
    const items = [...this.#options.kubelets()].flatMap((kubelet) => kubelet.pods());
    return { kind: "PodList", apiVersion: "v1", metadata: {}, items };
  }
}

interface Where {
  readonly namespace: string;
  readonly name: string;
  readonly containerName: string;
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(text);
}

function answerJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
}

function refuse(socket: Duplex, status: number, message: string): void {
  const head = `HTTP/1.1 ${status} Error\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(message)}`;
  socket.end(`${head}\r\nConnection: close\r\n\r\n${message}`);
}
