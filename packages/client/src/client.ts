import type { DeleteOptions, KubeList, KubeObject, ResourceType, Status } from "@coracle/apimachinery";
import type { Informer } from "./informer.ts";
import type { PatchType, Transport, WatchEvent } from "./transport.ts";

/** The one way to talk to the API. `createClient(transport, …)` makes it. */
export interface Client {
  readonly transport: Transport;
  /** Requests for one resource: in `namespace`, or across namespaces / cluster-scoped without it. */
  resource<T extends KubeObject>(resource: ResourceType<T>, namespace?: string): ResourceClient<T>;
  /** The shared informer of a resource; made and started on first use, stopped by {@link Client.close}. */
  informer<T extends KubeObject>(resource: ResourceType<T>): Informer<T>;
  close(): void;
}

/** Every method rejects with a `StatusError` when the server refuses. */
export interface ResourceClient<T extends KubeObject> {
  get(name: string, options?: GetOptions): Promise<T>;
  list(options?: ListOptions): Promise<KubeList<T>>;
  watch(options?: WatchListOptions): AsyncIterable<WatchEvent<T>>;
  create(object: T, options?: WriteOptions): Promise<T>;
  /** PUT: a resourceVersion in the object makes it conditional. */
  update(object: T, options?: WriteOptions): Promise<T>;
  updateStatus(object: T, options?: WriteOptions): Promise<T>;
  patch(name: string, patch: unknown, options: PatchOptions): Promise<T>;
  /** Server-side apply. */
  apply(object: ApplyObject<T>, options: WriteOptions & { fieldManager: string; force?: boolean; subresource?: string }): Promise<T>;
  delete(name: string, options?: DeleteOptions): Promise<T | Status>;
  deleteCollection(options?: DeleteOptions & Pick<ListOptions, "labelSelector" | "fieldSelector">): Promise<void>;
  /** POST to a subresource (`binding`, `eviction`, `token`). */
  createSubresource<R extends KubeObject>(name: string, subresource: string, body: R): Promise<R>;
}

/** What a manager wants to own: any part of the object, with its identity. */
export type ApplyObject<T extends KubeObject> = {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; [field: string]: unknown };
} & {
  [K in Exclude<keyof T, "apiVersion" | "kind" | "metadata">]?: unknown;
};

export interface GetOptions {
  resourceVersion?: string;
  subresource?: string;
  signal?: AbortSignal;
}

export interface ListOptions {
  labelSelector?: string;
  fieldSelector?: string;
  limit?: number;
  continue?: string;
  resourceVersion?: string;
  resourceVersionMatch?: "Exact" | "NotOlderThan";
  signal?: AbortSignal;
}

export interface WatchListOptions extends Omit<ListOptions, "limit" | "continue"> {
  allowWatchBookmarks?: boolean;
  sendInitialEvents?: boolean;
  timeoutSeconds?: number;
}

export interface WriteOptions {
  dryRun?: boolean;
  fieldManager?: string;
  fieldValidation?: "Strict" | "Warn" | "Ignore";
  signal?: AbortSignal;
}

export interface PatchOptions extends WriteOptions {
  type: Exclude<PatchType, "application/apply-patch+yaml">;
  subresource?: string;
}
