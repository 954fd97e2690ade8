import { randomUuid, type Clock, type Logger, type Random } from "@coracle/base";
import { newBadRequest, newGenericServerResponse, newMethodNotAllowed, newTimeout } from "@coracle/apimachinery";
import { unauthorized, type Authenticator } from "../authentication/authenticator.ts";
import { impersonate } from "../authentication/impersonation.ts";
import { anonymousUser } from "../authentication/users.ts";
import { forwardToRemote, type Aggregator } from "../aggregator/index.ts";
import { attributesOf, type Attributes, type Authorizer } from "../authorization/attributes.ts";
import { forbidden } from "../authorization/forbidden.ts";
import type { MeasuredRequest, RequestMetrics } from "../metrics/request-metrics.ts";
import type { Registry, ServedResource, UserInfo } from "../registry/contract.ts";
import type { HttpExchange } from "./exchange.ts";
import { HttpRequestContext } from "./request-context.ts";
import { parseRequestInfo, type RequestInfo } from "./request-info.ts";
import type { ResourceHandler } from "./resource-handler.ts";
import { isServerFault, sendError, sendPathNotFound, sendText } from "./respond.ts";

/** Serves subresources that connect to something else (`pods/log`, `services/proxy`), by `group/resource/subresource`. */
export type Connector = (exchange: HttpExchange, info: RequestInfo, context: HttpRequestContext) => Promise<void>;

/** Serves paths that are no resources; says false when the path is not its own. */
export type PathHandler = (exchange: HttpExchange, info: RequestInfo, user: UserInfo) => boolean | Promise<boolean>;

export interface ApiHandlerOptions {
  readonly registry: Registry;
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  readonly resources: ResourceHandler;
  readonly connectors: ReadonlyMap<string, Connector>;
  /** Asked in order. */
  readonly paths: readonly PathHandler[];
  /** Knows what other servers serve. Defaults to nothing. */
  readonly aggregator?: Aggregator;
  readonly metrics: RequestMetrics;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** What anybody may read; single checks below them are for those who watch over the server. */
const publicPaths = /^\/(livez|readyz|healthz|version)\/?$/;
const routedPaths = /^\/(api|version|openid|\.well-known)(\/|$)/;
const requestTimeoutMs = 60_000;
/** Which may last as long as they like on other servers. */
const streamSubresources = new Set(["attach", "exec", "log", "portforward", "proxy"]);

/** The way of a request: who (authentication), may they (authorization), then the resource or path that it is for. */
export class ApiHandler {
  readonly #options: ApiHandlerOptions;
  #active = 0;

  constructor(options: ApiHandlerOptions) {
    this.#options = options;
  }

  /** Requests in progress; watches only until they have begun. */
  get active(): number {
    return this.#active;
  }

  /** Never rejects. */
  async handle(exchange: HttpExchange): Promise<void> {
    const { random, log } = this.#options;
    const auditId = givenAuditId(exchange) ?? randomUuid(random);
    // Servers that the request is passed on to record it under the same name.
    exchange.headers["audit-id"] = auditId;
    exchange.addHeader("audit-id", auditId);
    this.#active++;
    const info = parseRequestInfo(exchange.method, exchange.url);
    const measured = this.measure(exchange, info);
    try {
      if (info === undefined) throw newBadRequest("unable to determine kind and namespace from url");
      await this.#serve(exchange, info);
    } catch (error) {
      const isOver = exchange.signal.aborted;
      if (isServerFault(error) && !isOver) log.error("request failed", { method: exchange.method, path: info?.path, error });
      if (!isOver) await sendError(exchange, error).catch(() => exchange.destroy());
    } finally {
      this.#active--;
      // A watch goes on after it was set up.
      if (info?.verb === "watch" && exchange.statusCode === 200) exchange.signal.addEventListener("abort", () => measured.end());
      else measured.end();
    }
  }

  /** Counts a request until the result is told that it ended. For upgrades too. */
  measure(exchange: HttpExchange, info: RequestInfo | undefined): MeasuredRequest {
    return this.#options.metrics.begin(exchange, info, info !== undefined && this.#isLongRunning(info));
  }

  /**
   * Establishes who asks and that they may. For upgrades too, whose streams start outside of {@link handle}.
   * @throws {StatusError} 401, 403.
   */
  async admit(exchange: HttpExchange, info: RequestInfo): Promise<UserInfo> {
    const { authenticator, authorizer } = this.#options;
    const isPublic = !info.isResourceRequest && publicPaths.test(info.path);
    const real = await authenticator.authenticate(exchange);
    if (real === undefined) {
      if (isPublic) return anonymousUser;
      throw unauthorized();
    }
    const demand = (attributes: Attributes): void => {
      const decision = authorizer.authorize(attributes);
      if (decision.type !== "allow") throw forbidden(attributes, decision.reason);
    };
    const user = impersonate(real, exchange.headers, demand) ?? real;
    if (!isPublic) demand(attributesOf(user, info));
    return user;
  }

