import type { Clock, Logger } from "@coracle/base";
import type { Aggregator } from "./aggregator.ts";
import type { FetchedAnswer, RemoteApi } from "./remote-api.ts";

/** What another server says about the shape of its API. */
export interface RemoteDocument {
  readonly remote: RemoteApi;
  /** Its Swagger 2.0 document. */
  readonly v2?: Readonly<Record<string, unknown>>;
  /** Its index of OpenAPI 3.0 documents, by path (`apis/example.com/v1`); absent when it has only version 2. */
  readonly v3Paths?: Readonly<Record<string, string>>;
}

interface Kept {
  /** Not again before. */
  readonly untilMs: number;
  readonly document: RemoteDocument;
  readonly etag?: string;
}

const asker = { name: "system:aggregator", groups: [] };
const timeoutMs = 5000;
const freshMs = 60_000;

/**
 * Fetches OpenAPI documents of other servers when somebody asks for them, and keeps them for a minute. A server that does not answer keeps
 * what it said before.
 */
export class RemoteOpenApi implements Disposable {
  readonly #aggregator: Aggregator;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #kept = new Map<string, Promise<Kept>>();
  readonly #subscription: Disposable;

  constructor(aggregator: Aggregator, { clock, log }: { readonly clock: Clock; readonly log: Logger }) {
    this.#aggregator = aggregator;
    this.#clock = clock;
    this.#log = log;
    this.#subscription = aggregator.onChanged((name) => this.#kept.delete(name));
  }

  /** In no order. Objects are the same as before where nothing has changed. */
  async documents(): Promise<readonly RemoteDocument[]> {
    const { remotes } = this.#aggregator;
    const kept = await Promise.all(remotes.filter(({ isAvailable }) => isAvailable).map((remote) => this.#fresh(remote)));
    return kept.map(({ document }) => document);
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
  }

  async #fresh(remote: RemoteApi): Promise<Kept> {
    const known = this.#kept.get(remote.name);
    const before = await known;
    if (before !== undefined && this.#clock.monotonic() < before.untilMs) return before;
    // Others may have started while we waited.
    const current = this.#kept.get(remote.name);
    if (current !== undefined && current !== known) return current;
    const next = this.#fetch(remote, before);
    this.#kept.set(remote.name, next);
    return next;
  }

  async #fetch(remote: RemoteApi, before: Kept | undefined): Promise<Kept> {
    const untilMs = this.#clock.monotonic() + freshMs;
    try {
      const [v2, v3] = await Promise.all([this.#ask(remote, "/openapi/v2", before?.etag), this.#ask(remote, "/openapi/v3")]);
      const v3Paths = v3.status === 200 ? readIndex(v3.body) : undefined;
      const isSame = v2.status === 304 && before !== undefined && JSON.stringify(v3Paths) === JSON.stringify(before.document.v3Paths);
      if (isSame) return { ...before, untilMs };
      const swagger = v2.status === 304 ? before?.document.v2 : v2.status === 200 ? readObject(v2.body) : undefined;
      const etag = v2.headers.etag;
      const document = { remote, ...(swagger !== undefined && { v2: swagger }), ...(v3Paths !== undefined && { v3Paths }) };
      return { untilMs, document, ...(etag !== undefined && { etag }) };
    } catch (error) {
      this.#log.debug("cannot read the OpenAPI documents of an extension API server", { name: remote.name, error });
      return { untilMs, document: before?.document ?? { remote } };
    }
  }

  #ask(remote: RemoteApi, path: string, etag?: string): Promise<FetchedAnswer> {
    const headers = { accept: "application/json", ...(etag !== undefined && { "if-none-match": etag }) };
    return remote.fetch(path, { user: asker, headers, timeoutMs });
  }
}

/** Paths with the URL of their document. */
function readIndex(body: Buffer): Record<string, string> {
  const { paths = {} } = readObject(body) as { paths?: Record<string, { serverRelativeURL?: unknown } | null> };
  return Object.fromEntries(
    Object.entries(paths).flatMap(([path, entry]) =>
      typeof entry?.serverRelativeURL === "string" ? [[path, entry.serverRelativeURL]] : [],
    ),
  );
}

function readObject(body: Buffer): Record<string, unknown> {
  const value: unknown = JSON.parse(body.toString());
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
