import type { Clock, Logger } from "@coracle/base";
import { deepEqual } from "@coracle/apimachinery";
import { createExponentialLimiter } from "@coracle/client";
import type { Aggregator } from "./aggregator.ts";
import { KeyedWork } from "./keyed-work.ts";
import { resourcesOfList, type DiscoveredResource, type LegacyResource } from "./legacy-discovery.ts";
import type { RemoteApi } from "./remote-api.ts";

/** What another server says that it serves. Stale: it does not answer. */
export interface RemoteResources {
  readonly resources: readonly DiscoveredResource[];
  readonly freshness: "Current" | "Stale";
}

interface Known extends RemoteResources {
  readonly etag?: string;
}

const asker = { name: "system:kube-aggregator", groups: ["system:masters"] };
const timeoutMs = 5000;
const refreshMs = 60_000;
const accept = ["v2", "v2beta1"].map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`).join(",");
const notFetched: Known = { resources: [], freshness: "Stale" };

/** Asks other servers what they serve, once a minute and when their APIService changes. Upstream's discovery manager. */
export class RemoteDiscovery implements Disposable {
  readonly work: KeyedWork;
  readonly #aggregator: Aggregator;
  readonly #known = new Map<string, Known>();
  readonly #listeners = new Set<() => void>();
  #subscription: Disposable | undefined;

  constructor(aggregator: Aggregator, { clock, log }: { readonly clock: Clock; readonly log: Logger }) {
    this.#aggregator = aggregator;
    this.work = new KeyedWork({
      clock,
      log,
      name: "discovery-manager",
      workers: 2,
      rateLimiter: createExponentialLimiter(500, refreshMs),
      sync: (name) => this.#sync(name),
    });
    this.#subscription = aggregator.onChanged((name) => this.#onChanged(name));
  }

  start(): void {
    this.work.start();
  }

  resourcesOf(remote: RemoteApi): RemoteResources {
    return this.#known.get(remote.name) ?? notFetched;
  }

  /** Called when what is known has changed. */
  onChanged(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  [Symbol.dispose](): void {
    this.#subscription?.[Symbol.dispose]();
    this.#subscription = undefined;
    this.work[Symbol.dispose]();
  }

  #onChanged(name: string): void {
    if (this.#find(name) === undefined) this.#known.delete(name);
    else this.work.add(name);
    this.#notify();
  }

  async #sync(name: string): Promise<{ againAfterMs: number } | void> {
    const remote = this.#find(name);
    if (remote === undefined) return;
    try {
      this.#learn(name, await this.#fetch(remote));
    } catch (error) {
      this.#learn(name, notFetched);
      throw error;
    }
    return { againAfterMs: refreshMs };
  }

  #learn(name: string, next: Known): void {
    const { resources, freshness } = this.#known.get(name) ?? notFetched;
    const isSame = freshness === next.freshness && deepEqual(resources, next.resources);
    if (this.#find(name) === undefined) return;
    this.#known.set(name, next);
    if (!isSame) this.#notify();
  }

  async #fetch(remote: RemoteApi): Promise<Known> {
    const known = this.#known.get(remote.name);
    const etag = known?.freshness === "Current" ? known.etag : undefined;
    const headers = { accept, ...(etag !== undefined && { "if-none-match": etag }) };
    const answer = await remote.fetch("/apis", { user: asker, headers, timeoutMs });
    if (answer.status === 304 && known !== undefined) return known;
    if (answer.status === 503) throw new Error(`${remote.name} returned non-success response code: 503`);
    const isAggregated = answer.status === 200 && /as=APIGroupDiscoveryList/.test(answer.headers["content-type"] ?? "");
    if (!isAggregated) return this.#fetchLegacy(remote);
    const tag = answer.headers.etag;
    return { resources: readAggregated(answer.body, remote), freshness: "Current", ...(tag !== undefined && { etag: tag }) };
  }

  async #fetchLegacy(remote: RemoteApi): Promise<Known> {
    const path = `/apis/${remote.group}/${remote.version}`;
    const { status, body } = await remote.fetch(path, { user: asker, headers: { accept: "application/json" }, timeoutMs });
    if (status !== 200) throw new Error(`failed to download legacy discovery for ${path}: ${status}`);
    const list = JSON.parse(body.toString()) as { resources?: readonly LegacyResource[] | null };
    return { resources: resourcesOfList(list.resources ?? []), freshness: "Current" };
  }

  #find(name: string): RemoteApi | undefined {
    return this.#aggregator.remotes.find((remote) => remote.name === name);
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}

interface AggregatedList {
  readonly items?: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions?: readonly { readonly version: string; readonly resources?: readonly DiscoveredResource[] | null }[] | null;
  }[];
}

/** The part of a server's discovery that is for one version of one group. */
function readAggregated(body: Buffer, { group, version }: RemoteApi): readonly DiscoveredResource[] {
  const list = JSON.parse(body.toString()) as AggregatedList;
  const versions = list.items?.find(({ metadata }) => (metadata?.name ?? "") === group)?.versions ?? [];
  return versions.find((each) => each.version === version)?.resources ?? [];
}
