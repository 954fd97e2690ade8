import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createServer } from "node:https";
import type { Clock, Logger } from "@coracle/base";
import type { Client } from "@coracle/client";
import { containerNameLabel } from "../containers/labels.ts";
import type { Kubelet } from "../kubelet.ts";
import type { ContainerState } from "../runtime/runtime.ts";
import { latestOf } from "../podworkers/plan.ts";
import { AccessControl } from "./access.ts";
import { renderLog, type LogSource } from "./container-log.ts";
import { HttpError } from "./http-error.ts";
import { logOptions } from "./log-options.ts";
import { Reports, type Report } from "./reports.ts";
import { serveTunnel, tunnelProtocol } from "./tunnel.ts";
import type { StreamingServer } from "./streaming-contract.ts";

export interface KubeletServerOptions {
  /** The kubelets of this process. Asked anew for each request. */
  readonly kubelets: () => Iterable<Kubelet>;
  /** PEM. */
  readonly tls: { readonly cert: string; readonly key: string };
  /** PEM; clients show a certificate that it signed, or a token. */
  readonly clientCa: string;
  /** Common names that may do everything. Defaults to every certificate of the CA. */
  readonly clientNames?: readonly string[];
  /** Asks the API server who others are and what they may (token and access reviews). Without it nobody else is let in. */
  readonly reviewer?: Client;
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

/** Go's default: the arguments of an exec are in its URL. */
const headerLimitBytes = 2 ** 20;

/** The HTTPS server through which the API server, and who else may, reaches the kubelets of a process. */
export function createKubeletServer(options: KubeletServerOptions): KubeletServer {
  const { tls, clientCa, log } = options;
  const sockets = new Set<Socket>();
  const handler = new Handler(options);
  const mustHaveCertificate = options.reviewer === undefined;
  const server = createServer({
    ...tls,
    ca: clientCa,
    requestCert: true,
    rejectUnauthorized: mustHaveCertificate,
    maxHeaderSize: headerLimitBytes,
  });
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

class Handler {
  readonly #options: KubeletServerOptions;
  readonly #access: AccessControl;
  readonly #reports: Reports;

  constructor(options: KubeletServerOptions) {
    this.#options = options;
    this.#access = new AccessControl(options);
    this.#reports = new Reports(options.clock);
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", "https://kubelet");
    const [route, ...names] = pathname.split("/").slice(1).map(decodeURIComponent);
    try {
      await this.#authorize(request, pathname);
      if (route === "containerLogs") return await this.#logs(response, names, searchParams);
      if (["exec", "attach", "portForward", "connect"].includes(route ?? "")) throw new HttpError(400, "Upgrade request required");
      if (request.method !== "GET") throw new HttpError(405, "405: Method Not Allowed");
      if (route === "healthz") return this.#health(response, names.join("/"), searchParams);
      const [, nodeName, path = ""] = /^(?:\/metrics\/nodes\/([^/]+)(?=\/metrics))?(.*?)\/?$/.exec(pathname) ?? [];
      const report = reportPaths.has(path) ? await this.#reports.of(this.#kubeletOf(request, nodeName), path) : undefined;
      if (report !== undefined) return sendReport(response, report);
      throw new HttpError(404, "404 page not found");
    } catch (error) {
      if (!(error instanceof HttpError) || response.headersSent) throw error;
      answer(response, error.status, error.message);
    }
  }

  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on("error", () => socket.destroy());
    try {
      await this.#authorize(request, new URL(request.url ?? "/", "https://kubelet").pathname);
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
    if (route === "connect") {
      if (request.headers.upgrade !== tunnelProtocol) throw new HttpError(400, "Upgrade request required");
      const { kubelet, sandboxId } = this.#sandboxOf(namespace, name);
      return serveTunnel(socket, head, await kubelet.runtime.portForward(sandboxId, Number(searchParams.get("port"))));
    }
    if (route !== "exec" && route !== "attach") throw new HttpError(404, "404 page not found");
    const { kubelet, container } = await this.#running({ namespace, name, containerName });
    const streaming = await load();
    if (route === "attach") return streaming.serveAttach(request, socket, head, (io) => kubelet.runtime.attach(container.id, io));
    const command = searchParams.getAll("command");
    return streaming.serveExec(request, socket, head, (io) => kubelet.runtime.exec(container.id, command, io));
  }

  #authorize(request: IncomingMessage, pathname: string): Promise<void> {
    const [first] = this.#options.kubelets();
    return this.#access.check(request, pathname, first?.nodeName ?? "");
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
    const { runtime } = kubelet;
    const source: LogSource = {
      read: (where) => runtime.readLog(container.id, { ...where, signal: gone.signal }),
      size: async () => runtime.logSize?.(container.id),
    };
    for await (const bytes of renderLog(source, options)) {
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

  /** All checks, or one of them. */
  #health(response: ServerResponse, name: string, query: URLSearchParams): void {
    if (name !== "" && !healthChecks.includes(name)) throw new HttpError(404, "404 page not found");
    const lines = healthChecks.map((each) => `[+]${each} ok\n`).join("");
    answer(response, 200, name === "" && query.has("verbose") ? `${lines}healthz check passed\n` : "ok");
  }

  /** Nodes that share this server are told apart by the host that a request names, or by its path. */
  #kubeletOf(request: IncomingMessage, nodeName = (request.headers.host ?? "").replace(/:\d+$/, "")): Kubelet {
    const kubelets = [...this.#options.kubelets()];
    const named = kubelets.find((kubelet) => kubelet.nodeName === nodeName);
    const only = kubelets.length === 1 ? kubelets[0] : undefined;
    const found = named ?? only;
    if (found === undefined) throw new HttpError(421, "this server is for several nodes: name one as the host");
    return found;
  }
}

interface Where {
  readonly namespace: string;
  readonly name: string;
  readonly containerName: string;
}

/** That this is answered says both: the process runs, and so does its loop. */
const healthChecks = ["ping", "syncloop"];
const reportPaths = new Set([
  "/pods",
  "/runningpods",
  "/configz",
  "/stats/summary",
  "/metrics",
  "/metrics/cadvisor",
  "/metrics/probes",
  "/metrics/resource",
]);
const metricsType = "text/plain; version=0.0.4; charset=utf-8";

function answer(response: ServerResponse, status: number, text: string, type = "text/plain; charset=utf-8"): void {
  response.writeHead(status, { "content-type": type }).end(text);
}

function sendReport(response: ServerResponse, report: Report): void {
  if ("value" in report) response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(report.value));
  else answer(response, 200, report.text, report.isMetrics === true ? metricsType : undefined);
}

function refuse(socket: Duplex, status: number, message: string): void {
  const head = `HTTP/1.1 ${status} Error\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(message)}`;
  socket.end(`${head}\r\nConnection: close\r\n\r\n${message}`);
}
