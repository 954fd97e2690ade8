import { createHash } from "node:crypto";
import { newNotAcceptable, type ResourceDefinition } from "@coracle/apimachinery";
import type { HttpExchange } from "../http/exchange.ts";
import { parseAccept } from "../http/negotiate.ts";
import type { Registry } from "../registry/contract.ts";

/** Writes OpenAPI documents of resources. */
export interface OpenApiGenerator {
  v3(resources: readonly ResourceDefinition[], group: string, version: string): object;
  v2(resources: readonly ResourceDefinition[]): object;
}

interface Document {
  readonly bytes: Buffer;
  readonly hash: string;
  /** Defaults to JSON. */
  readonly contentType?: string;
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
      await this.#sendV2(exchange);
      return true;
    }
    if (path === prefix || path === `${prefix}/`) {
      this.#send(exchange, await this.#index(), null);
      return true;
    }
    if (!path.startsWith(`${prefix}/`)) return false;
    const served = this.#groupVersions().get(path.slice(prefix.length + 1));
    if (served === undefined) return false;
    if (chooseForm(exchange.headers.accept) !== "json") throw newNotAcceptable(["application/json"]);
    this.#send(exchange, await this.#v3(served.group, served.version), query.get("hash"));
    return true;
  }

  async #sendV2(exchange: HttpExchange): Promise<void> {
    const form = chooseForm(exchange.headers.accept);
    const json = await this.#document("v2", (generator) => generator.v2(this.#registry.resources()));
    if (form === "json") {
      this.#send(exchange, json, null);
      return;
    }
    const { encodeOpenApiV2 } = await import("./protobuf-v2.ts");
    const key = "v2/protobuf";
    let document = this.#documents.get(key);
    if (document === undefined) {
      const bytes = Buffer.from(encodeOpenApiV2(JSON.parse(json.bytes.toString()) as Record<string, unknown>));
      document = Promise.resolve({ bytes, hash: json.hash, contentType: protobufV2 });
      this.#documents.set(key, document);
    }
    this.#send(exchange, await document, null);
  }

  /** Sent with the hash that the client has, the answer may be kept for good. */
  #send(exchange: HttpExchange, { bytes, hash, contentType = "application/json" }: Document, wanted: string | null): void {
    const etag = `"${hash}"`;
    const isPinned = wanted !== null && wanted === hash;
    const headers = {
      "content-type": contentType,
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

/** JSON, or the protobuf form of v2. @throws {StatusError} 406. */
function chooseForm(accept: string | undefined): "json" | "protobuf-v2" {
  if (accept === undefined || accept === "") return "json";
  for (const { type } of parseAccept(accept)) {
    if (type === "application/json" || type === "application/*" || type === "*/*") return "json";
    if (protobufV2Asked.includes(type)) return "protobuf-v2";
  }
  throw newNotAcceptable(["application/json", protobufV2]);
}

const protobufV2 = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
/** Older clients ask with an `@`, which media types may not contain. */
const protobufV2Asked: readonly string[] = [protobufV2, "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"];