  async #serve(exchange: HttpExchange, info: RequestInfo): Promise<void> {
    const timer = this.#isLongRunning(info) ? undefined : this.#startTimeout(exchange, info);
    try {
      const user = await this.admit(exchange, info);
      const remote = this.#options.aggregator?.remoteOf(info);
      if (remote !== undefined) await forwardToRemote(remote, exchange, { info, user, clock: this.#options.clock });
      else if (info.isResourceRequest) await this.#serveResource(exchange, info, user);
      else await this.#servePath(exchange, info, user);
    } finally {
      timer?.[Symbol.dispose]();
    }
  }

  async #serveResource(exchange: HttpExchange, info: RequestInfo, user: UserInfo): Promise<void> {
    const { registry, resources, connectors, aggregator } = this.#options;
    const { group, version, resource, subresource } = info;
    const served = aggregator?.isDeclined(group, version) === true ? undefined : registry.lookup(group, version, resource);
    if (served === undefined || !isServed(served, info)) {
      this.#sendNotFound(exchange, info.path);
      return;
    }
    const context = new HttpRequestContext(exchange, user, info.query);
    const connector = connectors.get(`${group}/${resource}/${subresource}`);
    // Whoever is behind a proxy may know more methods than resources have.
    const isKnown = info.verb !== "" || (subresource === "proxy" && exchange.method === "OPTIONS");
    if (!isKnown) throw newMethodNotAllowed({ group, resource }, exchange.method.toLowerCase());
    if (connector === undefined) await resources.handle(exchange, info, context, served);
    else await connector(exchange, info, context);
  }

  async #servePath(exchange: HttpExchange, info: RequestInfo, user: UserInfo): Promise<void> {
    if (exchange.method !== "GET" && exchange.method !== "HEAD") {
      if (this.#isRouted(info.path)) throw newGenericServerResponse({ code: 405, method: exchange.method });
      sendText(exchange, 405, "405: Method Not Allowed\n");
      return;
    }
    for (const handler of this.#options.paths) if (await handler(exchange, info, user)) return;
    this.#sendNotFound(exchange, info.path);
  }

  /** @throws {StatusError} 404, or answers with upstream's other way to say so. */
  #sendNotFound(exchange: HttpExchange, path: string): void {
    if (this.#isRouted(path)) throw newGenericServerResponse({ code: 404, method: exchange.method });
    sendPathNotFound(exchange);
  }

  /** Whether upstream's router, which answers with a Status, knows what is below the path. Custom resources have a handler of their own. */
  #isRouted(path: string): boolean {
    if (routedPaths.test(path)) return true;
    const group = /^\/apis\/([^/]+)\/[^/]/.exec(path)?.[1];
    if (group === undefined) return false;
    return this.#options.registry.resources().some((each) => each.group === group && !each.isCustom);
  }

  #isLongRunning(info: RequestInfo): boolean {
    const { verb, group, resource, subresource } = info;
    if (verb === "watch" || verb === "proxy" || this.#options.connectors.has(`${group}/${resource}/${subresource}`)) return true;
    return streamSubresources.has(subresource) && this.#options.aggregator?.remoteOf(info) !== undefined;
  }

  #startTimeout(exchange: HttpExchange, info: RequestInfo): Disposable {
    const asked = /^(\d+)s$/.exec(info.query.get("timeout") ?? "");
    const delayMs = asked === null ? requestTimeoutMs : Math.min(requestTimeoutMs, Number(asked[1]) * 1000 || requestTimeoutMs);
    return this.#options.clock.setTimeout(() => {
      void sendError(exchange, newTimeout("request did not complete within the allotted timeout"));
    }, delayMs);
  }
}

/** Whether the resource has the scope and the subresource that the path speaks of. */
function isServed({ definition, version }: ServedResource, info: RequestInfo): boolean {
  if (info.resource !== "namespaces" && !definition.isNamespaced && info.namespace !== "") return false;
  if (definition.isNamespaced && info.namespace === "" && info.name !== "" && !collectionVerbs.has(info.verb)) return false;
  return info.subresource === "" || version.subresources.some((each) => each.name === info.subresource);
}

const collectionVerbs = new Set(["list", "watch", "deletecollection"]);

function givenAuditId(exchange: HttpExchange): string | undefined {
  const given = exchange.headers["audit-id"];
  return typeof given === "string" && /^[\w-]{1,64}$/.test(given) ? given : undefined;
}
