import { createHash } from "node:crypto";
import type { Clock } from "@coracle/base";
import { newNotAcceptable, type ResourceDefinition } from "@coracle/apimachinery";
import type { HttpExchange } from "../http/exchange.ts";
import { parseAccept } from "../http/negotiate.ts";
import type { RemoteApi, RemoteDocument, RemoteOpenApi } from "../aggregator/index.ts";
import type { Registry } from "../registry/contract.ts";
import { convertV2 } from "./convert-v2.ts";
import { mergeV2 } from "./merge-v2.ts";

/** Writes OpenAPI documents of resources. */
export interface OpenApiGenerator {
  v3(resources: readonly ResourceDefinition[], group: string, version: string): object;
  v2(resources: readonly ResourceDefinition[]): object;
  /** What says which groups and versions there are, by path: `api`, `apis`, `apis/apps`, `version`. */
  v3Discovery?(groups: readonly string[]): Readonly<Record<string, object>>;
}

interface Document {
  readonly bytes: Buffer;
  readonly hash: string;
  /** Defaults to JSON. */
  readonly contentType?: string;
}

/** A document of another server. */
type RemoteEntry =
  | { readonly url: string; readonly remote: RemoteApi }
  /** Made of an older form, and so served here. */
  | { readonly url: string; readonly document: Document };

export interface OpenApiHandlerOptions {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly load: () => Promise<OpenApiGenerator>;
  /** What other servers say. Defaults to nothing. */
  readonly remote?: RemoteOpenApi;
  /** Whether a version that we could serve is not offered. Defaults to no. */
  isHidden?(group: string, version: string): boolean;
}

const prefix = "/openapi/v3";
/** The longest that HTTP lets an answer be kept. */
const yearMs = 365 * 24 * 3600 * 1000;

/**
 * Serves `/openapi/v3` and `/openapi/v2`. Documents are made when first asked for, and again after the resources changed. Those of other
 * servers are merged in; the documents of version 3 stay with them, and are asked for there.
 */
export class OpenApiHandler implements Disposable {
  readonly #options: OpenApiHandlerOptions;
  readonly #registry: Registry;
  readonly #subscription: Disposable;
  readonly #documents = new Map<string, Promise<Document>>();
  readonly #converted = new WeakMap<RemoteDocument, Document>();
  /** By path; made anew when the resources change. */
  #discovery: Promise<ReadonlyMap<string, Document>> | undefined;
  /** What the merged document is made of. */
  #mergedFrom: readonly RemoteDocument[] = [];

