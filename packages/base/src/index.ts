/**
 * `@coracle/base`: what JavaScript lacks and every layer needs. It knows nothing of Kubernetes and runs in a browser.
 *
 * - {@link Clock}, {@link Random} and {@link Logger} are how time, chance and output are passed in.
 * - {@link DisposableStack} and {@link toDisposable} say who releases what.
 * - {@link createDeferred} and {@link linkSignals} help with asynchronous control flow.
 * - {@link MetricRegistry} counts and times, and writes that in Prometheus' text format.
 * - {@link assert} is for impossible states; operating errors have types of their own elsewhere.
 *
 * ```ts
 * const clock = new VirtualClock();
 * clock.setTimeout(() => console.log("a day later"), 86_400_000);
 * await clock.advance(86_400_000);
 * ```
 */
export { assert, AssertionError, unreachable } from "./assert.ts";
export { createDeferred, linkSignals, type Deferred } from "./async.ts";
export { systemClock, VirtualClock, type Clock } from "./clock.ts";
export { DisposableStack, toDisposable } from "./disposable.ts";
export { createJsonLogger, silentLogger, type JsonLoggerOptions, type LogFields, type Logger, type LogLevel } from "./log.ts";
export {
  head as metricHead,
  histogramLines,
  labelText,
  MetricRegistry,
  type Counter,
  type Histogram,
  type Labels,
  type Sample,
} from "./metrics/metric-registry.ts";
export { createSeededRandom, randomNameSuffix, randomUuid, safeEncodeName, systemRandom, type Random } from "./random.ts";
