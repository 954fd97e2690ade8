import type { Clock, Random } from "@coracle/base";
import { newBadRequest, newMethodNotAllowed, newNotAcceptable, newUnsupportedMediaType, type Status } from "@coracle/apimachinery";
import type { ObjectView, PatchBody, Registry, RequestBody, ResourceAddress, ServedResource } from "../registry/contract.ts";
import type { HttpExchange } from "./exchange.ts";
import { encodeList, gatherList, listMeta } from "./list-body.ts";
import { negotiate, type Negotiated } from "./negotiate.ts";
import { addressOf, readDeleteOptions, readInteger, readListQuery, readWatchQuery } from "./query.ts";
import type { HttpRequestContext } from "./request-context.ts";
import { isTrue, type RequestInfo } from "./request-info.ts";
import { sendBytes, sendStatus, type AnswerForm } from "./respond.ts";
import { encodeObjectTable, encodeTable, partialMetadata, readIncludeObject, type IncludeObject } from "./table.ts";
import { WatchStream, type WatchRegistry } from "./watch-stream.ts";

/** As upstream's: what a store shaped like etcd takes, twice over. */
export const bodyLimitBytes = 3 * 2 ** 20;

export interface ResourceHandlerOptions {
  readonly registry: Registry;
  readonly watches: WatchRegistry;
  readonly clock: Clock;
  readonly random: Random;
}

interface ResourceRequest {
  readonly exchange: HttpExchange;
  readonly info: RequestInfo;
  readonly address: ResourceAddress;
  readonly context: HttpRequestContext;
  readonly served: ServedResource;
  readonly negotiated: Negotiated;
  readonly form: AnswerForm;
  readonly includeObject: IncludeObject;
}

/** Serves the verbs of resources: reads the request, asks the registry, writes the answer. */
export class ResourceHandler {
  readonly #options: ResourceHandlerOptions;

  constructor(options: ResourceHandlerOptions) {
    this.#options = options;
  }

  async handle(exchange: HttpExchange, info: RequestInfo, context: HttpRequestContext, served: ServedResource): Promise<void> {
    const includeObject = readIncludeObject(info.query.get("includeObject"));
    if (includeObject === undefined)
      throw newBadRequest(`unrecognized includeObject value: ${JSON.stringify(info.query.get("includeObject"))}`);
    const negotiated = negotiate(exchange.headers.accept);
    const form = { format: negotiated.format, isPretty: isPretty(exchange, info.query) };
    const request = { exchange, info, address: addressOf(info), context, served, negotiated, form, includeObject };
    if (served.version.deprecationWarning !== undefined) context.warn(served.version.deprecationWarning);
    await this.#dispatch(request);
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
    await this.#sendObject(request, 200, view);
  }

  async #list(request: ResourceRequest): Promise<void> {
    const { exchange, negotiated, served, form, includeObject } = request;
    const list = await this.#options.registry.list(request.context, request.address, readListQuery(request.info.query));
    const { metaVersion } = negotiated;
    switch (negotiated.as) {
      case undefined:
        return sendBytes(exchange, 200, encodeList(served, list), form);
      case "Table":
        return sendBytes(exchange, 200, encodeTable(served, list, { metaVersion, includeObject, nowMs: this.#options.clock.now() }), form);
      case "PartialObjectMetadataList":
      case "PartialObjectMetadata": {
        const head = { kind: "PartialObjectMetadataList", apiVersion: `meta.k8s.io/${metaVersion}`, metadata: listMeta(list) };
        const itemOf = (index: number): Buffer =>
          Buffer.from(JSON.stringify(partialMetadata(list.items[index] as ObjectView, metaVersion)));
        return sendBytes(exchange, 200, gatherList(head, list.items.length, itemOf), form);
      }
    }
  }

  async #watch(request: ResourceRequest): Promise<void> {
    const { exchange, served, negotiated, includeObject, info } = request;
    const { registry, watches, clock, random } = this.#options;
    if (negotiated.format !== "json") throw newNotAcceptable(["application/json"]);
    const seconds = readInteger(info.query, "timeoutSeconds");
    // Spread out, so that clients that came together do not come back together.
    const timeoutMs = seconds !== undefined && seconds > 0 ? seconds * 1000 : 1_800_000 * (1 + random.next());
    const ended: Disposable[] = [];
    const stream = new WatchStream(exchange, { served, negotiated, includeObject, clock }, () => {
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
    const body = await readRequestBody(request.exchange);
    const address = request.address.subresource === "" ? { ...request.address, name: "" } : request.address;
    const result = await this.#options.registry.create(request.context, address, body);
    if (!isView(result)) return sendStatus(request.exchange, { ...result, code: result.code ?? 201 }, request.form);
    await this.#sendObject(request, 201, result);
  }

  async #update(request: ResourceRequest): Promise<void> {
    const body = await readRequestBody(request.exchange);
    const { view, isCreated } = await this.#options.registry.update(request.context, request.address, body);
    await this.#sendObject(request, isCreated ? 201 : 200, view);
  }

  async #patch(request: ResourceRequest): Promise<void> {
    const { exchange, info } = request;
    const contentType = contentTypeOf(exchange);
    const data = await exchange.readBody(bodyLimitBytes);
    const patch: PatchBody = { contentType, body: { type: "bytes", contentType, data }, force: isTrue(info.query.get("force")) };
    const { view, isCreated } = await this.#options.registry.patch(request.context, request.address, patch);
    await this.#sendObject(request, isCreated ? 201 : 200, view);
  }

  async #delete(request: ResourceRequest): Promise<void> {
    const { exchange, info, context } = request;
    const body = await readRequestBody(exchange);
    const options = await readDeleteOptions(body.data, body.contentType, info.query);
    const { view, isAccepted } = await this.#options.registry.delete(context, request.address, options);
    const code = isAccepted ? 202 : 200;
    if (!isView(view)) return sendStatus(exchange, view.code === undefined ? { ...view, code } : view, request.form);
    await this.#sendObject(request, code, view);
  }

