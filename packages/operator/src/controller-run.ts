import { DisposableStack } from "@coracle/base";
import { hasReason, isNamespaceTerminating } from "@coracle/apimachinery";
import { WorkQueue } from "@coracle/client";
import type { ControllerContext, ControllerDefinition, Source } from "./controller.ts";
import { createMetrics, type ControllerMetrics } from "./metrics.ts";
import { keysOfChange, type Change } from "./sources.ts";

/** One controller at work: its queue, its subscriptions and its workers. */
export class ControllerRun {
  readonly #definition: ControllerDefinition;
  readonly #context: ControllerContext;
  readonly #queue: WorkQueue;
  readonly #subscriptions = new DisposableStack();
  readonly #metrics = createMetrics();

  constructor(definition: ControllerDefinition, context: ControllerContext) {
    this.#definition = definition;
    this.#context = context;
    this.#queue = new WorkQueue({ clock: context.clock });
  }

  get metrics(): ControllerMetrics {
    const { sources, name } = this.#definition;
    const { client } = this.#context;
    return {
      name,
      queueDepth: this.#queue.length,
      delayed: this.#queue.delayed,
      activeWorkers: this.#queue.processing,
      queue: this.#queue.metrics,
      ...this.#metrics,
      lastActivityMs: Object.fromEntries(sources.map(({ resource }) => [resource.resource, client.informer(resource).lastActivityMs])),
    };
  }

  /** Resolves when caches are in sync, `start` has run and the workers take keys. */
  async start(): Promise<void> {
    const { client, signal } = this.#context;
    const { sources } = this.#definition;
    await Promise.all(sources.map(({ resource }) => client.informer(resource).waitForSync(signal)));
    for (const source of sources) this.#subscribe(source);
    await this.#definition.start?.(this.#queue);
    const workers = this.#definition.concurrency ?? 1;
    for (let worker = 0; worker < workers; worker++) void this.#work();
  }

  /** Takes no more keys; resolves when the running reconciles are over. */
  stop(): Promise<void> {
    this.#subscriptions[Symbol.dispose]();
    return this.#queue.shutDown();
  }

  #subscribe(source: Source): void {
    const enqueue = (change: Change): void => {
      try {
        for (const key of keysOfChange(source, change)) this.#queue.add(key);
      } catch (error) {
        this.#context.log.error("mapping a change to keys failed", { error, resource: source.resource.resource });
      }
    };
    const informer = this.#context.client.informer(source.resource);
    const subscription = informer.subscribe({
      onAdd: (object, isInitial) => enqueue({ event: "add", object, isInitial }),
      onUpdate: (object, old) => enqueue({ event: "update", object, old }),
      onDelete: (object) => enqueue({ event: "delete", object }),
    });
    this.#subscriptions.use(subscription);
  }

  async #work(): Promise<void> {
    for (let key = await this.#queue.take(); key !== undefined; key = await this.#queue.take()) {
      await this.#reconcile(key);
      this.#queue.done(key);
      // With the API in this process nothing else would let others in, were a controller to answer its own changes for ever.
      await this.#context.clock.giveWay();
    }
  }

  /** Never throws: one object's trouble must not stop the others. */
  async #reconcile(key: string): Promise<void> {
    const { clock, log, signal } = this.#context;
    const startedMs = clock.monotonic();
    try {
      const result = await this.#definition.reconcile(key, this.#context);
      this.#queue.forget(key);
      if (result?.requeueAfterMs !== undefined) this.#queue.addAfter(key, result.requeueAfterMs);
    } catch (error) {
      this.#queue.addRateLimited(key);
      if (!signal.aborted) {
        this.#metrics.errors++;
        // Losing a race against another writer is normal; the next attempt sees the newer object.
        const level = hasReason(error, "Conflict") || isNamespaceTerminating(error) ? "debug" : "error";
        log[level]("reconcile failed", { key, failures: this.#queue.failures(key), error });
      }
    }
    const durationMs = clock.monotonic() - startedMs;
    this.#metrics.reconciles++;
    this.#metrics.durationMsSum += durationMs;
    this.#metrics.durationMsMax = Math.max(this.#metrics.durationMsMax, durationMs);
  }
}
