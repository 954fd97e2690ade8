import { request, type RequestOptions } from "node:https";
import { KubeConfig } from "@kubernetes/client-node";
import { Coracle } from "./coracle.ts";

/** An API server to test, ours or another one. */
export interface ServerUnderTest extends Disposable {
  readonly kubeconfig: string;
}

/**
 * The cluster that `CONFORMANCE_KUBECONFIG` names, so that the same tests can be run against any API server; a fresh one of ours
 * without it.
 */
export function serverUnderTest(name: string, ...args: string[]): ServerUnderTest {
  const given = process.env["CONFORMANCE_KUBECONFIG"];
  if (given !== undefined && given !== "") return { kubeconfig: given, [Symbol.dispose]() {} };
  const coracle = new Coracle();
  try {
    const { kubeconfig } = coracle.up(name, "--ephemeral", "--runtime", "simulated", "--port", "0", ...args);
    return { kubeconfig, [Symbol.dispose]: () => coracle[Symbol.dispose]() };
  } catch (error) {
    coracle[Symbol.dispose]();
    throw error;
  }
}

export interface Answer {
  readonly code: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

export interface Call {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** Bare HTTPS with a kubeconfig's credentials: for what no client library would send. */
export class RawApi {
  readonly #options: RequestOptions;

  constructor(kubeconfig: string) {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    const cluster = config.getCurrentCluster();
    const user = config.getCurrentUser();
    if (cluster === null || user === null) throw new Error(`${kubeconfig} has no current context`);
    const url = new URL(cluster.server);
    const bytes = (data: string | undefined): Buffer | undefined => (data === undefined ? undefined : Buffer.from(data, "base64"));
    this.#options = {
      host: url.hostname,
      port: url.port,
      ca: bytes(cluster.caData),
      cert: bytes(user.certData),
      key: bytes(user.keyData),
      ...(user.token !== undefined && { headers: { authorization: `Bearer ${user.token}` } }),
    };
  }

  /** For requests that this class does not make. */
  get options(): RequestOptions {
    return this.#options;
  }

  call(method: string, path: string, { headers = {}, body }: Call = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      // Node sends the body of a DELETE without a length unless it is told one.
      const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
      const all = { ...(this.#options.headers as Record<string, string> | undefined), ...length, ...headers };
      const sent = request({ ...this.#options, method, path, headers: all, timeout: 60_000 }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => void chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => resolve({ code: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }));
      });
      sent.on("timeout", () => sent.destroy(new Error(`${method} ${path} was not answered`)));
      sent.on("error", reject);
      sent.end(body);
    });
  }

  async json<T = Record<string, unknown>>(
    method: string,
    path: string,
    value?: unknown,
    contentType = "application/json",
  ): Promise<{ code: number; value: T }> {
    const sent = value === undefined ? {} : { headers: { "content-type": contentType }, body: JSON.stringify(value) };
    const { code, body } = await this.call(method, path, sent);
    return { code, value: JSON.parse(body.toString()) as T };
  }

  /** Events of a watch as they come; ends when it is disposed. Resolves when the server has answered. */
  watch(path: string): Promise<RawWatch> {
    return new Promise((resolve, reject) => {
      const sent = request({ ...this.#options, method: "GET", path: `${path}${path.includes("?") ? "&" : "?"}watch=true` }, (response) => {
        const events: WatchedEvent[] = [];
        let rest = "";
        response.on("data", (chunk: Buffer) => {
          const lines = (rest + chunk.toString()).split("\n");
          rest = lines.pop() ?? "";
          for (const line of lines) events.push(JSON.parse(line) as WatchedEvent);
        });
        let isEnded = false;
        response.on("close", () => (isEnded = true));
        response.on("error", () => (isEnded = true));
        const stop = (): void => void sent.destroy();
        resolve({ code: response.statusCode ?? 0, events, isEnded: () => isEnded, [Symbol.dispose]: stop });
      });
      sent.on("error", reject);
      sent.end();
    });
  }
}

export interface WatchedEvent {
  readonly type: string;
  readonly object: {
    readonly kind: string;
    readonly metadata: { name?: string; resourceVersion: string; annotations?: Record<string, string> };
  } & Record<string, unknown>;
}

export interface RawWatch extends Disposable {
  readonly code: number;
  /** Grows as they come. */
  readonly events: readonly WatchedEvent[];
  isEnded(): boolean;
}
