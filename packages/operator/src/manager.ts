import type { Clock, Logger, Random } from "@coracle/base";
import { createEventRecorder, type Client, type EventRecorder } from "@coracle/client";
import { ControllerRun } from "./controller-run.ts";
import type { ControllerFactory } from "./controller.ts";
import type { ControllerMetrics } from "./metrics.ts";

export interface ManagerOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** The event recorder of a controller. Defaults to one that writes core/v1 Events with the controller's name as component. */
  readonly recorderFor?: (component: string) => EventRecorder;
  /** The longest that {@link Manager.stop} waits for running reconciles. Defaults to 10000. */
  readonly stopTimeoutMs?: number;
}

/** Runs controllers together: shared informers, one client, one life. */
export interface Manager {
  /** Adds a controller. Before {@link start} only. */
  add(factory: ControllerFactory): void;
  /** Resolves when every controller's caches are in sync and its workers run. */
  start(): Promise<void>;
  /** Aborts the controllers' signal, takes no more keys, waits for running reconciles. */
  stop(): Promise<void>;
  /** Counters of the running controllers. */
  metrics(): readonly ControllerMetrics[];
}

export function createManager(options: ManagerOptions): Manager {
  const { client, clock, random, log, stopTimeoutMs = 10_000 } = options;
  const factories: ControllerFactory[] = [];
  const stopped = new AbortController();
  let runs: ControllerRun[] | undefined;
  const recorderFor = options.recorderFor ?? ((component) => createEventRecorder({ client, component, clock, random, log }));
  const build = (factory: ControllerFactory): ControllerRun => {
    // The controller's name is known only once it is built, but its context is needed to build it.
    let recorder: EventRecorder | undefined;
    let name = "";
    const events: EventRecorder = { record: (...event) => (recorder ??= recorderFor(name)).record(...event) };
    const definition = factory({ client, clock, random, log, events, signal: stopped.signal });
    name = definition.name;
    return new ControllerRun(definition, { client, clock, random, log: log.with({ controller: name }), events, signal: stopped.signal });
  };
  return {
    add(factory) {
      if (runs !== undefined) throw new Error("add controllers before the manager starts");
      factories.push(factory);
    },
    async start() {
      if (runs !== undefined) throw new Error("the manager was started before");
      runs = factories.map(build);
      await Promise.all(runs.map((run) => run.start()));
    },
    async stop() {
      stopped.abort(new Error("the manager stops"));
      const all = Promise.all((runs ?? []).map((run) => run.stop()));
      const timeout = new AbortController();
      await Promise.race([all, clock.sleep(stopTimeoutMs, timeout.signal).catch(() => undefined)]);
      timeout.abort();
    },
    metrics: () => (runs ?? []).map((run) => run.metrics),
  };
}
