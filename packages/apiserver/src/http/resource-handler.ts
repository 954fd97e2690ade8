import type { Clock, Random } from "@coracle/base";
import { newMethodNotAllowed, StatusError, type Status } from "@coracle/apimachinery";
import type { WatchMetrics } from "../metrics/watch-metrics.ts";
import type { ObjectView, Registry, ResourceAddress, ServedResource } from "../registry/contract.ts";
import { readIncludeObject, sendList, sendObject, type Answer } from "./answer.ts";
import type { HttpExchange } from "./exchange.ts";
import { negotiate, protobufType } from "./negotiate.ts";
import { loadProtobuf } from "./protobuf/load.ts";
import { addressOf, readDeleteOptions, readForce, readInteger, readListQuery, readWatchQuery } from "./query.ts";
import { applyPatchType, readObjectBody, readOptionsBody, readPatchBody, type BodyKind } from "./request-body.ts";
import type { HttpRequestContext } from "./request-context.ts";
import { type RequestInfo } from "./request-info.ts";
import { sendStatus } from "./respond.ts";
import { WatchStream, type WatchRegistry } from "./watch-stream.ts";

export interface ResourceHandlerOptions {
  readonly registry: Registry;
  readonly watches: WatchRegistry;
  /** Told of what watches send. */
  readonly metrics?: WatchMetrics;
  readonly clock: Clock;
  readonly random: Random;
}

interface ResourceRequest extends Answer {
  readonly info: RequestInfo;
  readonly address: ResourceAddress;
  readonly context: HttpRequestContext;
  /** Of the objects in requests and answers. */
  readonly kind: BodyKind;
}

/** Serves the verbs of resources: reads the request, asks the registry, writes the answer. */
export class ResourceHandler {
  readonly #options: ResourceHandlerOptions;

  constructor(options: ResourceHandlerOptions) {
    this.#options = options;
  }

  async handle(exchange: HttpExchange, info: RequestInfo, context: HttpRequestContext, served: ServedResource): Promise<void> {
    const kind = kindOf(served, info.subresource);
    const answer = await this.#answer(exchange, served, { kind, info });
    const subresource = served.version.subresources.find(({ name }) => name === info.subresource);
    const warning = subresource?.deprecationWarning ?? served.version.deprecationWarning;
    if (warning !== undefined) context.warn(warning);
    await this.#dispatch({ ...answer, info, address: addressOf(info), context, kind });
  }

