import { createSeededRandom, VirtualClock } from "@coracle/base";
import type { Status, UnstructuredObject } from "@coracle/apimachinery";
import { createMemoryStore, type Store } from "@coracle/storage";
import type { ObjectView, PatchBody, RequestBody, RequestContext, ResourceAddress, WatchQuery, WatchSink } from "./contract.ts";
import { createRegistry, type RegistryOptions } from "./create-registry.ts";
import type { RegistryImplementation } from "./registry.ts";
import { toyDefinition } from "./toy-definitions.ts";

/** A registry on a memory store, with short names for what tests do all the time. */
export interface ToyServer {
  readonly registry: RegistryImplementation;
  readonly store: Store;
  readonly clock: VirtualClock;
  readonly warnings: string[];
  create(object: UnstructuredObject, context?: Partial<RequestContext>): Promise<UnstructuredObject>;
  get(name: string): Promise<UnstructuredObject>;
  update(object: UnstructuredObject, context?: Partial<RequestContext> & { subresource?: string }): Promise<UnstructuredObject>;
  patch(
    name: string,
    patch: { type: "json" | "merge" | "strategic" | "apply"; value: unknown; force?: boolean; subresource?: string },
    context?: Partial<RequestContext>,
  ): Promise<UnstructuredObject>;
  watch(query?: WatchQuery): Promise<RecordedWatch>;
}

export interface RecordedWatch extends Disposable {
  /** `ADDED a@5` and so on. */
  readonly log: string[];
  readonly objects: UnstructuredObject[];
  readonly closedWith: Status | "end" | undefined;
}

const contentTypes = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
} as const;

export const toyAddress: ResourceAddress = {
  group: "example.com",
  version: "v1",
  resource: "widgets",
  namespace: "ns",
  name: "",
  subresource: "",
};

export function toyContext(overrides: Partial<RequestContext> = {}): RequestContext {
  return {
    user: { name: "tester", groups: ["system:authenticated"] },
    signal: new AbortController().signal,
    fieldManager: "test",
    hasExplicitFieldManager: true,
    isDryRun: false,
    fieldValidation: "Warn",
    warn() {},
    ...overrides,
  };
}

export function jsonBody(value: unknown): RequestBody {
  return { type: "bytes", contentType: "application/json", data: new TextEncoder().encode(JSON.stringify(value)) };
}

export function objectIn(view: ObjectView | Status): UnstructuredObject {
  return ("object" in view ? view.object : view) as unknown as UnstructuredObject;
}

export async function createToyServer(options: Partial<RegistryOptions> = {}): Promise<ToyServer> {
  const clock = new VirtualClock();
  const store = options.store ?? createMemoryStore({ clock });
  const definitions = [toyDefinition()];
  const registry = await createRegistry({ store, clock, random: createSeededRandom(1), definitions, shouldFreeze: true, ...options });
  const warnings: string[] = [];
  const contextOf = (overrides: Partial<RequestContext> = {}): RequestContext =>
    toyContext({ warn: (text) => void warnings.push(text), ...overrides });
  return {
    registry,
    store,
    clock,
    warnings,
    create: async (object, context) => objectIn(await registry.create(contextOf(context), toyAddress, jsonBody(object))),
    get: async (name) => objectIn(await registry.get(contextOf(), { ...toyAddress, name }, {})),
    update: async (object, { subresource = "", ...context } = {}) => {
      const address = { ...toyAddress, name: object.metadata.name ?? "", subresource };
      return objectIn((await registry.update(contextOf(context), address, jsonBody(object))).view);
    },
    patch: async (name, { type, value, force = false, subresource = "" }, context) => {
      const body: PatchBody = { contentType: contentTypes[type], body: jsonBody(value), force };
      return objectIn((await registry.patch(contextOf(context), { ...toyAddress, name, subresource }, body)).view);
    },
    watch: async (query = {}) => recordWatch(registry, query),
  };
}

async function recordWatch(registry: RegistryImplementation, query: WatchQuery): Promise<RecordedWatch> {
  const log: string[] = [];
  const objects: UnstructuredObject[] = [];
  let closedWith: Status | "end" | undefined;
  const sink: WatchSink = {
    send({ type, view }) {
      const { metadata } = JSON.parse(Buffer.from(view.bytes()).toString()) as UnstructuredObject;
      objects.push(view.object as UnstructuredObject);
      log.push(type === "BOOKMARK" ? `BOOKMARK@${metadata.resourceVersion}` : `${type} ${metadata.name}@${metadata.resourceVersion}`);
    },
    close: (status) => void (closedWith = status ?? "end"),
  };
  const source = await registry.watch(toyContext(), toyAddress, query, sink);
  return {
    log,
    objects,
    get closedWith() {
      return closedWith;
    },
    [Symbol.dispose]: () => source[Symbol.dispose](),
  };
}
