import { createPrivateKey } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Clock, Logger, Random } from "@coracle/base";
import type { UnstructuredObject } from "@coracle/apimachinery";
import { createLifetime, type Transport } from "@coracle/client";
import {
  AuthenticationConfig,
  forwardToRemote,
  RemoteDiscovery,
  RemoteOpenApi,
  type Aggregator,
  type ProxyCertificate,
} from "./aggregator/index.ts";
import { Authenticator, type StaticToken } from "./authentication/authenticator.ts";
import { frontProxySettings } from "./authentication/front-proxy.ts";
import { createTokenKey } from "./authentication/jwt.ts";
import { createRegistryLookup } from "./authentication/registry-lookup.ts";
import { ServiceAccountTokens } from "./authentication/service-account-tokens.ts";
import { createTokenRequestHandler } from "./authentication/token-request.ts";
import { asAuthenticated } from "./authentication/users.ts";
import { createAuthorization, type Authorization } from "./authorization/authorization.ts";
import { createReviewHandlers } from "./authorization/reviews.ts";
import type { LateActions } from "./bootstrap/late-actions.ts";
import { bootstrap } from "./bootstrap/bootstrap.ts";
import { firstServiceAddress } from "./bootstrap/service-cidr.ts";
import { DirectAuthorization } from "./direct/direct-authorization.ts";
import { createDirectTransport } from "./direct/direct-transport.ts";
import { DiscoveryHandler } from "./discovery/handler.ts";
import type { ComponentCheck } from "./health/component-statuses.ts";
import { HealthHandler, type HealthCheck } from "./health/health.ts";
import { versionInfo } from "./health/version.ts";
import { ApiHandler, type PathHandler } from "./http/api-handler.ts";
import { HttpListener, type ListenAddress, type ListenerTls } from "./http/listener.ts";
import { ResourceHandler } from "./http/resource-handler.ts";
import { sendText } from "./http/respond.ts";
import { WatchRegistry } from "./http/watch-stream.ts";
import { ServerMetrics, type ObjectCount } from "./metrics/server-metrics.ts";
import type { NamedQueue } from "./metrics/work-queue-lines.ts";
import { OpenApiHandler, type OpenApiGenerator } from "./openapi/handler.ts";
import { createConnectors, type KubeletClientTls } from "./proxy/connectors.ts";
import { UpgradeProxy } from "./proxy/upgrade-proxy.ts";
import type { Registry, UserInfo } from "./registry/contract.ts";

export interface ServerOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly certificates: ListenerTls;
  /** PEM of an ECDSA key on P-256, which signs service account tokens. */
  readonly serviceAccountKey: string;
  /** Keys of the past whose tokens still count. */
  readonly oldServiceAccountKeys?: readonly string[];
  /** Defaults to `https://kubernetes.default.svc.cluster.local`, which is also the API's audience. */
  readonly serviceAccountIssuer?: string;
  readonly staticTokens?: readonly StaticToken[];
  readonly listen: readonly ListenAddress[];
  /** Range of cluster IPs, such as `10.96.0.0/12`. */
  readonly serviceCidr: string;
  /** Where pods and other nodes reach this server. */
  readonly advertiseAddress: string;
  /** Client certificate for kubelets and the CA of theirs. Without it logs, exec and the like answer 503. */
  readonly kubeletClient?: KubeletClientTls;
  /** The parts of the control plane whose health ComponentStatuses tell, by name (`scheduler`). Defaults to none. */
  readonly components?: Readonly<Record<string, ComponentCheck>>;
  /** How this server and extension API servers know each other. Without it, nobody may speak for users, and they cannot know ours. */
  readonly frontProxy?: FrontProxyOptions;
}

export interface FrontProxyOptions {
  /** PEM: signs the certificates of those who may say for whom they ask, and of nobody else. */
  readonly ca: string;
  /** Common names of such certificates. */
  readonly allowedNames: readonly string[];
  /** Of this server. */
  readonly certificate: ProxyCertificate;
}

/** What the server is built from; {@link ServerOptions} say how. */
export interface ServerParts {
  readonly registry: Registry;
  /** Whose handlers the registry has; the server says what they do. */
  readonly actions: LateActions;
  /** Knows what other servers serve. Defaults to nothing. */
  readonly aggregator?: Aggregator;
  /** What runs beside the requests: started before `start` resolves, stopped last, in reverse order. */
  readonly background?: readonly BackgroundWork[];
  /** What health is asked about besides the server's own start, in this order. Defaults to nothing. */
  readonly checks?: readonly HealthCheck[];
  /** How many objects there are, for the metrics. Defaults to nothing. */
  readonly objectCounts?: () => readonly ObjectCount[];
  readonly bootstrapRbac: () => readonly UnstructuredObject[] | Promise<readonly UnstructuredObject[]>;
  readonly openApi: () => Promise<OpenApiGenerator>;
}