  constructor(options: OpenApiHandlerOptions) {
    this.#options = options;
    this.#registry = options.registry;
    this.#subscription = options.registry.onResourcesChanged(() => {
      this.#documents.clear();
      this.#discovery = undefined;
    });
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
  }

  /** The server whose document of version 3 a path asks for; undefined when it is ours or nobody's. */
  async remoteOf(path: string): Promise<RemoteApi | undefined> {
    const key = path.slice(prefix.length + 1);
    if (!path.startsWith(`${prefix}/`) || this.#groupVersions().has(key)) return undefined;
    const entry = (await this.#remoteEntries()).get(key);
    return entry !== undefined && "remote" in entry ? entry.remote : undefined;
  }

  async handle(exchange: HttpExchange, path: string, query: URLSearchParams): Promise<boolean> {
    if (path === "/openapi/v2") {
      await this.#sendV2(exchange);
      return true;
    }
    if (path === prefix) {
      this.#send(exchange, await this.#index(), null);
      return true;
    }
    if (!path.startsWith(`${prefix}/`)) return false;
    const document = await this.#find(path.slice(prefix.length + 1));
    if (document === undefined) return false;
    if (chooseForm(exchange.headers.accept) !== "json") throw newNotAcceptable(["application/json"]);
    const wanted = query.get("hash");
    // Whoever comes with an old hash gets to the document as it is now, and keeps that.
    if (wanted !== null && wanted !== "" && wanted !== document.hash) exchange.respond(301, { location: urlOf(path, document.hash) });
    else this.#send(exchange, document, wanted);
    return true;
  }

  async #find(key: string): Promise<Document | undefined> {
    const served = this.#groupVersions().get(key);
    if (served !== undefined) return this.#v3(served.group, served.version);
    const entry = (await this.#remoteEntries()).get(key);
    return entry !== undefined && "document" in entry ? entry.document : (await this.#discoveryDocuments()).get(key);
  }

  #discoveryDocuments(): Promise<ReadonlyMap<string, Document>> {
    this.#discovery ??= this.#options.load().then((generator) => {
      const groups = new Set([...this.#groupVersions().values()].map(({ group }) => group));
      const documents = generator.v3Discovery?.([...groups]) ?? {};
      return new Map(Object.entries(documents).map(([key, document]) => [key, documentOf(document)]));
    });
    return this.#discovery;
  }

  async #sendV2(exchange: HttpExchange): Promise<void> {
    const form = chooseForm(exchange.headers.accept);
    const remote = await this.#remoteDocuments();
    if (remote.length !== this.#mergedFrom.length || remote.some((each, index) => each !== this.#mergedFrom[index])) {
      this.#mergedFrom = remote;
      this.#documents.delete("v2");
      this.#documents.delete("v2/protobuf");
    }
    const json = await this.#document("v2", (generator) => mergeV2({ ...generator.v2(this.#shown()) }, partsOf(remote)));
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

  /** To who asks by hash, the answer may be kept for good. */
  #send(exchange: HttpExchange, { bytes, hash, contentType = "application/json" }: Document, wanted: string | null): void {
    const etag = `"${hash}"`;
    const isPinned = wanted !== null && wanted === hash;
    const headers = {
      "content-type": contentType,
      etag,
      vary: "Accept-Encoding, Accept",
      "cache-control": isPinned ? "public, immutable" : "no-cache, private",
      ...(isPinned && { expires: new Date(this.#options.clock.now() + yearMs).toUTCString() }),
    };
    if (isKnown(exchange.headers["if-none-match"], etag)) exchange.respond(304, headers);
    else exchange.respond(200, headers, bytes);
  }

  async #index(): Promise<Document> {
    const entries = [...this.#groupVersions()].map(async ([path, { group, version }]) => {
      const { hash } = await this.#v3(group, version);
      return [path, linkTo(path, hash)] as const;
    });
    const remote = [...(await this.#remoteEntries())].map(([path, { url }]) => [path, { serverRelativeURL: url }] as const);
    const discovery = [...(await this.#discoveryDocuments())].map(([path, { hash }]) => [path, linkTo(path, hash)] as const);
    return documentOf({ paths: Object.fromEntries([...remote, ...discovery, ...(await Promise.all(entries))].sort(byPath)) });
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
      document = this.#options.load().then((generator) => documentOf(make(generator)));
      this.#documents.set(key, document);
    }
    return document;
  }

  /** By path: `apis/example.com/v1`. */
  async #remoteEntries(): Promise<Map<string, RemoteEntry>> {
    const entries = new Map<string, RemoteEntry>();
    for (const each of await this.#remoteDocuments()) {
      const { remote, v2, v3Paths } = each;
      const own = `apis/${remote.group}/${remote.version}`;
      if (v3Paths === undefined && v2 !== undefined) {
        const document = this.#convert(each, v2);
        entries.set(own, { url: `${prefix}/${own}?hash=${document.hash}`, document });
      }
      for (const [path, url] of Object.entries(v3Paths ?? {}))
        if (path === own || !isGroupVersion(path)) entries.set(path, { url, remote });
    }
    return entries;
  }

  #convert(source: RemoteDocument, v2: Readonly<Record<string, unknown>>): Document {
    let document = this.#converted.get(source);
    if (document === undefined) {
      document = documentOf(convertV2(v2, pathPrefixOf(source)));
      this.#converted.set(source, document);
    }
    return document;
  }

  async #remoteDocuments(): Promise<readonly RemoteDocument[]> {
    return (await this.#options.remote?.documents()) ?? [];
  }

  #shown(): readonly ResourceDefinition[] {
    return this.#registry.resources().filter(({ group, versions }) => !versions.every(({ version }) => this.#isHidden(group, version)));
  }

  #isHidden(group: string, version: string): boolean {
    return this.#options.isHidden?.(group, version) ?? false;
  }

  /** `api/v1`, `apis/apps/v1` … */
  #groupVersions(): Map<string, { group: string; version: string }> {
    const found = new Map<string, { group: string; version: string }>();
    for (const { group, versions } of this.#registry.resources()) {
      for (const { version, isServed } of versions) {
        if (isServed && !this.#isHidden(group, version))
          found.set(group === "" ? `api/${version}` : `apis/${group}/${version}`, { group, version });
      }
    }
    return found;
  }
}

function linkTo(path: string, hash: string): { serverRelativeURL: string } {
  return { serverRelativeURL: urlOf(`${prefix}/${path}`, hash) };
}

function urlOf(path: string, hash: string): string {
  return `${path}?hash=${hash}`;
}

/** Whether one of the tags of an `If-None-Match` header is this one (RFC 9110, 13.1.2); weak tags count as well. */
function isKnown(header: string | undefined, etag: string): boolean {
  const tags = (header ?? "").split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return tags.includes(etag) || tags.includes("*");
}

function byPath([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number {
  return left < right ? -1 : 1;
}

function partsOf(documents: readonly RemoteDocument[]): { document: Readonly<Record<string, unknown>>; prefix: string }[] {
  return documents.flatMap((each) => (each.v2 === undefined ? [] : [{ document: each.v2, prefix: pathPrefixOf(each) }]));
}

function pathPrefixOf({ remote }: RemoteDocument): string {
  return `/apis/${remote.group}/${remote.version}/`;
}

/** `apis/example.com/v1`, but not `apis/example.com` or `version`. */
function isGroupVersion(path: string): boolean {
  return path.startsWith("apis/") && path.split("/").length === 3;
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
