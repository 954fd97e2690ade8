import type { Clock, Logger, Random } from "@coracle/base";
import {
  createEventRecorder,
  createLifetime,
  runLeaderElection,
  type Client,
  type EventRecorder,
  type QueuedEventRecorder,
} from "@coracle/client";
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
  /** Runs the controllers only while this process holds the Lease. Without it they run at once. */
  readonly leaderElection?: LeaderElectionSettings;
  /** The longest that {@link Manager.stop} waits for running reconciles. Defaults to 10000. */
  readonly stopTimeoutMs?: number;
}

export interface LeaderElectionSettings {
  readonly namespace: string;
  /** Of the Lease. */
  readonly name: string;
  /** Unique among the candidates: host name and a random part. */
  readonly identity: string;
  /** Default to 15000, 10000 and 2000. */
  readonly leaseDurationMs?: number;
  readonly renewDeadlineMs?: number;
  readonly retryPeriodMs?: number;
}

/** Runs controllers together: shared informers, one client, one life. */
export interface Manager {
  /** Adds a controller. Before {@link start} only. */
  add(factory: ControllerFactory): void;
  /**
   * Resolves when every controller's caches are in sync and its workers run; with leader election, when the candidacy began. A term of
   * leadership that is lost stops the controllers; the next one builds them anew.
   */
  start(): Promise<void>;
  /** Aborts the controllers' signal, takes no more keys, waits for running reconciles. */
  stop(): Promise<void>;
  /** Counters of the running controllers. */
  metrics(): readonly ControllerMetrics[];
}

export function createManager(options: ManagerOptions): Manager {
  return new ControllerManager(options);
}

class ControllerManager implements Manager {
  readonly #options: ManagerOptions;
  readonly #factories: ControllerFactory[] = [];
  readonly #stopped = createLifetime();
  readonly #recorders = new Map<string, EventRecorder>();
  /** Those that were made here; given ones belong to their giver. */
  readonly #ownRecorders: QueuedEventRecorder[] = [];
  #isStarted = false;
  #runs: readonly ControllerRun[] = [];
  #candidacy: Promise<void> = Promise.resolve();

  constructor(options: ManagerOptions) {
    this.#options = options;
  }

  add(factory: ControllerFactory): void {
    if (this.#isStarted) throw new Error("add controllers before the manager starts");
    this.#factories.push(factory);
  }

  async start(): Promise<void> {
    if (this.#isStarted) throw new Error("the manager was started before");
    this.#isStarted = true;
    const { leaderElection } = this.#options;
    if (leaderElection === undefined) await this.#startControllers(this.#stopped.signal);
    else this.#candidacy = this.#runCandidacy(leaderElection);
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new Error("the manager stops"));
    const { clock, stopTimeoutMs = 10_000 } = this.#options;
    const timeout = new AbortController();
    const all = Promise.all([this.#candidacy, this.#stopControllers()]);
    await Promise.race([all, clock.sleep(stopTimeoutMs, timeout.signal).catch(() => undefined)]);
    timeout.abort();
    for (const recorder of this.#ownRecorders) recorder.stop();
  }

  metrics(): readonly ControllerMetrics[] {
    return this.#runs.map((run) => run.metrics);
  }

  async #startControllers(signal: AbortSignal): Promise<void> {
    const runs = this.#factories.map((factory) => this.#build(factory, signal));
    this.#runs = runs;
    await Promise.all(runs.map((run) => run.start()));
  }

  async #stopControllers(): Promise<void> {
    await Promise.all(this.#runs.map((run) => run.stop()));
  }

  async #runCandidacy(settings: LeaderElectionSettings): Promise<void> {
    const { client, clock, random, log } = this.#options;
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      let term: Promise<void> = Promise.resolve();
      const onStartedLeading = (leading: AbortSignal): Promise<void> => (term = this.#startControllers(leading));
      await runLeaderElection({ client, clock, random, log, ...settings, signal, onStartedLeading });
      // Two leaders at once would be worse than none: the next term waits for this one's work to end.
      await term.catch(() => undefined);
      await this.#stopControllers();
    }
  }

  #build(factory: ControllerFactory, signal: AbortSignal): ControllerRun {
    const { client, clock, random, log } = this.#options;
    // The controller's name is known only once it is built, but its context is needed to build it.
    let name = "";
    const events: EventRecorder = { record: (...event) => this.#recorderFor(name).record(...event) };
    const context = { client, clock, random, log, events, signal };
    const definition = factory(context);
    name = definition.name;
    return new ControllerRun(definition, { ...context, log: log.with({ controller: name }) });
  }

  #recorderFor(component: string): EventRecorder {
    let recorder = this.#recorders.get(component);
    if (recorder === undefined) {
      recorder = this.#options.recorderFor?.(component) ?? this.#createRecorder(component);
      this.#recorders.set(component, recorder);
    }
    return recorder;
  }

  #createRecorder(component: string): EventRecorder {
    const { client, clock, random, log } = this.#options;
    const recorder = createEventRecorder({ client, component, clock, random, log });
    this.#ownRecorders.push(recorder);
    return recorder;
  }
}
