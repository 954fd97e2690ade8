import type { V1ObjectMeta } from "@kubernetes/client-node";
import { expect } from "vitest";
import type { RawApi, RawWatch } from "../src/api.ts";
import { eventually } from "../src/coracle.ts";

/** Where objects of a kind live. */
export interface KindOf {
  readonly apiVersion: string;
  readonly kind: string;
  readonly resource: string;
}

interface ObjectLike {
  metadata?: V1ObjectMeta;
}

export interface PatchOptions {
  /** Defaults to a strategic merge patch. */
  readonly type?: "strategic-merge" | "merge" | "json";
  readonly subresource?: string;
}

export interface ListOptions {
  readonly selector?: string;
  readonly fields?: string;
  /** In all namespaces. Defaults to false. */
  readonly isEverywhere?: boolean;
}

/** The objects of one kind in a namespace (or of the cluster), over bare HTTPS. Every call expects success. */
export class Objects<T extends ObjectLike> {
  readonly #api: RawApi;
  readonly #kind: KindOf;
  readonly #namespace: string | undefined;

  constructor(api: RawApi, kind: KindOf, namespace?: string) {
    this.#api = api;
    this.#kind = kind;
    this.#namespace = namespace;
  }

  async create(name: string, object: Omit<T, "metadata"> & ObjectLike): Promise<T> {
    const { apiVersion, kind } = this.#kind;
    return this.#send("POST", this.path(), {
      apiVersion,
      kind,
      ...object,
      metadata: { ...(object.metadata as object), name },
    }) as Promise<T>;
  }

  get(name: string, subresource?: string): Promise<T> {
    return this.#send("GET", this.path(name, subresource)) as Promise<T>;
  }

  /** Whether it is there. */
  async has(name: string): Promise<boolean> {
    const { code } = await this.#api.json("GET", this.path(name));
    expect(code).toBeOneOf([200, 404]);
    return code === 200;
  }

  async list(options: ListOptions = {}): Promise<T[]> {
    return (await this.listWithVersion(options)).items;
  }

  /** The list with the resourceVersion that a watch goes on from. */
  async listWithVersion({ selector, fields, isEverywhere = false }: ListOptions = {}): Promise<{ items: T[]; resourceVersion: string }> {
    const path = isEverywhere ? new Objects(this.#api, this.#kind).path() : this.path();
    const answer = await this.#send("GET", `${path}${queryOf({ labelSelector: selector, fieldSelector: fields })}`);
    const { items, metadata } = answer as { items: T[]; metadata: { resourceVersion: string } };
    return { items, resourceVersion: metadata.resourceVersion };
  }

  patch(name: string, patch: unknown, { type = "strategic-merge", subresource }: PatchOptions = {}): Promise<T> {
    const contentType = type === "json" ? "application/json-patch+json" : `application/${type}-patch+json`;
    return this.#send("PATCH", this.path(name, subresource), patch, contentType) as Promise<T>;
  }

  /** Reads, changes and replaces, again when somebody else was faster. */
  async update(name: string, change: (object: T) => void, subresource?: string): Promise<T> {
    for (let attempts = 1; ; attempts++) {
      const object = await this.get(name, subresource);
      change(object);
      const path = this.path(name, subresource);
      const { code, value } = await this.#api.json<T & { message?: string }>("PUT", path, object);
      if (code === 409 && attempts < 20) continue;
      expect(["PUT", path, code, code === 200 ? "" : value.message]).toEqual(["PUT", path, 200, ""]);
      return value;
    }
  }

  /** @param options DeleteOptions. */
  async delete(name: string, options: object = {}): Promise<void> {
    await this.#send("DELETE", this.path(name), options);
  }

  async deleteCollection(selector: string, options: object = {}): Promise<void> {
    await this.#send("DELETE", `${this.path()}${queryOf({ labelSelector: selector })}`, options);
  }

  watch(options: { readonly selector?: string; readonly resourceVersion?: string } = {}): Promise<RawWatch> {
    return this.#api.watch(`${this.path()}${queryOf({ labelSelector: options.selector, resourceVersion: options.resourceVersion })}`);
  }

  /** Reads the object until `check` does not throw. */
  until(name: string, check: (object: T) => void, timeoutMs?: number): Promise<T> {
    return eventually(async () => {
      const object = await this.get(name);
      check(object);
      return object;
    }, timeoutMs);
  }

  /** Lists until `check` does not throw. */
  untilList(options: ListOptions, check: (objects: T[]) => void, timeoutMs?: number): Promise<T[]> {
    return eventually(async () => {
      const objects = await this.list(options);
      check(objects);
      return objects;
    }, timeoutMs);
  }

  untilGone(name: string, timeoutMs?: number): Promise<void> {
    return eventually(async () => expect(await this.has(name)).toBe(false), timeoutMs);
  }

  path(name?: string, subresource?: string): string {
    const { apiVersion, resource } = this.#kind;
    const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const folder = this.#namespace === undefined ? root : `${root}/namespaces/${this.#namespace}`;
    return [folder, resource, name, subresource].filter((part) => part !== undefined).join("/");
  }

  async #send(method: string, path: string, body?: unknown, contentType?: string): Promise<unknown> {
    const { code, value } = await this.#api.json<{ message?: string }>(method, path, body, contentType);
    const isFine = code >= 200 && code < 300;
    expect([method, path, isFine ? 200 : code, isFine ? "" : value.message]).toEqual([method, path, 200, ""]);
    return value;
  }
}

function queryOf(parameters: Record<string, string | undefined>): string {
  const given = Object.entries(parameters).flatMap(([name, value]) => (value === undefined ? [] : `${name}=${encodeURIComponent(value)}`));
  return given.length === 0 ? "" : `?${given.join("&")}`;
}
