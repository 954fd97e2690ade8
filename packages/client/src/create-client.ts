import { systemRandom, type Clock, type Logger, type Random } from "@coracle/base";
import type { DeleteOptions, KubeList, KubeObject, ResourceType, Status } from "@coracle/apimachinery";
import type {
  ApplyObject,
  Client,
  GetOptions,
  ListOptions,
  PatchOptions,
  ResourceClient,
  WatchListOptions,
  WriteOptions,
} from "./client.ts";
import type { Informer } from "./informer.ts";
import { Reflector } from "./informer/reflector.ts";
import type { ApiRequest, Transport, WatchEvent } from "./transport.ts";

export interface ClientOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly log: Logger;
  /** Spreads retries. Defaults to the machine's. */
  readonly random?: Random;
}

/** Makes a {@link Client}. Informers come from the transport where it lends them, from a list-and-watch otherwise. */
export function createClient({ transport, clock, log, random = systemRandom }: ClientOptions): Client {
  const informers = new Map<string, { readonly informer: Informer<KubeObject>; readonly reflector?: Reflector<KubeObject> }>();
  const start = (resource: ResourceType<KubeObject>): { informer: Informer<KubeObject>; reflector?: Reflector<KubeObject> } => {
    if (transport.informer !== undefined) return { informer: transport.informer(resource) };
    const reflector = new Reflector(resource, { transport, clock, random, log: log.with({ resource: resource.resource }) });
    reflector.start();
    return { informer: reflector, reflector };
  };
  return {
    transport,
    resource: (resource, namespace) => new TransportResourceClient(transport, resource, namespace),
    informer<T extends KubeObject>(resource: ResourceType<T>): Informer<T> {
      const key = `${resource.group}/${resource.version}/${resource.resource}`;
      let entry = informers.get(key);
      if (entry === undefined) informers.set(key, (entry = start(resource as unknown as ResourceType<KubeObject>)));
      return entry.informer as unknown as Informer<T>;
    },
    close() {
      for (const { reflector } of informers.values()) reflector?.stop();
      informers.clear();
    },
  };
}

type Query = Record<string, string>;

class TransportResourceClient<T extends KubeObject> implements ResourceClient<T> {
  readonly #transport: Transport;
  readonly #base: { resource: ResourceType<KubeObject>; namespace?: string };
  readonly #namespace: string | undefined;

  constructor(transport: Transport, resource: ResourceType<T>, namespace: string | undefined) {
    this.#transport = transport;
    this.#namespace = resource.isNamespaced && namespace !== "" ? namespace : undefined;
    const base = { resource: resource as unknown as ResourceType<KubeObject> };
    this.#base = this.#namespace === undefined ? base : { ...base, namespace: this.#namespace };
  }

  get(name: string, options: GetOptions = {}): Promise<T> {
    const { subresource, resourceVersion } = options;
    return this.#send<T>({ verb: "get", name, ...optional({ subresource }), query: optional({ resourceVersion }) }, options.signal);
  }

  list(options: ListOptions = {}): Promise<KubeList<T>> {
    return this.#send<KubeList<T>>({ verb: "list", query: listQuery(options) }, options.signal);
  }

  watch(options: WatchListOptions = {}): AsyncIterable<WatchEvent<T>> {
    const { allowWatchBookmarks, sendInitialEvents, timeoutSeconds } = options;
    const query = { ...listQuery(options), ...optional(asText({ allowWatchBookmarks, sendInitialEvents, timeoutSeconds })) };
    const signal = options.signal === undefined ? {} : { signal: options.signal };
    return this.#transport.watch({ ...this.#base, verb: "watch", query, ...signal }) as AsyncIterable<WatchEvent<T>>;
  }

  create(object: T, options: WriteOptions = {}): Promise<T> {
    return this.#send<T>({ verb: "create", body: object, query: writeQuery(options), ...this.#namespaceOf(object) }, options.signal);
  }

  update(object: T, options: WriteOptions = {}): Promise<T> {
    return this.#put(object, options);
  }

  updateStatus(object: T, options: WriteOptions = {}): Promise<T> {
    return this.#put(object, options, "status");
  }

  patch(name: string, patch: unknown, options: PatchOptions): Promise<T> {
    const { type: contentType, subresource } = options;
    const query = writeQuery(options);
    return this.#send<T>({ verb: "patch", name, body: patch, contentType, query, ...optional({ subresource }) }, options.signal);
  }

  apply(object: ApplyObject<T>, options: WriteOptions & { fieldManager: string; force?: boolean; subresource?: string }): Promise<T> {
    const { subresource, force } = options;
    const query = { ...writeQuery(options), ...optional(asText({ force })) };
    const target = { name: object.metadata.name, ...optional({ subresource }), ...this.#namespaceOf(object) };
    return this.#send<T>({ verb: "patch", ...target, body: object, contentType: "application/apply-patch+yaml", query }, options.signal);
  }

  delete(name: string, options?: DeleteOptions): Promise<T | Status> {
    return this.#send<T | Status>({ verb: "delete", name, ...optional({ body: options }) });
  }

  async deleteCollection(options: DeleteOptions & Pick<ListOptions, "labelSelector" | "fieldSelector"> = {}): Promise<void> {
    const { labelSelector, fieldSelector, ...body } = options;
    await this.#send({ verb: "deletecollection", body, query: listQuery(optional({ labelSelector, fieldSelector })) });
  }

  createSubresource<R extends KubeObject>(name: string, subresource: string, body: R): Promise<R> {
    return this.#send<R>({ verb: "create", name, subresource, body });
  }

  #put(object: T, options: WriteOptions, subresource?: string): Promise<T> {
    const target = { name: object.metadata.name ?? "", ...optional({ subresource }), ...this.#namespaceOf(object) };
    return this.#send<T>({ verb: "update", ...target, body: object, query: writeQuery(options) }, options.signal);
  }

  /** A client across namespaces writes an object where the object says. */
  #namespaceOf(object: { metadata: { namespace?: string } }): { namespace?: string } {
    return this.#namespace === undefined && this.#base.resource.isNamespaced ? optional({ namespace: object.metadata.namespace }) : {};
  }

  async #send<R>(request: Omit<ApiRequest, "resource">, signal?: AbortSignal): Promise<R> {
    return (await this.#transport.request({ ...this.#base, ...request, ...optional({ signal }) })) as unknown as R;
  }
}

/** Drops the fields that are undefined. */
function optional<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const present: { [K in keyof T]?: Exclude<T[K], undefined> } = {};
  for (const name of Object.keys(fields) as (keyof T)[]) {
    if (fields[name] !== undefined) present[name] = fields[name] as Exclude<T[typeof name], undefined>;
  }
  return present;
}

function asText<T extends object>(fields: T): { [K in keyof T]?: string } {
  const text: { [K in keyof T]?: string } = {};
  for (const name of Object.keys(fields) as (keyof T)[]) if (fields[name] !== undefined) text[name] = String(fields[name]);
  return text;
}

function listQuery(options: ListOptions): Query {
  const { labelSelector, fieldSelector, limit, continue: next, resourceVersion, resourceVersionMatch } = options;
  return optional(asText({ labelSelector, fieldSelector, limit, continue: next, resourceVersion, resourceVersionMatch })) as Query;
}

function writeQuery({ dryRun, fieldManager, fieldValidation }: WriteOptions): Query {
  return optional({ ...(dryRun === true ? { dryRun: "All" } : {}), fieldManager, fieldValidation }) as Query;
}
