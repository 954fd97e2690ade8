import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { RawApi, serverUnderTest, type RawWatch } from "../src/api.ts";
import { eventually } from "../src/coracle.ts";

/** What the tests read of any object. */
export interface Thing {
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    uid: string;
    resourceVersion: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    ownerReferences?: unknown[];
    deletionTimestamp?: string;
  };
  [field: string]: unknown;
}

/** A server under test, and what most of its tests do. */
export class Scene implements Disposable {
  readonly kubeconfig: string;
  readonly api: RawApi;
  readonly #server: Disposable;
  readonly #name: string;
  /** Runs against one cluster must not meet each other's objects. */
  readonly #run = randomUUID().slice(0, 5);
  #namespaces = 0;

  /** @param flags for `coracle up`. */
  constructor(name: string, ...flags: string[]) {
    const server = serverUnderTest(name, ...flags);
    this.#server = server;
    this.#name = name;
    this.kubeconfig = server.kubeconfig;
    this.api = new RawApi(server.kubeconfig);
  }

  /** @param request method and path, with a space between. */
  async expectCode<T = Thing>(code: number, request: string, body?: unknown, type?: string): Promise<T> {
    const [method = "", path = ""] = request.split(" ");
    const answer = await this.api.json<T & { message?: string }>(method, path, body, type);
    expect([method, path, answer.code, answer.code === code ? "" : answer.value.message]).toEqual([method, path, code, ""]);
    return answer.value;
  }

  /** The message of what is expected to fail. */
  async expectRefusal(code: number, request: string, body?: unknown, type?: string): Promise<string> {
    return (await this.expectCode<{ message: string }>(code, request, body, type)).message;
  }

  merge<T = Thing>(path: string, patch: object): Promise<T> {
    return this.expectCode<T>(200, `PATCH ${path}`, patch, "application/merge-patch+json");
  }

  /** A watch, once the server lets one begin: those of new kinds come a little later than the kind. */
  async watch(path: string): Promise<RawWatch> {
    let watch: RawWatch | undefined;
    await eventually(async () => {
      watch?.[Symbol.dispose]();
      watch = await this.api.watch(path);
      expect(watch.code).toBe(200);
    });
    return watch as unknown as RawWatch;
  }

  /** A new namespace, once pods can be made in it. */
  async newNamespace(labels: Record<string, string> = {}): Promise<string> {
    const name = `${this.#name}-${this.#run}-${++this.#namespaces}`;
    await this.expectCode(201, "POST /api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });
    await eventually(async () => expect((await this.api.json("GET", `/api/v1/namespaces/${name}/serviceaccounts/default`)).code).toBe(200));
    return name;
  }

  [Symbol.dispose](): void {
    this.#server[Symbol.dispose]();
  }
}
