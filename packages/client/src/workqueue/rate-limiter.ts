import type { Clock } from "@coracle/base";

/** Says how long a key that failed has to wait. */
export interface RateLimiter {
  /** Counts a failure of `key` and answers the pause in milliseconds. */
  when(key: string): number;
  /** Forgets the failures of `key`. */
  forget(key: string): void;
  /** Failures of `key` since it was last forgotten. */
  failures(key: string): number;
}

/** Each failure of a key doubles its pause, from `baseMs` to `maxMs`. */
export function createExponentialLimiter(baseMs = 5, maxMs = 1_000_000): RateLimiter {
  const failures = new Map<string, number>();
  return {
    when(key) {
      const count = failures.get(key) ?? 0;
      failures.set(key, count + 1);
      return Math.min(maxMs, baseMs * 2 ** count);
    },
    forget: (key) => void failures.delete(key),
    failures: (key) => failures.get(key) ?? 0,
  };
}

/** A token bucket over all keys: `burst` at once, then `perSecond`. Tokens are reserved, so that later calls wait longer. */
export function createBucketLimiter(clock: Clock, perSecond = 10, burst = 100): RateLimiter {
  let tokens = burst;
  let filledMs = clock.monotonic();
  return {
    when() {
      const nowMs = clock.monotonic();
      tokens = Math.min(burst, tokens + ((nowMs - filledMs) * perSecond) / 1000) - 1;
      filledMs = nowMs;
      return tokens >= 0 ? 0 : (-tokens * 1000) / perSecond;
    },
    forget() {},
    failures: () => 0,
  };
}

/** The longest pause that any of `limiters` asks for. */
export function createMaxOfLimiter(...limiters: readonly RateLimiter[]): RateLimiter {
  return {
    when: (key) => Math.max(...limiters.map((limiter) => limiter.when(key))),
    forget: (key) => limiters.forEach((limiter) => limiter.forget(key)),
    failures: (key) => Math.max(...limiters.map((limiter) => limiter.failures(key))),
  };
}

/** What controllers use: 5 ms … 1000 s for each key, 10 a second with a burst of 100 over all, as client-go. */
export function createControllerLimiter(clock: Clock): RateLimiter {
  return createMaxOfLimiter(createExponentialLimiter(), createBucketLimiter(clock));
}