  async #deleteCollection(request: ResourceRequest): Promise<void> {
    const { exchange, info, context, served } = request;
    const body = await readRequestBody(exchange);
    const options = await readDeleteOptions(body.data, body.contentType, info.query);
    const list = await this.#options.registry.deleteCollection(context, request.address, options, readListQuery(info.query));
    await sendBytes(exchange, 200, encodeList(served, list), request.form);
  }

  #sendObject(request: ResourceRequest, code: number, view: ObjectView): Promise<void> {
    const { exchange, negotiated, served, form, includeObject, address } = request;
    const { metaVersion } = negotiated;
    // Subresources have kinds, and so columns, of their own.
    if (negotiated.as === "Table" && (address.subresource === "" || address.subresource === "status")) {
      const nowMs = this.#options.clock.now();
      return sendBytes(exchange, code, encodeObjectTable(served, view, { metaVersion, includeObject, nowMs }), form);
    }
    if (negotiated.as === "PartialObjectMetadata") {
      return sendBytes(exchange, code, Buffer.from(JSON.stringify(partialMetadata(view, metaVersion))), form);
    }
    return sendBytes(exchange, code, view.bytes(), form);
  }
}

/** @throws {StatusError} 400, 413 or 415. */
async function readRequestBody(exchange: HttpExchange): Promise<RequestBody & { readonly type: "bytes" }> {
  const contentType = contentTypeOf(exchange);
  const data = await exchange.readBody(bodyLimitBytes);
  if (contentType !== protobufType || data.length === 0) return { type: "bytes", contentType, data };
  return { type: "bytes", contentType: "application/json", data: await transcode(data) };
}

const protobufType = "application/vnd.kubernetes.protobuf";

/** Protobuf as JSON. The tables that this needs are loaded with the first such request. */
async function transcode(data: Uint8Array): Promise<Uint8Array> {
  const { decodeProtobuf } = await import("./protobuf/decode.ts");
  try {
    return Buffer.from(JSON.stringify(decodeProtobuf(data)));
  } catch (error) {
    throw newBadRequest((error as Error).message);
  }
}

/** Without parameters; JSON when absent. @throws {StatusError} 415 for CBOR, upon which clients turn to JSON. */
function contentTypeOf(exchange: HttpExchange): string {
  const type = (exchange.headers["content-type"] ?? "application/json").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (type === "application/cbor") throw newUnsupportedMediaType(["application/json", "application/yaml", protobufType]);
  return type === "" || type === "*/*" ? "application/json" : type;
}

/** People who look with a browser or curl get line breaks. */
function isPretty(exchange: HttpExchange, query: URLSearchParams): boolean {
  const asked = query.get("pretty");
  return asked === null ? /^(curl|Wget|Mozilla\/5\.0)/.test(exchange.headers["user-agent"] ?? "") : isTrue(asked);
}

function isView(result: ObjectView | Status): result is ObjectView {
  return "bytes" in result && typeof result.bytes === "function";
}
