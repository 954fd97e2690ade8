import { createHash } from "node:crypto";
import { encodeYaml, newNotAcceptable } from "@coracle/apimachinery";
import type { HttpExchange } from "../http/exchange.ts";
import { negotiate, parseAccept, producedTypes, type MediaRange } from "../http/negotiate.ts";
import { loadProtobuf } from "../http/protobuf/load.ts";
import { isPretty, sendProtobuf, sendValue } from "../http/respond.ts";
import type { Registry } from "../registry/contract.ts";
import { groupDiscoveryList } from "./aggregated.ts";
import { builtInPriority, customPriority, type Aggregator, type RemoteDiscovery } from "../aggregator/index.ts";
import { groupApis, type DiscoveredGroup } from "./groups.ts";
import { apiGroup, apiGroupList, apiResourceList, apiVersions } from "./legacy.ts";

/** What a client wants of everything in one answer. */
interface AggregatedForm {
  readonly version: "v2" | "v2beta1";
  /** One of {@link producedTypes}. */
  readonly type: string;
}

interface Document {
  readonly bytes: Buffer;
  readonly etag: string;
}

/** Who knows what other servers serve. */
export interface OtherServers {
  readonly aggregator: Aggregator;
  readonly discovery: RemoteDiscovery;
}

export interface DiscoveryHandlerOptions {
  readonly registry: Registry;
  /** Defaults to nobody. */
  readonly others?: OtherServers;
  /** Where clients reach this server: `192.0.2.1:6443`. */
  serverAddress(): string;
}

/**
 * Serves `/api`, `/apis` and what is below them, up to the resources. Follows the registry as CustomResourceDefinitions come and go, and
 * merges what other servers serve. Paths of one version of theirs never come here: they answer themselves.
 */
export class DiscoveryHandler implements Disposable {
  readonly #registry: Registry;
  readonly #others: OtherServers | undefined;
  readonly #serverAddress: () => string;
  readonly #subscriptions: readonly Disposable[];
  #groups: readonly DiscoveredGroup[] | undefined;
  readonly #aggregated = new Map<string, Document>();

  constructor({ registry, others, serverAddress }: DiscoveryHandlerOptions) {
    this.#registry = registry;
    this.#others = others;
    this.#serverAddress = serverAddress;
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
      await sendLegacy(exchange, apiGroup(group), false);
      return true;
    }
    const found = group.versions.find((each) => each.version === version);
    if (found === undefined) return false;
    await sendLegacy(
      exchange,
      apiResourceList(name, found),
      found.resources.some(({ definition }) => !definition.isCustom),
    );
    return true;
  }

  async #sendRoot(exchange: HttpExchange, prefix: "api" | "apis"): Promise<void> {
    const aggregated = aggregatedForm(exchange.headers.accept);
    if (aggregated !== undefined) await this.#sendAggregated(exchange, prefix, aggregated);
    else if (prefix === "apis") await sendLegacy(exchange, apiGroupList(this.groups.filter((group) => group.name !== "")), false);
    else {
      const core = this.groups.find((group) => group.name === "");
      await sendLegacy(exchange, apiVersions(core, this.#serverAddress()), true);
    }
  }

  async #sendAggregated(exchange: HttpExchange, prefix: "api" | "apis", form: AggregatedForm): Promise<void> {
    const { bytes, etag } = await this.#document(prefix, form);
    const contentType = `${form.type};g=apidiscovery.k8s.io;v=${form.version};as=APIGroupDiscoveryList`;
    const headers = { "content-type": contentType, etag, "cache-control": "public", vary: "Accept" };
    const isFresh = exchange.headers["if-none-match"] === etag;
    if (isFresh) exchange.respond(304, headers);
    else exchange.respond(200, headers, bytes);
  }

  async #document(prefix: "api" | "apis", { version, type }: AggregatedForm): Promise<Document> {
    const key = `${prefix}/${version}/${type}`;
    let document = this.#aggregated.get(key);
    if (document === undefined) {
      const groups = this.groups.filter((group) => (group.name === "") === (prefix === "api"));
      const list = groupDiscoveryList(groups, version);
      const json = Buffer.from(JSON.stringify(list));
      // The same in every form, as upstream's.
      const etag = `"${createHash("sha512").update(json).digest("hex").toUpperCase()}"`;
      document = { bytes: type === jsonType ? json : await encodeAs(type, list), etag };
      // What it was made of may have changed meanwhile.
      if (groups.every((group) => this.#groups?.includes(group))) this.#aggregated.set(key, document);
    }
    return document;
  }
}

const jsonType = "application/json";

async function encodeAs(type: string, value: object): Promise<Buffer> {
  return type === "application/yaml" ? Buffer.from(await encodeYaml(value)) : (await loadProtobuf()).encodeObject(value);
}

/** Undefined when the client prefers the legacy form, or takes neither. */
function aggregatedForm(accept: string | undefined): AggregatedForm | undefined {
  if (accept === undefined || accept === "") return undefined;
  for (const range of parseAccept(accept)) {
    const form = aggregatedFormOf(range);
    if (form !== undefined) return form;
    if (!range.parameters.has("as") && (range.type.endsWith("/*") || producedTypes.includes(range.type))) return undefined;
  }
  return undefined;
}

function aggregatedFormOf({ type, parameters }: MediaRange): AggregatedForm | undefined {
  const version = parameters.get("v");
  if (parameters.get("as") !== "APIGroupDiscoveryList" || parameters.get("g") !== "apidiscovery.k8s.io") return undefined;
  if (!producedTypes.includes(type)) return undefined;
  // Upstream of 1.36 no longer speaks v2beta1; clients of 1.26 and 1.27 are served quicker when somebody does.
  return version === "v2" || (version === "v2beta1" && type === jsonType) ? { version, type } : undefined;
}

/** Sends one of the small documents in the form that the client wants. @throws {StatusError} 406. */
async function sendLegacy(exchange: HttpExchange, document: object, isRouted: boolean): Promise<void> {
  const negotiated = negotiate(exchange.headers.accept, { hasProtobuf: true, hasTable: false, verb: "get", isRouted });
  const { format, as } = negotiated;
  if (as !== undefined) throw newNotAcceptable(producedTypes);
  if (format === "protobuf") await sendProtobuf(exchange, 200, (await loadProtobuf()).encodeObject(document));
  else await sendValue(exchange, 200, document, { format, isPretty: isPretty(exchange, negotiated) });
}
