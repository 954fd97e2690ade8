import { assert, type Clock } from "@coracle/base";
import { QueueMetrics } from "./queue-metrics.ts";
import { createControllerLimiter, type RateLimiter } from "./rate-limiter.ts";

export interface WorkQueueOptions {
  readonly clock: Clock;
  /** Defaults to {@link createControllerLimiter}. */
  readonly rateLimiter?: RateLimiter;
}

/**
 * Keys that wait for work, with client-go's guarantees: a key waits at most once; it is given to one worker at a time; a key that is
 * added while it is worked on comes back after {@link done}. First in, first out. Its size is bounded by the number of distinct keys.
 */
export class WorkQueue {
  /** Counters; read them at any time, they are never reset. */
  readonly metrics: QueueMetrics;
  readonly #clock: Clock;
  readonly #limiter: RateLimiter;
  /** Ready keys in order; those before `#head` are taken. */
  #ready: string[] = [];
  #head = 0;
  readonly #dirty = new Set<string>();
  readonly #processing = new Set<string>();
  readonly #delayed = new Map<string, { readonly dueMs: number; readonly timer: Disposable }>();
  readonly #idle: ((key: string | undefined) => void)[] = [];
  readonly #drained: (() => void)[] = [];
  #isShutDown = false;

  constructor({ clock, rateLimiter = createControllerLimiter(clock) }: WorkQueueOptions) {
    this.#clock = clock;
    this.metrics = new QueueMetrics(clock);
    this.#limiter = rateLimiter;
  }

  /** Keys that are ready; neither those being worked on nor those that wait for a time. */
  get length(): number {
    return this.#ready.length - this.#head;
  }

  /** Keys given to workers and not yet {@link done}. */
  get processing(): number {
    return this.#processing.size;
  }

  /** Keys that wait for their time. */
  get delayed(): number {
    return this.#delayed.size;
  }

  get isShutDown(): boolean {
    return this.#isShutDown;
  }

  add(key: string): void {
    if (this.#isShutDown || this.#dirty.has(key)) return;
    this.#dirty.add(key);
    this.metrics.added(key);
    if (!this.#processing.has(key)) this.#offer(key);
  }

  /** Adds `key` after a pause. Of several pauses for one key the one that ends first counts. */
  addAfter(key: string, delayMs: number): void {
    if (this.#isShutDown) return;
    if (delayMs <= 0) {
      this.add(key);
      return;
    }
    const dueMs = this.#clock.monotonic() + delayMs;
    const waiting = this.#delayed.get(key);
    if (waiting !== undefined) {
      if (waiting.dueMs <= dueMs) return;
      waiting.timer[Symbol.dispose]();
    }
    const timer = this.#clock.setTimeout(() => {
      this.#delayed.delete(key);
      this.add(key);
    }, delayMs);
    this.#delayed.set(key, { dueMs, timer });
  }

  /** Adds `key` after the pause that its failures have earned. */
  addRateLimited(key: string): void {
    this.metrics.retries++;
    this.addAfter(key, this.#limiter.when(key));
  }

  /** Call it when `key` succeeded, so that its next failure starts from the shortest pause. */
  forget(key: string): void {
    this.#limiter.forget(key);
  }

  failures(key: string): number {
    return this.#limiter.failures(key);
  }

  /** The next key, or undefined once the queue is shut down and empty. The caller owns the key until {@link done}. */
  take(): Promise<string | undefined> {
    const key = this.tryTake();
    if (key !== undefined) return Promise.resolve(key);
    if (this.#isShutDown) return Promise.resolve(undefined);
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** The next key if one is ready. */
  tryTake(): string | undefined {
    const key = this.#ready[this.#head];
    if (key === undefined) return undefined;
    this.#head++;
    // The taken front is cut off in large pieces, so that taking stays cheap.
    if (this.#head > 1024 && this.#head * 2 > this.#ready.length) {
      this.#ready = this.#ready.slice(this.#head);
      this.#head = 0;
    }
    this.#begin(key);
    return key;
  }

  /** Gives `key` back. @throws when the caller does not own it. */
  done(key: string): void {
    assert(this.#processing.delete(key), `work queue: ${key} is done but was not taken`);
    this.metrics.done(key);
    if (this.#dirty.has(key)) this.#offer(key);
    if (this.#processing.size === 0 && this.length === 0) for (const resolve of this.#drained.splice(0)) resolve();
  }

  /**
   * Takes no more keys. Keys that wait for a time are dropped; those that are ready are dropped too unless `drain`, when workers still
   * get them. Resolves when no key is ready or being worked on.
   */
  shutDown(drain = false): Promise<void> {
    this.#isShutDown = true;
    for (const { timer } of this.#delayed.values()) timer[Symbol.dispose]();
    this.#delayed.clear();
    if (!drain) {
      this.#ready = [];
      this.#head = 0;
      this.#dirty.clear();
      this.metrics.dropped();
    }
    for (const resolve of this.#idle.splice(0)) resolve(undefined);
    if (this.#processing.size === 0 && this.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  #offer(key: string): void {
    const worker = this.#idle.shift();
    if (worker === undefined) {
      this.#ready.push(key);
      return;
    }
    this.#begin(key);
    worker(key);
  }

  #begin(key: string): void {
    this.#dirty.delete(key);
    this.#processing.add(key);
    this.metrics.taken(key);
  }
}