export interface BackgroundWork extends Disposable {
  start?(): Promise<void>;
}

export interface ApiServer {
  /** `https://127.0.0.1:6443`, of the first address. */
  readonly url: string;
  readonly port: number;
  readonly registry: Registry;
  readonly authorization: Authorization;
  readonly tokens: ServiceAccountTokens;
  /** Listens, and makes what every cluster starts with. @throws {ListenError} when an address is taken. */
  start(): Promise<void>;
  /** Ends watches, lets requests in progress finish for a few seconds, and closes the port. Idempotent. */
  stop(): Promise<void>;
  /** Shows the work queues of the process among the metrics; asked with every reading. */
  showQueues(read: () => readonly NamedQueue[]): void;
  /** Requests into this process with the rights of `user`, who is taken to be authenticated. */
  directTransport(user: UserInfo, fieldManager?: string): Transport;
}

const drainMs = 3000;
/** What upstream does at its start under these names is one step here. */
const bootstrapHooks = [
  "poststarthook/start-system-namespaces-controller",
  "poststarthook/start-cluster-authentication-info-controller",
  "poststarthook/rbac/bootstrap-roles",
  "poststarthook/scheduling/bootstrap-system-priority-classes",
  "poststarthook/bootstrap-controller",
  "poststarthook/start-kubernetes-service-cidr-controller",
];
/** The same for what runs beside the requests: custom resources, and the servers behind this one. */
const backgroundHooks = [
  "poststarthook/start-apiextensions-informers",
  "poststarthook/start-apiextensions-controllers",
  "poststarthook/crd-informer-synced",
  "poststarthook/start-kube-aggregator-informers",
  "poststarthook/apiservice-status-local-available-controller",
  "poststarthook/apiservice-status-remote-available-controller",
  "poststarthook/apiservice-registration-controller",
  "poststarthook/apiservice-wait-for-first-sync",
  "poststarthook/apiservice-discovery-controller",
  "poststarthook/kube-apiserver-autoregistration",
  "autoregister-completion",
  "poststarthook/apiservice-openapi-controller",
  "poststarthook/apiservice-openapiv3-controller",
];
const metricsType = "text/plain; version=0.0.4; charset=utf-8";
const fixedPaths = [
  "/.well-known/openid-configuration",
  "/api",
  "/apis",
  "/metrics",
  "/metrics/slis",
  "/openapi/v2",
  "/openapi/v3",
  "/openid/v1/jwks",
  "/version",
];
const defaultIssuer = "https://kubernetes.default.svc.cluster.local";

/** Puts the stages of a request together around a registry. */
export function assembleServer(parts: ServerParts, options: ServerOptions): ApiServer {
  return new AssembledServer(parts, options);
}

class AssembledServer implements ApiServer {
  readonly registry: Registry;
  readonly authorization: Authorization;
  readonly tokens: ServiceAccountTokens;
  readonly #parts: ServerParts;
  readonly #options: ServerOptions;
  readonly #watches = new WatchRegistry();
  readonly #health: HealthHandler;
  readonly #metrics: ServerMetrics;
  #readQueues: () => readonly NamedQueue[] = () => [];
  readonly #remoteDiscovery: RemoteDiscovery | undefined;
  readonly #remoteOpenApi: RemoteOpenApi | undefined;
  readonly #discovery: DiscoveryHandler;
  readonly #openApi: OpenApiHandler;
  readonly #handler: ApiHandler;
  readonly #upgrades: UpgradeProxy;
  readonly #authenticationConfig: AuthenticationConfig | undefined;
  readonly #listeners: HttpListener[] = [];
  readonly #stopped = createLifetime();
  #isBootstrapped = false;
  #isStarted = false;
  #stopping: Promise<void> | undefined;

