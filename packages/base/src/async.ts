/** A promise with its resolvers at hand. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T | PromiseLike<T>): void;
  reject(reason: unknown): void;
}

/** `Promise.withResolvers`, which Node 20 lacks. */
export function createDeferred<T = void>(): Deferred<T> {
  let resolve!: Deferred<T>["resolve"];
  let reject!: Deferred<T>["reject"];
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

/** An `AbortSignal` that aborts when any of `signals` does, and a disposable that detaches it from them. */
export function linkSignals(...signals: (AbortSignal | undefined)[]): { controller: AbortController; signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const sources = signals.filter((signal) => signal !== undefined);
  const onAbort = (event: Event): void => controller.abort((event.target as AbortSignal).reason);
  for (const source of sources) {
    if (source.aborted) controller.abort(source.reason);
    else source.addEventListener("abort", onAbort, { once: true });
  }
  return {
    controller,
    signal: controller.signal,
    [Symbol.dispose]: () => sources.forEach((source) => source.removeEventListener("abort", onAbort)),
  };
}
