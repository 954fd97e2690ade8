import type { Clock } from "@coracle/base";

/** Upper bounds in seconds of the histograms: powers of ten from ten nanoseconds to ten seconds, as upstream's `workqueue_*`. */
export const queueBuckets: readonly number[] = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10];

/** How often something took how long. */
export interface Distribution {
  readonly count: number;
  readonly sumSeconds: number;
  /** For each of {@link queueBuckets}, how many took no longer than that. */
  readonly buckets: readonly number[];
}

class Durations implements Distribution {
  count = 0;
  sumSeconds = 0;
  readonly buckets = queueBuckets.map(() => 0);

  observe(seconds: number): void {
    this.count++;
    this.sumSeconds += seconds;
    for (let index = queueBuckets.length - 1; index >= 0 && seconds <= (queueBuckets[index] as number); index--) {
      this.buckets[index] = (this.buckets[index] as number) + 1;
    }
  }
}

/** What a work queue has done so far, as client-go counts it. Its memory is bounded by the keys of the queue. */
export class QueueMetrics {
  adds = 0;
  retries = 0;
  readonly #clock: Clock;
  readonly #waiting = new Map<string, number>();
  readonly #working = new Map<string, number>();
  readonly #queueDuration = new Durations();
  readonly #workDuration = new Durations();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How long keys waited, once they were ready. */
  get queueDuration(): Distribution {
    return this.#queueDuration;
  }

  /** How long they were worked on. */
  get workDuration(): Distribution {
    return this.#workDuration;
  }

  /** Time spent on what is being worked on now: of all keys together, and of the one that takes longest. */
  unfinishedSeconds(): { readonly total: number; readonly longest: number } {
    const now = this.#clock.monotonic();
    let total = 0;
    let longest = 0;
    for (const sinceMs of this.#working.values()) {
      const seconds = (now - sinceMs) / 1000;
      total += seconds;
      longest = Math.max(longest, seconds);
    }
    return { total, longest };
  }

  added(key: string): void {
    this.adds++;
    this.#waiting.set(key, this.#clock.monotonic());
  }

  taken(key: string): void {
    const now = this.#clock.monotonic();
    this.#queueDuration.observe((now - (this.#waiting.get(key) ?? now)) / 1000);
    this.#waiting.delete(key);
    this.#working.set(key, now);
  }

  done(key: string): void {
    const now = this.#clock.monotonic();
    this.#workDuration.observe((now - (this.#working.get(key) ?? now)) / 1000);
    this.#working.delete(key);
  }

  /** Keys that were ready are dropped. */
  dropped(): void {
    this.#waiting.clear();
  }
}
