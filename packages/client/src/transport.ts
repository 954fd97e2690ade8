import type { GroupVersionResource, KubeObject, KubeList, ResourceType, Status } from "@coracle/apimachinery";
import type { Informer } from "./informer.ts";

/**
 * How requests reach an API server. Two implementations: HTTPS, and *direct* — into the API server of the same process, with the
 * same authentication, authorization and admission, but without serialization. Everything else in this package is built on it.
 */
export interface Transport {
  /** @throws {StatusError} whatever the server refuses; `ServiceUnavailable` when it cannot be reached. */
  request(request: ApiRequest): Promise<KubeObject | KubeList | Status>;
  /** Ends when the server ends it or `signal` aborts. An `ERROR` event is delivered, not thrown. */
  watch(request: ApiRequest): AsyncIterable<WatchEvent>;
  /** Direct transports lend a view of the watch cache, so that an informer needs no copy. */
  informer?<T extends KubeObject>(resource: ResourceType<T>): Informer<T>;
}

export interface ApiRequest {
  readonly verb: "get" | "list" | "create" | "update" | "patch" | "delete" | "deletecollection" | "watch";
  readonly resource: GroupVersionResource;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
  /** As in the URL: labelSelector, fieldSelector, limit, continue, resourceVersion, dryRun, fieldManager, force … */
  readonly query?: Readonly<Record<string, string>>;
  /** The object, the patch, or the DeleteOptions. The transport may keep it: do not change it afterwards. */
  readonly body?: unknown;
  /** Of a patch. */
  readonly contentType?: PatchType;
  readonly signal?: AbortSignal;
}

export type PatchType =
  | "application/json-patch+json"
  | "application/merge-patch+json"
  | "application/strategic-merge-patch+json"
  | "application/apply-patch+yaml";

export interface WatchEvent<T extends KubeObject = KubeObject> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  /** A `Status` when type is `ERROR`. */
  readonly object: T;
}
