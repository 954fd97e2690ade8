import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from "node:http";
import type { Clock } from "@coracle/base";
import { deepEqual } from "@coracle/apimachinery";
import { collectBody } from "../http/exchange.ts";
import { hostAndPort } from "../proxy/dial-error.ts";
import type { UserInfo } from "../registry/contract.ts";
import { isAvailable, type APIService } from "./api-service.ts";
import { Backend, BackendError, type BackendOptions, type BackendRequest, type ProxyCertificate } from "./backend.ts";
import { identityHeaders } from "./identity-headers.ts";
import type { Address, ServiceResolver, ServiceTarget } from "./service-resolver.ts";

export interface RemoteApiTools {
  readonly resolver: ServiceResolver;
  readonly clock: Clock;
  readonly certificate?: ProxyCertificate;
}

export interface FetchOptions {
  readonly user: UserInfo;
  readonly headers?: OutgoingHttpHeaders;
  readonly timeoutMs: number;
  /** Defaults to one of the service's addresses. */
  readonly address?: Address;
}

export interface FetchedAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Documents of extension API servers that are longer are refused. */
const documentLimitBytes = 32 * 2 ** 20;

/** One version of one group that another API server serves. */
export class RemoteApi implements Disposable {
  readonly name: string;
  readonly group: string;
  readonly version: string;
  readonly #tools: RemoteApiTools;
  #service: Readonly<APIService>;
  #backendOptions: BackendOptions;
  #backend: Backend;

  constructor(service: Readonly<APIService>, tools: RemoteApiTools) {
    this.name = service.metadata.name ?? "";
    this.group = service.spec?.group ?? "";
    this.version = service.spec?.version ?? "";
    this.#tools = tools;
    this.#service = service;
    this.#backendOptions = backendOptionsOf(service, tools.certificate);
    this.#backend = new Backend(this.#backendOptions);
  }

  get service(): Readonly<APIService> {
    return this.#service;
  }

  get isAvailable(): boolean {
    return isAvailable(this.#service);
  }

  get target(): ServiceTarget {
    const { namespace = "", name = "", port = 443 } = this.#service.spec?.service ?? {};
    return { namespace, name, port };
  }

  /** Takes the newest state; connections stay unless who they lead to is proved another way. */
  update(service: Readonly<APIService>): void {
    this.#service = service;
    const options = backendOptionsOf(service, this.#tools.certificate);
    if (deepEqual(options, this.#backendOptions)) return;
    this.#backend[Symbol.dispose]();
    this.#backendOptions = options;
    this.#backend = new Backend(options);
  }

  /** @throws when the service has no address. */
  resolve(): Address {
    return this.#tools.resolver.resolve(this.target);
  }

  /** @throws when the service has no address. */
  resolveAll(): readonly Address[] {
    return this.#tools.resolver.resolveAll(this.target);
  }

  /** Resolves with the head of the answer. @throws {BackendError} */
  send(address: Address, sent: BackendRequest): Promise<IncomingMessage> {
    return this.#backend.send(address, sent);
  }

  /** For requests that may turn into a stream. */
  open(address: Address, sent: Pick<BackendRequest, "method" | "path" | "headers">): ReturnType<Backend["open"]> {
    return this.#backend.open(address, sent);
  }

  /** GETs a whole document. @throws {BackendError} */
  async fetch(path: string, { user, headers = {}, timeoutMs, address = this.resolve() }: FetchOptions): Promise<FetchedAnswer> {
    const aborter = new AbortController();
    const late = new BackendError("context deadline exceeded (Client.Timeout exceeded while awaiting headers)");
    using _timer = this.#tools.clock.setTimeout(() => aborter.abort(late), timeoutMs);
    const host = hostAndPort(address);
    const sent = { ...headers, host, "accept-encoding": "identity", ...identityHeaders(user) };
    const response = await this.send(address, { method: "GET", path, headers: sent, signal: aborter.signal });
    const body = await collectBody(response, documentLimitBytes, () => new BackendError("the document is too long"));
    return { status: response.statusCode ?? 0, headers: response.headers, body };
  }

  [Symbol.dispose](): void {
    this.#backend[Symbol.dispose]();
  }
}

function backendOptionsOf({ spec }: Readonly<APIService>, certificate: ProxyCertificate | undefined): BackendOptions {
  const { service, caBundle = "", insecureSkipTLSVerify = false } = spec ?? {};
  return {
    serverName: `${service?.name ?? ""}.${service?.namespace ?? ""}.svc`,
    isInsecure: insecureSkipTLSVerify,
    ...(caBundle !== "" && { ca: Buffer.from(caBundle, "base64").toString() }),
    ...(certificate !== undefined && { certificate }),
  };
}
