import { constants } from "node:os";

/** A signal came while something started. Nothing is left of it; the program ends as shells expect it: with 128 + the signal's number. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";
  readonly exitCode: number;

  constructor(signal: EndSignal) {
    super(`ended by ${signal}`);
    this.exitCode = exitCodeOf(signal);
  }
}

const endSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
type EndSignal = (typeof endSignals)[number];

/** An exit code as shells report it. */
export function exitCodeOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

/** Calls `listener` for each signal that asks the process to end, instead of ending it. */
export function onEndSignals(listener: (signal: EndSignal) => void): Disposable {
  const listeners = endSignals.map((signal) => [signal, () => listener(signal)] as const);
  for (const [signal, each] of listeners) process.on(signal, each);
  return { [Symbol.dispose]: () => listeners.forEach(([signal, each]) => process.off(signal, each)) };
}

/**
 * Aborts with an {@link InterruptedError} when the process is asked to end. A second request ends it at once. Disposed of, it leaves signals to
 * others.
 */
export function abortOnEndSignals(): { readonly signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const listening = onEndSignals((signal) => {
    if (controller.signal.aborted) process.exit(exitCodeOf(signal));
    controller.abort(new InterruptedError(signal));
  });
  return { signal: controller.signal, [Symbol.dispose]: () => listening[Symbol.dispose]() };
}
