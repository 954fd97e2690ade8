import { createHash } from "node:crypto";
import type { ResourceDefinition } from "@coracle/apimachinery";
import type { HttpExchange } from "../http/exchange.ts";
import { parseAccept } from "../http/negotiate.ts";
import { newNotAcceptable } from "@coracle/apimachinery";
import type { Registry } from "../registry/contract.ts";

/** Writes OpenAPI documents of resources. */
export interface OpenApiGenerator {
  v3(resources: readonly ResourceDefinition[], group: string, version: string): object;
  v2(resources: readonly ResourceDefinition[]): object;
}

interface Document {
  readonly bytes: Buffer;
  readonly hash: string;
}

const prefix = "/openapi/v3";

/** Serves `/openapi/v3` and `/openapi/v2`. Documents are made when first asked for, and again after the resources changed. */
export class OpenApiHandler implements Disposable {
  readonly #registry: Registry;
  readonly #load: () => Promise<OpenApiGenerator>;
  readonly #subscription: Disposable;
  readonly #documents = new Map<string, Promise<Document>>();

  constructor(registry: Registry, load: () => Promise<OpenApiGenerator>) {
    this.#registry = registry;
    this.#load = load;
    this.#subscription = registry.onResourcesChanged(() => this.#documents.clear());
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
  }

  async handle(exchange: HttpExchange, path: string, query: URLSearchParams): Promise<boolean> {
    if (path === "/openapi/v2") {
      checkAccept(exchange.headers.accept, ["application/com.github.proto-openapi.spec.v2@v1.0+protobuf"]);
      this.#send(exchange, await this.#document("v2", (generator) => generator.v2(this.#registry.resources())), null);
      return true;
    }
    if (path === prefix || path === `${prefix}/`) {
      this.#send(exchange, await this.#index(), null);
      return true;
    }
    if (!path.startsWith(`${prefix}/`)) return false;
    const served = this.#groupVersions().get(path.slice(prefix.length + 1));
    if (served === undefined) return false;
    checkAccept(exchange.headers.accept, ["application/com.github.proto-openapi.spec.v3@v1.0+protobuf"]);
    this.#send(exchange, await this.#v3(served.group, served.version), query.get("hash"));
    return true;
  }

  /** Sent with the hash that the client has, the answer may be kept for good. */
  #send(exchange: HttpExchange, { bytes, hash }: Document, wanted: string | null): void {
    const etag = `"${hash}"`;
    const isPinned = wanted !== null && wanted === hash;
    const headers = {
      "content-type": "application/json",
      etag,
      vary: "Accept-Encoding, Accept",
      "cache-control": isPinned ? "public, immutable" : "no-cache, private",
    };
    if (exchange.headers["if-none-match"] === etag) exchange.respond(304, headers);
    else exchange.respond(200, headers, bytes);
  }

  async #index(): Promise<Document> {
    const entries = [...this.#groupVersions()].map(async ([path, { group, version }]) => {
      const { hash } = await this.#v3(group, version);
      return [path, { serverRelativeURL: `${prefix}/${path}?hash=${hash}` }] as const;
    });
    return documentOf({ paths: Object.fromEntries(await Promise.all(entries)) });
  }

  #v3(group: string, version: string): Promise<Document> {
    return this.#document(`v3/${group}/${version}`, (generator) => {
      const resources = this.#registry.resources().filter((each) => each.group === group);
      return generator.v3(resources, group, version);
    });
  }

  #document(key: string, make: (generator: OpenApiGenerator) => object): Promise<Document> {
    let document = this.#documents.get(key);
    if (document === undefined) {
      document = this.#load().then((generator) => documentOf(make(generator)));
      this.#documents.set(key, document);
    }
    return document;
  }

  /** `api/v1`, `apis/apps/v1` … */
  #groupVersions(): Map<string, { group: string; version: string }> {
    const found = new Map<string, { group: string; version: string }>();
    for (const { group, versions } of this.#registry.resources()) {
      for (const { version, isServed } of versions) {
        if (isServed) found.set(group === "" ? `api/${version}` : `apis/${group}/${version}`, { group, version });
      }
    }
    return found;
  }
}

function documentOf(value: object): Document {
  const bytes = Buffer.from(JSON.stringify(value));
  return { bytes, hash: createHash("sha512").update(bytes).digest("hex").toUpperCase() };
}

/** Clients that read protobuf alone do without the document. @throws {StatusError} 406. */
function checkAccept(accept: string | undefined, refused: readonly string[]): void {
  if (accept === undefined || accept === "") return;
  const isReadable = parseAccept(accept).some(({ type }) => !refused.includes(type) && /^(application\/(json|\*)|\*\/\*)$/.test(type));
  if (!isReadable) throw newNotAcceptable(["application/json"]);
}
