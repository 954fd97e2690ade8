import { createHash } from "node:crypto";
import { newNotAcceptable } from "@coracle/apimachinery";
import type { HttpExchange } from "../http/exchange.ts";
import { parseAccept } from "../http/negotiate.ts";
import { sendValue } from "../http/respond.ts";
import type { Registry } from "../registry/contract.ts";
import { groupDiscoveryList } from "./aggregated.ts";
import { builtInPriority, customPriority, type Aggregator, type RemoteDiscovery } from "../aggregator/index.ts";
import { groupApis, type DiscoveredGroup } from "./groups.ts";
import { apiGroup, apiGroupList, apiResourceList, apiVersions } from "./legacy.ts";

type AggregatedVersion = "v2" | "v2beta1";

interface Document {
  readonly bytes: Buffer;
  readonly etag: string;
}

/** Who knows what other servers serve. */
export interface OtherServers {
  readonly aggregator: Aggregator;
  readonly discovery: RemoteDiscovery;
}

/**
 * Serves `/api`, `/apis` and what is below them, up to the resources. Follows the registry as CustomResourceDefinitions come and go, and
 * merges what other servers serve. Paths of one version of theirs never come here: they answer themselves.
 */
export class DiscoveryHandler implements Disposable {
  readonly #registry: Registry;
  readonly #others: OtherServers | undefined;
  readonly #subscriptions: readonly Disposable[];
  #groups: readonly DiscoveredGroup[] | undefined;
  readonly #aggregated = new Map<string, Document>();

  constructor(registry: Registry, others?: OtherServers) {
    this.#registry = registry;
    this.#others = others;
    const forget = (): void => {
      this.#groups = undefined;
      this.#aggregated.clear();
    };
    this.#subscriptions = [
      registry.onResourcesChanged(forget),
      ...(others === undefined ? [] : [others.aggregator.onChanged(forget), others.discovery.onChanged(forget)]),
    ];
  }

  get groups(): readonly DiscoveredGroup[] {
    return (this.#groups ??= this.#group());
  }

  #group(): DiscoveredGroup[] {
    const resources = this.#registry.resources();
    const custom = new Set(resources.filter(({ isCustom }) => isCustom).map(({ group }) => group));
    const { aggregator, discovery } = this.#others ?? {};
    return groupApis({
      resources,
      remotes: (aggregator?.remotes ?? []).flatMap((remote) => {
        const found = discovery?.resourcesOf(remote);
        return found === undefined ? [] : [{ group: remote.group, version: remote.version, resources: found }];
      }),
      priorityOf: (group, version) =>
        aggregator?.priorityOf(group, version) ?? (custom.has(group) ? customPriority : builtInPriority(group, version)),
      isHidden: (group, version) => aggregator?.isDeclined(group, version) ?? false,
    });
  }

  [Symbol.dispose](): void {
    for (const each of this.#subscriptions) each[Symbol.dispose]();
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
