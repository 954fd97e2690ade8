import { createLifetime } from "@coracle/client";
import {
  formatApiVersion,
  newBadRequest,
  newPathNotFound,
  type DeleteOptions,
  type KubeList,
  type KubeObject,
  type ResourceType,
  type Status,
  type UnstructuredObject,
} from "@coracle/apimachinery";
import type { ApiRequest, Informer, Transport, WatchEvent } from "@coracle/client";
import { checkDeleteOptions, readDeleteOptions, readDryRun, readFieldValidation, readListQuery } from "../http/query.ts";
import { isTrue } from "../http/request-info.ts";
import type { ListView, ObjectView, Registry, RequestContext, ResourceAddress, ServedResource, UserInfo } from "../registry/contract.ts";
import type { DirectAuthorization } from "./direct-authorization.ts";
import { EventQueue } from "./event-queue.ts";

export interface DirectTransportOptions {
  readonly registry: Registry;
  readonly authorization: DirectAuthorization;
  readonly user: UserInfo;
  /** What `managedFields` name; defaults to the user's name after its last colon. */
  readonly fieldManager?: string;
  /** Aborts when the server stops. */
  readonly signal: AbortSignal;
}

/** Requests into the API server of this process: authorized, admitted and validated like all others, but never serialized. */
export function createDirectTransport(options: DirectTransportOptions): Transport {
  const direct = new DirectRequests(options);
  const { registry, authorization } = options;
  return {
    request: (request) => direct.request(request),
    watch: (request) => direct.watch(request),
    ...(registry.informer !== undefined && {
      informer<T extends KubeObject>(resource: ResourceType<T>): Informer<T> {
        const address = { ...resource, namespace: "", name: "", subresource: "" };
        authorization.demand("list", address);
        authorization.demand("watch", address);
        return (registry.informer as NonNullable<Registry["informer"]>).call(registry, resource) as Informer<T>;
      },
    }),
  };
}

const never = createLifetime().signal;

class DirectRequests {
  readonly #options: DirectTransportOptions;
  readonly #fieldManager: string;

  constructor(options: DirectTransportOptions) {
    this.#options = options;
    this.#fieldManager = options.fieldManager ?? (options.user.name.split(":").pop() as string);
  }

  async request(request: ApiRequest): Promise<KubeObject | KubeList | Status> {
    const { registry, authorization } = this.#options;
    this.#options.signal.throwIfAborted();
    request.signal?.throwIfAborted();
    const address = addressOf(request);
    authorization.demand(request.verb, address);
    const served = registry.lookup(address.group, address.version, address.resource);
    if (served === undefined) throw newPathNotFound();
    const query = new URLSearchParams(request.query);
    const context = this.#contextOf(request, query);
    switch (request.verb) {
      case "get": {
        const resourceVersion = query.get("resourceVersion") ?? "";
        return (await registry.get(context, address, resourceVersion === "" ? {} : { resourceVersion })).object;
      }
      case "list":
        return listOf(served, await registry.list(context, address, readListQuery(query)));
      case "create":
        return objectOf(await registry.create(context, address, { type: "object", object: request.body as UnstructuredObject }));
      case "update":
        return (await registry.update(context, address, { type: "object", object: request.body as UnstructuredObject })).view.object;
      case "patch":
        return this.#patch(request, query, context);
      case "delete":
        return objectOf((await registry.delete(context, address, await deleteOptions(request, query))).view);
      case "deletecollection": {
        const options = await deleteOptions(request, query);
        return listOf(served, await registry.deleteCollection(context, address, options, readListQuery(query)));
      }
      case "watch":
        throw newBadRequest("a watch is no request");
    }
  }

  async *watch(request: ApiRequest): AsyncGenerator<WatchEvent, void, void> {
    const { registry, authorization, signal } = this.#options;
    const address = addressOf(request);
    authorization.demand("watch", address);
    const query = new URLSearchParams(request.query);
    const list = readListQuery(query);
    const queue = new EventQueue();
    const stop = (): void => queue.close();
    const isNamed = request.name !== undefined && request.name !== "" && list.fieldSelector === undefined;
    const watchQuery = {
      ...list,
      ...(isNamed && { fieldSelector: `metadata.name=${request.name}` }),
      allowWatchBookmarks: isTrue(query.get("allowWatchBookmarks")),
    };
    const source = await registry.watch(this.#contextOf(request, query), { ...address, name: "" }, watchQuery, queue);
    queue.start();
    request.signal?.addEventListener("abort", stop, { once: true });
    signal.addEventListener("abort", stop, { once: true });
    if (request.signal?.aborted === true || signal.aborted) stop();
    try {
      yield* queue.read();
    } finally {
      request.signal?.removeEventListener("abort", stop);
      signal.removeEventListener("abort", stop);
      source[Symbol.dispose]();
    }
  }

  async #patch(request: ApiRequest, query: URLSearchParams, context: RequestContext): Promise<KubeObject> {
    const contentType = request.contentType ?? "application/merge-patch+json";
    const patch = { contentType, body: { type: "value" as const, value: request.body }, force: isTrue(query.get("force")) };
    return (await this.#options.registry.patch(context, addressOf(request), patch)).view.object;
  }

  #contextOf(request: ApiRequest, query: URLSearchParams): RequestContext {
    const given = query.get("fieldManager") ?? "";
    const optionsKind = `${request.verb.slice(0, 1).toUpperCase()}${request.verb.slice(1)}Options`;
    return {
      user: this.#options.user,
      signal: request.signal ?? never,
      fieldManager: given === "" ? this.#fieldManager : given,
      hasExplicitFieldManager: given !== "",
      isDryRun: readDryRun(query.getAll("dryRun"), optionsKind),
      // Components are compiled against the types: what they send is well-formed, or a mistake that tests find.
      fieldValidation: readFieldValidation(query.get("fieldValidation") ?? "Ignore", optionsKind),
      warn() {},
    };
  }
}

function addressOf(request: ApiRequest): ResourceAddress {
  const { resource, namespace = "", name = "", subresource = "" } = request;
  return { group: resource.group, version: resource.version, resource: resource.resource, namespace, name, subresource };
}

async function deleteOptions(request: ApiRequest, query: URLSearchParams): Promise<DeleteOptions> {
  if (request.body === undefined) return readDeleteOptions(new Uint8Array(), "", query);
  return checkDeleteOptions(request.body as DeleteOptions);
}

function listOf({ definition, version }: ServedResource, list: ListView): KubeList {
  const { items, resourceVersion, continue: next, remainingItemCount } = list;
  return {
    kind: definition.listKind,
    apiVersion: formatApiVersion(definition.group, version.version),
    metadata: {
      resourceVersion,
      ...(next !== undefined && { continue: next }),
      ...(remainingItemCount !== undefined && { remainingItemCount }),
    },
    items: items.map((view) => view.object),
  };
}

function objectOf(result: ObjectView | Status): KubeObject | Status {
  return "bytes" in result && typeof result.bytes === "function" ? result.object : (result as Status);
}
