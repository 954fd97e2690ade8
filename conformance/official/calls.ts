import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import type { RawApi } from "../src/api.ts";
import { eventually } from "../src/coracle.ts";

/** An object as tests look at it. */
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

/** Requests with the code that they must be answered with. */
export class Calls {
  readonly api: RawApi;
  readonly #prefix: string;
  /** Runs against one cluster must not meet each other's objects. */
  readonly #run = randomUUID().slice(0, 5);
  #namespaces = 0;

  /** `prefix` is that of the namespaces it makes. */
  constructor(api: RawApi, prefix: string) {
    this.api = api;
    this.#prefix = prefix;
  }

  /** @param request method and path, with a space between. */
  async expect<T = Thing>(code: number, request: string, body?: unknown, type?: string): Promise<T> {
    const [method = "", path = ""] = request.split(" ");
    const answer = await this.api.json<T & { message?: string }>(method, path, body, type);
    expect([method, path, answer.code, answer.code === code ? "" : answer.value.message]).toEqual([method, path, code, ""]);
    return answer.value;
  }

  /** The message of a request that must be refused. */
  async refusal(request: string, body?: unknown, type?: string): Promise<{ code: number; message: string }> {
    const [method = "", path = ""] = request.split(" ");
    const { code, value } = await this.api.json<{ message?: string }>(method, path, body, type);
    expect([request, code >= 400]).toEqual([request, true]);
    return { code, message: value.message ?? "" };
  }

  /** Made, and ready for pods. */
  async newNamespace(labels: Record<string, string> = {}): Promise<string> {
    const name = `${this.#prefix}-${this.#run}-${++this.#namespaces}`;
    await this.expect(201, "POST /api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });
    for (const path of ["serviceaccounts/default", "configmaps/kube-root-ca.crt"])
      await eventually(async () => expect((await this.api.json("GET", `/api/v1/namespaces/${name}/${path}`)).code).toBe(200));
    return name;
  }
}