  /** @throws {StatusError} 400 or 406. */
  async #answer(exchange: HttpExchange, served: ServedResource, { kind, info }: { kind: BodyKind; info: RequestInfo }): Promise<Answer> {
    const { accept } = exchange.headers;
    const { definition } = served;
    const protobuf = accept?.includes(protobufType) === true ? await loadProtobuf() : undefined;
    const hasProtobuf = protobuf?.hasProtobuf(definition, kind) === true;
    const negotiated = negotiate(accept, {
      hasProtobuf,
      hasTable: definition.verbs.includes("get"),
      verb: info.verb,
      isRouted: !definition.isCustom,
    });
    return {
      exchange,
      served,
      negotiated,
      protobuf: negotiated.format === "protobuf" ? protobuf : undefined,
      includeObject: negotiated.as === "Table" ? readIncludeObject(info.query.get("includeObject")) : "None",
      hasColumns: info.subresource === "" || info.subresource === "status",
      nowMs: () => this.#options.clock.now(),
    };
  }

  #dispatch(request: ResourceRequest): Promise<void> {
    const { verb, resource, group } = request.info;
    switch (verb) {
      case "get":
        return this.#get(request);
      case "list":
        return this.#list(request);
      case "watch":
        return this.#watch(request);
      case "create":
        return this.#create(request);
      case "update":
        return this.#update(request);
      case "patch":
        return this.#patch(request);
      case "delete":
        return this.#delete(request);
      case "deletecollection":
        return this.#deleteCollection(request);
      default:
        throw newMethodNotAllowed({ group, resource }, verb);
    }
  }

  async #get(request: ResourceRequest): Promise<void> {
    const resourceVersion = request.info.query.get("resourceVersion") ?? "";
    const options = resourceVersion === "" ? {} : { resourceVersion };
    const view = await this.#options.registry.get(request.context, request.address, options);
    await sendObject(request, 200, view);
  }

  async #list(request: ResourceRequest): Promise<void> {
    await sendList(request, await this.#options.registry.list(request.context, request.address, readListQuery(request.info.query)));
  }

  async #watch(request: ResourceRequest): Promise<void> {
    const { exchange, info } = request;
    const { registry, watches, clock, random, metrics } = this.#options;
    const seconds = readInteger(info.query, "timeoutSeconds");
    // Spread out, so that clients that came together do not come back together.
    const timeoutMs = seconds !== undefined && seconds > 0 ? seconds * 1000 : 1_800_000 * (1 + random.next());
    const ended: Disposable[] = [];
    const onEvent = metrics?.counterOf(info.group, info.version, info.resource);
    const stream = new WatchStream(exchange, { ...request, ...(onEvent !== undefined && { onEvent }) }, () => {
      for (const each of ended.splice(0)) each[Symbol.dispose]();
    });
    const source = await registry.watch(request.context, request.address, readWatchQuery(info), stream);
    ended.push(source);
    stream.start();
    ended.push(watches.add(stream));
    ended.push(clock.setTimeout(() => stream.close(), timeoutMs));
    if (exchange.signal.aborted || stream.isEnded) {
      stream.close();
      for (const each of ended.splice(0)) each[Symbol.dispose]();
    }
  }

  async #create(request: ResourceRequest): Promise<void> {
    const { info, address } = request;
    // What is created has its name in itself.
    if (info.subresource === "" && info.name !== "") throw notRouted;
    const body = await readObjectBody(request.exchange, request.kind);
    const result = await this.#options.registry.create(request.context, address, body);
    if (isView(result)) await sendObject(request, 201, result);
    else await sendStatus(request.exchange, { ...result, code: result.code ?? 201 }, request.negotiated);
  }

  async #update(request: ResourceRequest): Promise<void> {
    checkNamed(request);
    const body = await readObjectBody(request.exchange, request.kind);
    const { view, isCreated } = await this.#options.registry.update(request.context, request.address, body);
    await sendObject(request, isCreated ? 201 : 200, view);
  }

  async #patch(request: ResourceRequest): Promise<void> {
    const { exchange, served, info } = request;
    checkNamed(request);
    const patch = await readPatchBody(exchange, served, (contentType) =>
      readForce(info.query.get("force"), contentType === applyPatchType),
    );
    const { view, isCreated } = await this.#options.registry.patch(request.context, request.address, patch);
    await sendObject(request, isCreated ? 201 : 200, view);
  }

  async #delete(request: ResourceRequest): Promise<void> {
    const { exchange, info, context, negotiated } = request;
    const body = await readOptionsBody(exchange);
    const options = await readDeleteOptions(body.data, body.contentType, info.query);
    const { view, isAccepted } = await this.#options.registry.delete(context, request.address, options);
    const code = isAccepted ? 202 : 200;
    if (isView(view)) await sendObject(request, code, view);
    else await sendStatus(exchange, view, negotiated, code);
  }

  async #deleteCollection(request: ResourceRequest): Promise<void> {
    const { exchange, info, context, address } = request;
    const body = await readOptionsBody(exchange);
    const options = await readDeleteOptions(body.data, body.contentType, info.query);
    await sendList(request, await this.#options.registry.deleteCollection(context, address, options, readListQuery(info.query)));
  }
}

/** Collections cannot be written as a whole. @throws {StatusError} 405, in the words of upstream's router. */
function checkNamed({ info }: ResourceRequest): void {
  if (info.name === "" && info.subresource === "") throw notRouted;
}

const notRouted = new StatusError({
  kind: "Status",
  apiVersion: "v1",
  metadata: {},
  status: "Failure",
  message: "the server does not allow this method on the requested resource",
  reason: "MethodNotAllowed",
  details: {},
  code: 405,
});

/** The kind that requests to a resource or its subresource carry. */
function kindOf({ definition, version }: ServedResource, subresource: string): BodyKind {
  const found = version.subresources.find((each) => each.name === subresource);
  return found?.kind ?? { group: definition.group, version: version.version, kind: definition.kind };
}

function isView(result: ObjectView | Status): result is ObjectView {
  return "bytes" in result && typeof result.bytes === "function";
}
