/**
 * Time as a dependency. Whatever sleeps, retries or expires takes a {@link Clock}, so that a test can run ninety days in a
 * second and a simulation can replay from a seed. `Date.now` and `setTimeout` are used in this file only; the linter checks it.
 */
export interface Clock {
  /** Wall time in milliseconds since the epoch. */
  now(): number;
  /** Milliseconds from an arbitrary start; never goes back. For measuring durations. */
  monotonic(): number;
  /** Calls `callback` once after `delayMs`. Disposing the result cancels the call. */
  setTimeout(callback: () => void, delayMs: number): Disposable;
  /** Resolves after `delayMs`; rejects with the signal's reason when it aborts first. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
  /**
   * For loops that never wait for anything outside the process: a promise to await before going on when timers and connections have
   * waited for some milliseconds, else undefined.
   */
  giveWay(): Promise<void> | undefined;
}

function sleepOn(clock: Pick<Clock, "setTimeout">, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const onAbort = (): void => {
      timer[Symbol.dispose]();
      reject(signal?.reason as Error);
    };
    const timer = clock.setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, delayMs);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

const longestTimerMs = 2 ** 31 - 1;

/** So long may promise jobs follow on each other before others get their turn. */
const longestTurnMs = 5;

/** When this turn of the event loop was first asked about; undefined before. */
let turnStartMs: number | undefined;

const { setImmediate } = globalThis as { setImmediate?: (callback: () => void) => unknown };

const nextTurn = (callback: () => void): void => {
  // Browsers have timers only.
  if (setImmediate !== undefined) setImmediate(callback);
  else setTimeout(callback, 0);
};

function giveWay(): Promise<void> | undefined {
  const nowMs = performance.now();
  if (turnStartMs === undefined) {
    turnStartMs = nowMs;
    nextTurn(() => (turnStartMs = undefined));
  }
  return nowMs - turnStartMs < longestTurnMs ? undefined : new Promise(nextTurn);
}

/** The machine's clock. Its timers do not keep a process alive by themselves. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout(callback, delayMs) {
    let handle: ReturnType<typeof setTimeout>;
    const arm = (remainingMs: number): void => {
      const stepMs = Math.min(Math.max(0, remainingMs), longestTimerMs);
      handle = setTimeout(() => (remainingMs > stepMs ? arm(remainingMs - stepMs) : callback()), stepMs);
      (handle as unknown as { unref?: () => void }).unref?.();
    };
    arm(delayMs);
    return { [Symbol.dispose]: () => clearTimeout(handle) };
  },
  sleep(delayMs, signal) {
    return sleepOn(systemClock, delayMs, signal);
  },
  giveWay,
};

interface Scheduled {
  readonly dueMs: number;
  readonly sequence: number;
  readonly callback: () => void;
}

/** A clock that moves only when told to. Timers fire in order of due time, then in order of creation. */
export class VirtualClock implements Clock {
  #nowMs: number;
  readonly #startMs: number;
  #sequence = 0;
  readonly #timers = new Set<Scheduled>();

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs;
    this.#startMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  monotonic(): number {
    return this.#nowMs - this.#startMs;
  }

  setTimeout(callback: () => void, delayMs: number): Disposable {
    const timer: Scheduled = { dueMs: this.#nowMs + Math.max(0, delayMs), sequence: this.#sequence++, callback };
    this.#timers.add(timer);
    return { [Symbol.dispose]: () => void this.#timers.delete(timer) };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, delayMs, signal);
  }

  /** Virtual time stands still meanwhile. */
  giveWay(): undefined {}

  /** Number of timers waiting; zero when nothing leaks. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /**
   * Moves time forward by `durationMs`, firing what falls due on the way. After each timer the promise jobs it started are
   * given `settle` to run (by default a few macrotask turns).
   */
  async advance(durationMs: number, settle: () => Promise<void> = settleMacrotasks): Promise<void> {
    const untilMs = this.#nowMs + durationMs;
    await settle();
    for (let next = this.#nextDue(untilMs); next !== undefined; next = this.#nextDue(untilMs)) {
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.callback();
      await settle();
    }
    this.#nowMs = untilMs;
  }

  #nextDue(untilMs: number): Scheduled | undefined {
    let first: Scheduled | undefined;
    for (const timer of this.#timers) {
      if (timer.dueMs > untilMs) continue;
      if (first === undefined || timer.dueMs < first.dueMs || (timer.dueMs === first.dueMs && timer.sequence < first.sequence)) {
        first = timer;
      }
    }
    return first;
  }
}

async function settleMacrotasks(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise<void>((resolve) => setTimeout(resolve, 0));
}
