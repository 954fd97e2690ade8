import { createDeferred, linkSignals, type Clock, type Logger, type Random } from "@coracle/base";
import { objectKey, StatusError, type KubeList, type KubeObject, type ResourceType, type Status } from "@coracle/apimachinery";
import type { Informer, InformerHandler } from "../informer.ts";
import { createLifetime } from "../lifetime.ts";
import type { ApiRequest, Transport, WatchEvent } from "../transport.ts";
import { InformerCache } from "./informer-cache.ts";

export interface ReflectorOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Objects per list request. Defaults to 500. */
  readonly pageSize?: number;
  /** First pause after a failure; doubles up to `maxBackoffMs`. Defaults to 800. */
  readonly minBackoffMs?: number;
  /** Defaults to 30000. */
  readonly maxBackoffMs?: number;
  /**
   * A watch that shows no sign of life for so long is replaced by another. Servers send bookmarks about once a minute. Defaults to
   * 150000.
   */
  readonly silenceMs?: number;
  /** The shortest time the server is asked to keep a watch; the longest is twice that. Defaults to 300. */
  readonly watchSeconds?: number;
}

/** The server no longer has the history that a watch must start from. */
class HistoryGoneError extends Error {
  override readonly name = "HistoryGoneError";
}

/**
 * An informer of its own: lists, then watches from the list's revision, for ever. It resumes from the last event or bookmark when a watch
 * ends, lists again on 410, backs off when the server fails (800 ms doubling to 30 s, each up to twice as long, as client-go) and replaces
 * a watch that has gone silent.
 */
export class Reflector<T extends KubeObject> implements Informer<T> {
  readonly #resource: ResourceType<T>;
  readonly #options: Required<ReflectorOptions>;
  readonly #cache = new InformerCache<T>();
  readonly #stopped = createLifetime();
  readonly #synced = createDeferred();
  #hasSynced = false;
  #resourceVersion: string | undefined;
  #lastActivityMs: number;
  #backoffMs: number;

  constructor(resource: ResourceType<T>, options: ReflectorOptions) {
    this.#resource = resource;
    this.#options = { pageSize: 500, minBackoffMs: 800, maxBackoffMs: 30_000, silenceMs: 150_000, watchSeconds: 300, ...options };
    this.#backoffMs = this.#options.minBackoffMs;
    this.#lastActivityMs = options.clock.now();
  }

  /** Begins to list and watch. Call it once. */
  start(): void {
    void this.#run();
  }

  stop(): void {
    this.#stopped.abort(new Error("the informer was stopped"));
  }

  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  get lastActivityMs(): number {
    return this.#lastActivityMs;
  }

