import { createHash } from "node:crypto";
import { newNotAcceptable } from "@coracle/apimachinery";
import type { HttpExchange } from "../http/exchange.ts";
import { parseAccept } from "../http/negotiate.ts";
import { sendValue } from "../http/respond.ts";
import type { Registry } from "../registry/contract.ts";
import { groupDiscoveryList } from "./aggregated.ts";
import { groupResources, type DiscoveredGroup } from "./groups.ts";
import { apiGroup, apiGroupList, apiResourceList, apiVersions } from "./legacy.ts";

type AggregatedVersion = "v2" | "v2beta1";

interface Document {
  readonly bytes: Buffer;
  readonly etag: string;
}

/** Serves `/api`, `/apis` and what is below them, up to the resources. Follows the registry as CustomResourceDefinitions come and go. */
export class DiscoveryHandler implements Disposable {
  readonly #registry: Registry;
  readonly #groupOrder: readonly string[];
  readonly #subscription: Disposable;
  #groups: readonly DiscoveredGroup[] | undefined;
  readonly #aggregated = new Map<string, Document>();

  constructor(registry: Registry, groupOrder: readonly string[]) {
    this.#registry = registry;
    this.#groupOrder = groupOrder;
    this.#subscription = registry.onResourcesChanged(() => {
      this.#groups = undefined;
      this.#aggregated.clear();
    });
  }

  get groups(): readonly DiscoveredGroup[] {
    return (this.#groups ??= groupResources(this.#registry.resources(), this.#groupOrder));
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
  }

  /** Answers if the path is one of discovery's; otherwise says false. */
  async handle(exchange: HttpExchange, path: string): Promise<boolean> {
    const parts = path.split("/").filter((part) => part !== "");
    const [prefix, first, second] = parts;
    if (prefix !== "api" && prefix !== "apis") return false;
    if (parts.length === 1) {
      await this.#sendRoot(exchange, prefix);
      return true;
    }
    const name = prefix === "api" ? "" : (first as string);
    const version = prefix === "api" ? first : second;
    const group = this.groups.find((each) => each.name === name);
    if (group === undefined || parts.length > (prefix === "api" ? 2 : 3)) return false;
    if (version === undefined) {
      await sendValue(exchange, 200, apiGroup(group));
      return true;
    }
    const found = group.versions.find((each) => each.version === version);
    if (found === undefined) return false;
    await sendValue(exchange, 200, apiResourceList(name, found));
    return true;
  }

  async #sendRoot(exchange: HttpExchange, prefix: "api" | "apis"): Promise<void> {
    exchange.addHeader("vary", "Accept");
    const aggregated = aggregatedVersion(exchange.headers.accept);
    if (aggregated !== undefined) {
      this.#sendAggregated(exchange, prefix, aggregated);
      return;
    }
    const core = this.groups.find((group) => group.name === "");
    await sendValue(exchange, 200, prefix === "api" ? apiVersions(core) : apiGroupList(this.groups.filter((group) => group.name !== "")));
  }

  #sendAggregated(exchange: HttpExchange, prefix: "api" | "apis", version: AggregatedVersion): void {
    const { bytes, etag } = this.#document(prefix, version);
    const contentType = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
    const headers = { "content-type": contentType, etag, "cache-control": "public" };
    const isFresh = exchange.headers["if-none-match"] === etag;
    if (isFresh) exchange.respond(304, headers);
    else exchange.respond(200, headers, bytes);
  }

  #document(prefix: "api" | "apis", version: AggregatedVersion): Document {
    const key = `${prefix}/${version}`;
    let document = this.#aggregated.get(key);
    if (document === undefined) {
      const groups = this.groups.filter((group) => (group.name === "") === (prefix === "api"));
      const bytes = Buffer.from(JSON.stringify(groupDiscoveryList(groups, version)));
      document = { bytes, etag: `"${createHash("sha512").update(bytes).digest("hex").toUpperCase()}"` };
      this.#aggregated.set(key, document);
    }
    return document;
  }
}

/** Undefined when the client prefers the legacy form. @throws {StatusError} 406 when it takes neither. */
function aggregatedVersion(accept: string | undefined): AggregatedVersion | undefined {
  if (accept === undefined || accept === "") return undefined;
  for (const { type, parameters } of parseAccept(accept)) {
    if (type === "*/*" || type === "application/*") return undefined;
    if (type !== "application/json") continue;
    const as = parameters.get("as");
    if (as === undefined) return undefined;
    const version = parameters.get("v");
    const isKnown = as === "APIGroupDiscoveryList" && parameters.get("g") === "apidiscovery.k8s.io";
    if (isKnown && (version === "v2" || version === "v2beta1")) return version;
  }
  throw newNotAcceptable(["application/json"]);
}
