import type { Clock, Logger } from "@coracle/base";
import { createExponentialLimiter, WorkQueue, type RateLimiter } from "@coracle/client";

export interface KeyedWorkOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Names the work in logs and in the metrics of work queues. */
  readonly name: string;
  /** Keys that are worked on at the same time. Defaults to 5. */
  readonly workers?: number;
  /** Pauses after failures. Defaults to 5 ms, doubling up to 30 s. */
  readonly rateLimiter?: RateLimiter;
  /** Brings one key up to date; a failure brings it back after a pause. Resolves with the time after which to look again, if any. */
  sync(key: string): Promise<{ againAfterMs: number } | void>;
}

/** Brings keys up to date whenever one is added, never one twice at a time. */
export class KeyedWork implements Disposable {
  readonly queue: WorkQueue;
  readonly name: string;
  readonly #options: KeyedWorkOptions;
  #isStarted = false;

  constructor(options: KeyedWorkOptions) {
    this.#options = options;
    this.name = options.name;
    const { clock, rateLimiter = createExponentialLimiter(5, 30_000) } = options;
    this.queue = new WorkQueue({ clock, rateLimiter });
  }

  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    for (let index = 0; index < (this.#options.workers ?? 5); index++) void this.#work();
  }

  add(key: string): void {
    this.queue.add(key);
  }

  [Symbol.dispose](): void {
    void this.queue.shutDown();
  }

  async #work(): Promise<void> {
    for (;;) {
      const key = await this.queue.take();
      if (key === undefined) return;
      await this.#run(key);
      this.queue.done(key);
    }
  }

  async #run(key: string): Promise<void> {
    try {
      const next = await this.#options.sync(key);
      this.queue.forget(key);
      if (next !== undefined) this.queue.addAfter(key, next.againAfterMs);
    } catch (error) {
      if (this.queue.isShutDown) return;
      this.#options.log.debug(`${this.name} will look again`, { key, error });
      this.queue.addRateLimited(key);
    }
  }
}