  waitForSync(signal?: AbortSignal): Promise<void> {
    if (this.#hasSynced) return Promise.resolve();
    const link = linkSignals(signal, this.#stopped.signal);
    const aborted = new Promise<never>((_resolve, reject) => {
      const onAbort = (): void => reject(link.signal.reason as Error);
      if (link.signal.aborted) onAbort();
      link.signal.addEventListener("abort", onAbort, { once: true });
    });
    return Promise.race([this.#synced.promise, aborted]).finally(() => link[Symbol.dispose]());
  }

  get(key: string): T | undefined {
    return this.#cache.get(key);
  }

  list(namespace?: string): readonly T[] {
    return this.#cache.list(namespace);
  }

  addIndex(name: string, values: (object: T) => readonly string[]): void {
    this.#cache.addIndex(name, values);
  }

  byIndex(name: string, value: string): readonly T[] {
    return this.#cache.byIndex(name, value);
  }

  subscribe(handler: InformerHandler<T>): Disposable {
    return this.#cache.subscribe(handler);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    const { clock, log } = this.#options;
    while (!signal.aborted) {
      const startedMs = clock.monotonic();
      let isFailure = false;
      try {
        if (this.#resourceVersion === undefined) await this.#relist();
        await this.#watchOnce();
      } catch (error) {
        if (signal.aborted) return;
        isFailure = !(error instanceof HistoryGoneError);
        if (isFailure) log.warn("list or watch failed; trying again", { error });
        else this.#resourceVersion = undefined;
      }
      // A server that ends every watch at once must not be hammered.
      if (isFailure || clock.monotonic() - startedMs < 1000) await this.#pause();
    }
  }

  async #pause(): Promise<void> {
    const { clock, random, maxBackoffMs } = this.#options;
    const delayMs = this.#backoffMs * (1 + random.next());
    this.#backoffMs = Math.min(maxBackoffMs, this.#backoffMs * 2);
    await clock.sleep(delayMs, this.#stopped.signal).catch(() => undefined);
  }

  #request(verb: "list" | "watch", query: Record<string, string>, signal: AbortSignal): ApiRequest {
    return { verb, resource: this.#resource, query, signal };
  }

  async #relist(): Promise<void> {
    const { transport, pageSize } = this.#options;
    const objects: T[] = [];
    let next = "";
    let resourceVersion = "";
    do {
      const query: Record<string, string> = { limit: String(pageSize), ...(next === "" ? {} : { continue: next }) };
      const request = this.#request("list", query, this.#stopped.signal);
      const page = (await transport.request(request).catch(rethrowExpired)) as unknown as KubeList<T>;
      for (const object of page.items) objects.push(object);
      next = page.metadata.continue ?? "";
      resourceVersion = page.metadata.resourceVersion ?? "";
    } while (next !== "");
    this.#cache.replace(objects, !this.#hasSynced);
    this.#resourceVersion = resourceVersion;
    this.#noteActivity();
    if (!this.#hasSynced) {
      this.#hasSynced = true;
      this.#synced.resolve();
    }
  }

  async #watchOnce(): Promise<void> {
    const { transport, random, watchSeconds, log } = this.#options;
    const timeoutSeconds = Math.floor(watchSeconds * (1 + random.next()));
    const query = { resourceVersion: this.#resourceVersion ?? "", allowWatchBookmarks: "true", timeoutSeconds: String(timeoutSeconds) };
    using link = linkSignals(this.#stopped.signal);
    using watchdog = this.#watchdog(() => {
      log.warn("watch is silent; starting another", { resourceVersion: this.#resourceVersion });
      link.controller.abort(new Error("watch is silent"));
    });
    try {
      for await (const event of transport.watch(this.#request("watch", query, link.signal))) {
        watchdog.feed();
        this.#handle(event);
      }
    } catch (error) {
      if (link.signal.aborted) return;
      rethrowExpired(error);
    }
  }

  #handle(event: WatchEvent): void {
    this.#noteActivity();
    if (event.type === "ERROR") {
      const error = new StatusError(event.object as unknown as Status);
      if (isExpired(error)) throw new HistoryGoneError(error.message);
      throw error;
    }
    const object = event.object as T;
    if (event.type === "DELETED") this.#cache.delete(objectKey(object), object);
    else if (event.type !== "BOOKMARK") this.#cache.set(object);
    this.#resourceVersion = object.metadata.resourceVersion ?? this.#resourceVersion;
  }

  #noteActivity(): void {
    this.#lastActivityMs = this.#options.clock.now();
    this.#backoffMs = this.#options.minBackoffMs;
  }

  /** Calls `onSilence` when it was not fed for a while. One timer at a time, moved on only when it fires. */
  #watchdog(onSilence: () => void): Disposable & { feed(): void } {
    const { clock, silenceMs } = this.#options;
    let fedMs = clock.monotonic();
    let timer: Disposable;
    const arm = (delayMs: number): void => {
      timer = clock.setTimeout(() => {
        const remainingMs = fedMs + silenceMs - clock.monotonic();
        if (remainingMs > 0) arm(remainingMs);
        else onSilence();
      }, delayMs);
    };
    arm(silenceMs);
    return { feed: () => void (fedMs = clock.monotonic()), [Symbol.dispose]: () => timer[Symbol.dispose]() };
  }
}

function isExpired(error: unknown): boolean {
  return error instanceof StatusError && (error.reason === "Expired" || error.reason === "Gone" || error.code === 410);
}

function rethrowExpired(error: unknown): never {
  if (isExpired(error)) throw new HistoryGoneError((error as Error).message, { cause: error });
  throw error;
}