  constructor(parts: ServerParts, options: ServerOptions) {
    const { registry } = parts;
    const { clock, random, log, serviceAccountIssuer: issuer = defaultIssuer } = options;
    this.#parts = parts;
    this.#options = options;
    this.registry = registry;
    this.#health = new HealthHandler(log);
    this.#metrics = new ServerMetrics({
      clock,
      queues: () => this.#readQueues(),
      objects: parts.objectCounts ?? (() => []),
      checks: () => this.#health.outcomes,
      ...(parts.aggregator !== undefined && { aggregator: parts.aggregator }),
    });
    const lookup = createRegistryLookup(registry);
    const keys = [options.serviceAccountKey, ...(options.oldServiceAccountKeys ?? [])].map((pem) => createTokenKey(createPrivateKey(pem)));
    this.tokens = new ServiceAccountTokens({ keys, issuer, apiAudiences: [issuer], lookup, clock, random });
    const frontProxy =
      options.frontProxy === undefined ? undefined : frontProxySettings(options.frontProxy.ca, options.frontProxy.allowedNames);
    const { clientCa } = options.certificates;
    const authenticator = new Authenticator({
      serviceAccounts: this.tokens,
      staticTokens: options.staticTokens ?? [],
      ...(frontProxy !== undefined && { frontProxy, clientCa }),
    });
    this.#authenticationConfig =
      frontProxy === undefined ? undefined : new AuthenticationConfig({ registry, clock, log, clientCa, frontProxy });
    this.authorization = createAuthorization(registry);
    const { authorizer, rbac } = this.authorization;
    const actions = createReviewHandlers({ authorizer, rbac, authenticator });
    actions.set("serviceaccounts/token", createTokenRequestHandler(this.tokens, lookup, clock));
    parts.actions.bind(actions);
    const { aggregator } = parts;
    if (aggregator !== undefined) {
      this.#remoteDiscovery = new RemoteDiscovery(aggregator, { clock, log });
      this.#remoteOpenApi = new RemoteOpenApi(aggregator, { clock, log });
    }
    const discovery = this.#remoteDiscovery;
    this.#discovery = new DiscoveryHandler({
      registry,
      serverAddress: () => `${options.advertiseAddress}:${this.port}`,
      ...(aggregator !== undefined && discovery !== undefined && { others: { aggregator, discovery } }),
    });
    this.#openApi = new OpenApiHandler({
      registry,
      load: parts.openApi,
      clock,
      ...(this.#remoteOpenApi !== undefined && { remote: this.#remoteOpenApi }),
      isHidden: (group, version) => aggregator?.isDeclined(group, version) ?? false,
    });
    const proxy = { registry, random, ...(options.kubeletClient !== undefined && { kubelet: options.kubeletClient }) };
    const aggregation = aggregator === undefined ? {} : { aggregator };
    this.#handler = new ApiHandler({
      ...aggregation,
      registry,
      authenticator,
      authorizer,
      resources: new ResourceHandler({ registry, watches: this.#watches, metrics: this.#metrics.watches, clock, random }),
      connectors: createConnectors(proxy),
      paths: this.#paths(),
      metrics: this.#metrics.requests,
      clock,
      random,
      log,
    });
    this.#upgrades = new UpgradeProxy({ ...proxy, ...aggregation, handler: this.#handler, log });
    this.#addChecks();
  }

  #addChecks(): void {
    for (const check of this.#parts.checks ?? []) this.#health.add(check);
    const started = (name: string, done: () => boolean): void => this.#health.add({ name, check: () => checkDone(done()) });
    for (const name of bootstrapHooks) started(name, () => this.#isBootstrapped);
    for (const name of backgroundHooks) started(name, () => this.#isStarted);
    this.#health.add({ name: "shutdown", isReadinessOnly: true, check: () => this.#checkGoesOn() });
  }

  get port(): number {
    return this.#listeners[0]?.port ?? 0;
  }

  get url(): string {
    const host = this.#options.listen[0]?.host ?? "127.0.0.1";
    const reachable = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
    return `https://${reachable.includes(":") ? `[${reachable}]` : reachable}:${this.port}`;
  }

  async start(): Promise<void> {
    const { listen, log, frontProxy } = this.#options;
    const { aggregator } = this.#parts;
    const certificates = { ...this.#options.certificates, ...(frontProxy !== undefined && { requestHeaderCa: frontProxy.ca }) };
    try {
      for (const address of listen) {
        const listener = new HttpListener(certificates, {
          onExchange: (exchange) => void this.#handler.handle(exchange),
          onUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void this.#upgrades.handle(request, socket, head),
        });
        await listener.listen(address);
        this.#listeners.push(listener);
      }
      const background = (this.#parts.background ?? []).map((work) => work.start?.());
      const apis = aggregator?.registerBuiltIn();
      await Promise.all([this.authorization.waitForSync(this.#stopped.signal), this.#bootstrap(), apis, ...background]);
      aggregator?.start();
      this.#remoteDiscovery?.start();
      this.#authenticationConfig?.start();
      this.#isStarted = true;
    } catch (error) {
      await this.stop();
      throw error;
    }
    log.info("serving", { url: this.url });
  }

  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop());
  }

  showQueues(read: () => readonly NamedQueue[]): void {
    this.#readQueues = read;
  }

  directTransport(user: UserInfo, fieldManager?: string): Transport {
    const { authorizer, rbac, source } = this.authorization;
    const known = asAuthenticated(user);
    const authorization = new DirectAuthorization(known, rbac, authorizer, source);
    const { signal } = this.#stopped;
    return createDirectTransport({
      registry: this.registry,
      authorization,
      user: known,
      signal,
      ...(fieldManager !== undefined && { fieldManager }),
    });
  }

  async #bootstrap(): Promise<void> {
    const { serviceCidr, advertiseAddress, clock } = this.#options;
    const rbac = await this.#parts.bootstrapRbac();
    const service = { clusterIP: firstServiceAddress(serviceCidr), advertiseAddress, port: this.port };
    await bootstrap({ registry: this.registry, clock, rbac, service });
    await this.#authenticationConfig?.publish();
    this.#isBootstrapped = true;
  }

  async #stop(): Promise<void> {
    const { clock } = this.#options;
    for (const listener of this.#listeners) listener.stopAccepting();
    this.#watches.close();
    this.#upgrades.close();
    const deadlineMs = clock.monotonic() + drainMs;
    while (this.#handler.active > 0 && clock.monotonic() < deadlineMs) await clock.sleep(10);
    this.#stopped.abort(new Error("the API server stopped"));
    for (const listener of this.#listeners) listener.destroy();
    this.#authenticationConfig?.[Symbol.dispose]();
    this.#remoteDiscovery?.[Symbol.dispose]();
    this.#remoteOpenApi?.[Symbol.dispose]();
    this.#parts.aggregator?.[Symbol.dispose]();
    this.authorization[Symbol.dispose]();
    this.#discovery[Symbol.dispose]();
    this.#openApi[Symbol.dispose]();
    for (const work of (this.#parts.background ?? []).toReversed()) work[Symbol.dispose]();
  }

  #paths(): PathHandler[] {
    return [
      (exchange, { path, query }) => this.#health.handle(exchange, path, query),
      documentAt("/version", () => versionInfo, indented),
      (exchange, { path }) => this.#discovery.handle(exchange, path),
      async (exchange, info, user) => {
        const remote = await this.#openApi.remoteOf(info.path);
        if (remote === undefined) return this.#openApi.handle(exchange, info.path, info.query);
        await forwardToRemote(remote, exchange, { info, user, clock: this.#options.clock });
        return true;
      },
      (exchange, { path }) => {
        const text = this.#metrics.textOf(path);
        if (text !== undefined) sendText(exchange, 200, text, metricsType);
        return text !== undefined;
      },
      documentAt("/", () => ({ paths: this.#indexed() }), indented),
      documentAt("/openid/v1/jwks", () => this.tokens.keySet(), { type: "application/jwk-set+json", cacheControl: publicHour }),
      documentAt("/.well-known/openid-configuration", () => this.#openIdConfiguration(), { cacheControl: publicHour }),
    ];
  }

  #openIdConfiguration(): object {
    return {
      issuer: this.tokens.issuer,
      jwks_uri: `${this.url}/openid/v1/jwks`,
      response_types_supported: ["id_token"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["ES256"],
    };
  }

  /** The paths that are worth a look. */
  #indexed(): string[] {
    const groups = this.#discovery.groups.flatMap(({ name, versions }) =>
      name === ""
        ? versions.map(({ version }) => `/api/${version}`)
        : [`/apis/${name}`, ...versions.map(({ version }) => `/apis/${name}/${version}`)],
    );
    return [...fixedPaths, ...groups, ...this.#health.paths].sort();
  }

  #checkGoesOn(): void {
    if (this.#stopping !== undefined) throw new Error("process is shutting down");
  }
}

function checkDone(isDone: boolean): void {
  if (!isDone) throw new Error("not finished");
}

interface DocumentForm {
  /** Defaults to JSON. */
  readonly type?: string;
  /** Defaults to nobody keeping it. */
  readonly cacheControl?: string;
  /** With line breaks, whoever asks. Defaults to none. */
  readonly indent?: number;
}

const indented: DocumentForm = { indent: 2 };
const publicHour = "public, max-age=3600";

/** One small document that has a path of its own, in the form in which upstream sends it. */
function documentAt(path: string, value: () => unknown, form: DocumentForm): PathHandler {
  const { type = "application/json", cacheControl = "no-cache, private", indent } = form;
  return (exchange, info) => {
    if (info.path !== path && info.path !== `${path}/`) return false;
    exchange.respond(200, { "content-type": type, "cache-control": cacheControl }, JSON.stringify(value(), undefined, indent));
    return true;
  };
}
