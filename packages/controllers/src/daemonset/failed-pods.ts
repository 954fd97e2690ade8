import type { Clock } from "@coracle/base";

/** Upstream's `DaemonSetBackoff…`: a second, doubled with each failure on the same node up to a quarter of an hour. */
const initialMs = 1_000;
const maxMs = 15 * 60_000;
/** Nodes remembered at most; the ones that failed longest ago are forgotten first. */
const limit = 10_000;

interface Failure {
  readonly pauseMs: number;
  readonly atMs: number;
}

/** Pauses between the removals of failed pods: a kubelet that refuses a daemon would refuse the next one as fast. */
export class FailedPods {
  readonly #clock: Clock;
  readonly #failures = new Map<string, Failure>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Whether a failed pod may be removed now: 0 when it may, which counts as one more failure of `key`, else the milliseconds to wait.
   */
  takeTurn(key: string): number {
    const nowMs = this.#clock.monotonic();
    const known = this.#failures.get(key);
    const sinceMs = known === undefined ? Infinity : nowMs - known.atMs;
    if (known !== undefined && sinceMs < known.pauseMs) return known.pauseMs - sinceMs;
    const pauseMs = known === undefined || sinceMs > 2 * maxMs ? initialMs : Math.min(maxMs, known.pauseMs * 2);
    this.#failures.delete(key);
    this.#failures.set(key, { pauseMs, atMs: nowMs });
    if (this.#failures.size > limit) this.#failures.delete(this.#failures.keys().next().value ?? "");
    return 0;
  }
}
