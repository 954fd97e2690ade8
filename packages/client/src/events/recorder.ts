import { resources, type Event } from "@coracle/api";
import type { Clock, Logger, Random } from "@coracle/base";
import { isNamespaceTerminating, formatTime, hasReason, StatusError, type KubeObject } from "@coracle/apimachinery";
import type { Client } from "../client.ts";
import type { EventRecorder } from "../events.ts";
import { EventCorrelator } from "./correlator.ts";
import { referenceTo, type RecordedEvent } from "./event.ts";

export interface EventRecorderOptions {
  readonly client: Client;
  /** Who reports: `deployment-controller`, `kubelet`. */
  readonly component: string;
  /** The node, where the source runs on one. */
  readonly host?: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Events that may wait to be written; more are dropped. Defaults to 1000. */
  readonly queueLimit?: number;
}

/** An {@link EventRecorder} that writes in the background. */
export interface QueuedEventRecorder extends EventRecorder {
  /** Resolves when nothing waits to be written. */
  flush(): Promise<void>;
  /** Drops what waits and takes no more. */
  stop(): void;
}

const maxTries = 12;
const retryPauseMs = 10_000;

/** Makes a recorder of core/v1 Events. Writes go one after another, so that a count is raised after its event was made. */
export function createEventRecorder(options: EventRecorderOptions): QueuedEventRecorder {
  const { client, component, host, clock, random, log, queueLimit = 1000 } = options;
  const correlator = new EventCorrelator(clock);
  const waiting: RecordedEvent[] = [];
  const stopped = new AbortController();
  let writing: Promise<void> | undefined;
  let lastNano = 0n;

  const write = async (event: RecordedEvent): Promise<void> => {
    const correlation = correlator.correlate(event);
    if (correlation.type === "drop") return;
    for (let attempt = 1; ; attempt++) {
      try {
        const stored = await writeEvent(client, correlation.event, correlation.type);
        correlator.remember(correlation.key, { ...correlation.event, metadata: stored.metadata });
        return;
      } catch (error) {
        if (attempt >= maxTries || stopped.signal.aborted || !isPassing(error)) {
          log[isNamespaceTerminating(error) || hasReason(error, "NotFound") ? "debug" : "warn"]("event was not written", {
            reason: event.reason,
            object: event.involvedObject,
            error,
          });
          return;
        }
        await clock.sleep(retryPauseMs * (attempt === 1 ? random.next() : 1), stopped.signal).catch(() => undefined);
      }
    }
  };
  const drain = async (): Promise<void> => {
    // Writing starts a turn later: recording must cost the caller nothing.
    await Promise.resolve();
    for (let event = waiting.shift(); event !== undefined; event = waiting.shift()) await write(event);
    writing = undefined;
  };
  return {
    record(object, type, reason, message) {
      if (stopped.signal.aborted) return;
      if (waiting.length >= queueLimit) {
        log.warn("event dropped: too many wait to be written", { reason, message });
        return;
      }
      // A name is a time in nanoseconds; the clock has milliseconds, chance gives the rest.
      const nano = BigInt(clock.now()) * 1_000_000n + BigInt(Math.floor(random.next() * 1_000_000));
      lastNano = nano > lastNano ? nano : lastNano + 1n;
      const source = host === undefined ? { component } : { component, host };
      waiting.push(createEvent(object, { type, reason, message, source, nano: lastNano, nowMs: clock.now() }));
      writing ??= drain();
    },
    flush: async () => writing,
    stop() {
      stopped.abort(new Error("the event recorder was stopped"));
      waiting.length = 0;
    },
  };
}

interface Occurrence extends Pick<RecordedEvent, "type" | "reason" | "message" | "source"> {
  readonly nano: bigint;
  readonly nowMs: number;
}

function createEvent(object: KubeObject, { nano, nowMs, source, ...occurrence }: Occurrence): RecordedEvent {
  const timestamp = formatTime(nowMs);
  const { name = "", namespace = "default" } = object.metadata;
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: `${name}.${nano.toString(16)}`, namespace },
    involvedObject: referenceTo(object),
    ...occurrence,
    source,
    firstTimestamp: timestamp,
    lastTimestamp: timestamp,
    count: 1,
    reportingComponent: source.component ?? "",
    reportingInstance: source.host ?? "",
  };
}

async function writeEvent(client: Client, event: RecordedEvent, type: "create" | "patch"): Promise<Event> {
  const events = client.resource(resources.events, event.metadata.namespace);
  const { name = "" } = event.metadata;
  if (type === "patch") {
    const { count, lastTimestamp, message } = event;
    try {
      return await events.patch(name, { count, lastTimestamp, message }, { type: "application/merge-patch+json" });
    } catch (error) {
      // Events expire; an expired one starts again with its count.
      if (!hasReason(error, "NotFound")) throw error;
    }
  }
  return events.create({ ...event, metadata: { name, namespace: event.metadata.namespace ?? "default" } });
}

/** Whether another attempt may succeed. A server that refuses once will refuse again. */
function isPassing(error: unknown): boolean {
  return (
    !(error instanceof StatusError) ||
    hasReason(error, "ServiceUnavailable", "TooManyRequests", "ServerTimeout", "Timeout", "InternalError")
  );
}
