import { randomUuid, toDisposable, type Random } from "@coracle/base";
import {
  decodeJson,
  errorFromStatus,
  formatApiVersion,
  formatGroupResource,
  newBadRequest,
  type KubeList,
  type ResourceDefinition,
  type Status,
  type UnstructuredObject,
} from "@coracle/apimachinery";
import { createFakeTransport, type ApiRequest, type FakeTransport } from "@coracle/client";
import type { ActionHandler, ObjectView, Registry, RequestBody, RequestContext, ResourceAddress, WatchSink } from "../registry/contract.ts";

/** A registry for tests of what stands before it: the client's fake API server behind the contract. It neither defaults nor validates. */
export interface FakeRegistry extends Registry {
  readonly server: FakeTransport;
  /** Announces a change of the resources. */
  setResources(resources: readonly ResourceDefinition[]): void;
}

export function createFakeRegistry(
  given: readonly ResourceDefinition[],
  actions: Readonly<Record<string, ActionHandler>>,
  random: Random,
): FakeRegistry {
  const server = createFakeTransport({ random });
  const listeners = new Set<() => void>();
  let resources = given;
  const ask = async (address: ResourceAddress, more: Partial<ApiRequest> & Pick<ApiRequest, "verb">): Promise<UnstructuredObject> =>
    (await server.request(requestOf(address, more))) as UnstructuredObject;
  const list = async (address: ResourceAddress, query: object): Promise<KubeList<UnstructuredObject>> =>
    (await ask(address, { verb: "list", query: textOf(query) })) as unknown as KubeList<UnstructuredObject>;
  return {
    server,
    setResources(next) {
      resources = next;
      for (const listener of listeners) listener();
    },
    resources: () => resources,
    onResourcesChanged(listener) {
      listeners.add(listener);
      return toDisposable(() => listeners.delete(listener));
    },
    lookup(group, version, resource) {
      const definition = resources.find((each) => each.group === group && each.resource === resource);
      const served = definition?.versions.find((each) => each.version === version && each.isServed);
      return definition === undefined || served === undefined ? undefined : { definition, version: served };
    },
    async get(_context, address) {
      return viewOf(await ask(address, { verb: "get" }));
    },
    async list(_context, address, query) {
      const { items, metadata } = await list(address, query);
      return { items: items.map(viewOf), resourceVersion: metadata.resourceVersion ?? "" };
    },
    async watch(_context, address, query, sink) {
      return pump(server, requestOf(address, { verb: "watch", query: textOf(query) }), sink);
    },
    async create(context, address, body) {
      const object = { ...decode(body) };
      const action = actions[`${formatGroupResource(address)}${address.subresource === "" ? "" : `/${address.subresource}`}`];
      if (action !== undefined) return resultOf(await action(context, address, object));
      return viewOf(await ask(address, { verb: "create", body: withIdentity(object, address, random) }));
    },
    async update(_context, address, body) {
      return { view: viewOf(await ask(address, { verb: "update", body: decode(body) })), isCreated: false };
    },
    async patch(_context, address, patch) {
      const body = patch.body.type === "value" ? patch.body.value : decode(patch.body);
      const contentType = patch.contentType as NonNullable<ApiRequest["contentType"]>;
      return { view: viewOf(await ask(address, { verb: "patch", body, contentType })), isCreated: false };
    },
    async delete(_context, address, options) {
      const result = await ask(address, { verb: "delete", body: options });
      return { view: resultOf(result), isAccepted: false };
    },
    async deleteCollection(context: RequestContext, address, options, query) {
      const { items, metadata } = await list(address, query);
      for (const item of items) await this.delete(context, { ...address, name: item.metadata.name ?? "" }, options);
      return { items: items.map(viewOf), resourceVersion: metadata.resourceVersion ?? "" };
    },
    informer: (resource) => (server.informer as NonNullable<FakeTransport["informer"]>)(resource),
  };
}

const views = new WeakMap<object, ObjectView>();

export function viewOf(object: Readonly<UnstructuredObject>): ObjectView {
  let view = views.get(object);
  if (view === undefined) {
    const bytes = Buffer.from(JSON.stringify(object));
    view = { object, bytes: () => bytes };
    views.set(object, view);
  }
  return view;
}

function resultOf(object: UnstructuredObject | Status): ObjectView | Status {
  return object.kind === "Status" ? (object as Status) : viewOf(object as UnstructuredObject);
}

function requestOf(address: ResourceAddress, more: Partial<ApiRequest> & Pick<ApiRequest, "verb">): ApiRequest {
  const { group, version, resource, namespace, name, subresource } = address;
  return {
    resource: { group, version, resource },
    ...(namespace !== "" && { namespace }),
    ...(name !== "" && { name }),
    ...(subresource !== "" && { subresource }),
    ...more,
  };
}

function textOf(query: object): Record<string, string> {
  return Object.fromEntries(Object.entries(query).map(([name, value]) => [name, String(value)]));
}

function decode(body: RequestBody): UnstructuredObject {
  if (body.type === "object") return body.object;
  try {
    return decodeJson(body.data).value as UnstructuredObject;
  } catch (error) {
    throw newBadRequest((error as Error).message);
  }
}

function withIdentity(object: UnstructuredObject, address: ResourceAddress, random: Random): UnstructuredObject {
  const { namespace } = address;
  const metadata = { uid: randomUuid(random), ...object.metadata, ...(namespace !== "" && { namespace }) };
  return { ...object, apiVersion: object.apiVersion ?? formatApiVersion(address.group, address.version), metadata };
}

async function pump(server: FakeTransport, request: ApiRequest, sink: WatchSink): Promise<Disposable> {
  const aborter = new AbortController();
  const run = async (): Promise<void> => {
    for await (const { type, object } of server.watch({ ...request, signal: aborter.signal })) {
      if (type === "ERROR") sink.close(errorFromStatus(object as unknown as Status).status);
      else sink.send({ type, view: viewOf(object as UnstructuredObject) });
    }
    sink.close();
  };
  void run();
  return toDisposable(() => aborter.abort());
}
