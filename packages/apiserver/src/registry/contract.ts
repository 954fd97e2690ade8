import type {
  DeleteOptions,
  KubeObject,
  ResourceDefinition,
  ResourceType,
  ResourceVersionDefinition,
  Status,
  UnstructuredObject,
} from "@coracle/apimachinery";
import type { Informer } from "@coracle/client";

/**
 * The seam between the ways in (`http/`, `direct/`) and the generic registry. Callers have authenticated and authorized the request; the
 * registry decodes, converts, defaults, admits, validates, stores and answers. Errors are `StatusError`s.
 */
export interface Registry {
  /** Every resource served now, built-in and custom. */
  resources(): readonly ResourceDefinition[];
  /** Called after the set of served resources changed (a CustomResourceDefinition was established, changed or removed). */
  onResourcesChanged(listener: () => void): Disposable;
  /** The definition and version behind a path; undefined gives 404. */
  lookup(group: string, version: string, resource: string): ServedResource | undefined;

  get(context: RequestContext, address: ResourceAddress, options: { resourceVersion?: string }): Promise<ObjectView>;
  list(context: RequestContext, address: ResourceAddress, options: ListQuery): Promise<ListView>;
  /** Delivers to `sink` until it is disposed or the sink is closed. Rejects when the watch cannot start. */
  watch(context: RequestContext, address: ResourceAddress, options: WatchQuery, sink: WatchSink): Promise<Disposable>;
  create(context: RequestContext, address: ResourceAddress, body: RequestBody): Promise<ObjectView | Status>;
  update(context: RequestContext, address: ResourceAddress, body: RequestBody): Promise<WriteResult>;
  patch(context: RequestContext, address: ResourceAddress, patch: PatchBody): Promise<WriteResult>;
  /** `status` answers carry a Status (object gone), others the object that lingers. */
  delete(
    context: RequestContext,
    address: ResourceAddress,
    options: DeleteOptions,
  ): Promise<{ view: ObjectView | Status; isAccepted: boolean }>;
  deleteCollection(context: RequestContext, address: ResourceAddress, options: DeleteOptions, query: ListQuery): Promise<ListView>;
  /**
   * Asks admission about a connection to a subresource (exec, proxy …) that is served elsewhere; `object` are its options, such as a
   * PodExecOptions. Rejects when it is refused.
   */
  admitConnection?(context: RequestContext, address: ResourceAddress, object: UnstructuredObject): Promise<void>;
  /** A live view of the watch cache. Callers have authorized it. */
  informer?<T extends KubeObject>(resource: ResourceType<T>): Informer<T>;
}

export interface ServedResource {
  readonly definition: ResourceDefinition;
  readonly version: ResourceVersionDefinition;
}

export interface UserInfo {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export interface RequestContext {
  readonly user: UserInfo;
  readonly signal: AbortSignal;
  /** From `fieldManager`, else the User-Agent up to its first slash. */
  readonly fieldManager: string;
  /** Whether `fieldManager` was given explicitly (apply demands it). */
  readonly hasExplicitFieldManager: boolean;
  readonly isDryRun: boolean;
  readonly fieldValidation: "Strict" | "Warn" | "Ignore";
  /** Adds a `Warning` header. */
  warn(text: string): void;
  /** Adds an annotation to the request's audit event, from `level` on (by default `Metadata`); the first value of a key stays. */
  annotate?(key: string, value: string, level?: "Metadata" | "Request" | "RequestResponse"): void;
}

export interface ResourceAddress {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  /** Empty for cluster-scoped resources and for requests across namespaces. */
  readonly namespace: string;
  /** Empty for collections. */
  readonly name: string;
  readonly subresource: string;
}

/** One object in the requested version. Both forms are shared and immutable; `bytes` is its JSON, made once. */
export interface ObjectView {
  readonly object: Readonly<UnstructuredObject>;
  bytes(): Uint8Array;
  /** The object in protobuf, kept here by whoever encodes it first. */
  protobuf?: Uint8Array;
}

export interface ListView {
  readonly items: readonly ObjectView[];
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

export interface WriteResult {
  readonly view: ObjectView;
  /** 201 instead of 200. */
  readonly isCreated: boolean;
}

export interface ListQuery {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: string;
  /** For watches alone. */
  readonly sendInitialEvents?: boolean;
}

export interface WatchQuery extends ListQuery {
  readonly allowWatchBookmarks?: boolean;
}

export interface WatchSink {
  /** Must not block; back-pressure is the sink's own bounded queue. */
  send(event: { readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK"; readonly view: ObjectView }): void;
  /** The watch is over: `ERROR` event with this Status (410 Expired …), or undefined for an orderly end. */
  close(status?: Status): void;
}

export type RequestBody =
  /** Undecoded; `contentType` without parameters. */
  | { readonly type: "bytes"; readonly contentType: string; readonly data: Uint8Array }
  /** From a direct caller, who keeps no right to change it. */
  | { readonly type: "object"; readonly object: UnstructuredObject };

export interface PatchBody {
  readonly contentType: string;
  readonly body: RequestBody | { readonly type: "value"; readonly value: unknown };
  /** Of server-side apply. */
  readonly force: boolean;
}

/** Serves a POST to a subresource or to a kind that is never stored (reviews, `token`, `binding`, `eviction`). */
export type ActionHandler = (
  context: RequestContext,
  address: ResourceAddress,
  object: UnstructuredObject,
) => Promise<UnstructuredObject | Status>;
