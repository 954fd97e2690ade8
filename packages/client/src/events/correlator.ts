import type { Clock } from "@coracle/base";
import type { RecordedEvent } from "./event.ts";
import { LruMap } from "./lru-map.ts";

/** What to do with an event: make a new one, raise the count of an earlier one, or nothing. */
export type Correlation =
  | { readonly type: "create"; readonly event: RecordedEvent; readonly key: string }
  | { readonly type: "patch"; readonly event: RecordedEvent; readonly key: string }
  | { readonly type: "drop" };

const cacheSize = 4096;
const similarLimit = 10;
const similarWindowMs = 600_000;
const spamBurst = 25;
const spamRefillMs = 300_000;

/**
 * Keeps events few, as client-go does: an event that was seen before raises the count; from the tenth message of a kind within ten minutes
 * on they are told as one; an object and source that go on are limited to 25 events, then one in five minutes.
 */
export class EventCorrelator {
  readonly #clock: Clock;
  readonly #similar = new LruMap<string, { readonly messages: Set<string>; lastMs: number }>(cacheSize);
  readonly #seen = new LruMap<string, RecordedEvent>(cacheSize);
  readonly #buckets = new LruMap<string, { tokens: number; filledMs: number }>(cacheSize);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  correlate(event: RecordedEvent): Correlation {
    const { event: aggregated, key } = this.#aggregate(event);
    const seen = this.#seen.get(key);
    const counted: RecordedEvent =
      seen === undefined
        ? aggregated
        : { ...aggregated, metadata: seen.metadata, firstTimestamp: seen.firstTimestamp, count: seen.count + 1 };
    this.#seen.set(key, counted);
    if (!this.#takeToken(event)) return { type: "drop" };
    return { type: seen === undefined ? "create" : "patch", event: counted, key };
  }

  /** Remembers an event as the server stored it. */
  remember(key: string, event: RecordedEvent): void {
    this.#seen.set(key, event);
  }

  #aggregate(event: RecordedEvent): { event: RecordedEvent; key: string } {
    const nowMs = this.#clock.now();
    const similarKey = keyOf(event, event.involvedObject.fieldPath ?? "", event.type, event.reason);
    let similar = this.#similar.get(similarKey);
    if (similar === undefined || nowMs - similar.lastMs > similarWindowMs) {
      similar = { messages: new Set(), lastMs: nowMs };
      this.#similar.set(similarKey, similar);
    }
    similar.messages.add(event.message);
    similar.lastMs = nowMs;
    if (similar.messages.size < similarLimit) return { event, key: `${similarKey}\n${event.message}` };
    // One goes, so that the set stays at its limit however many messages there are.
    for (const message of similar.messages) {
      similar.messages.delete(message);
      break;
    }
    return { event: { ...event, message: `(combined from similar events): ${event.message}` }, key: similarKey };
  }

  #takeToken(event: RecordedEvent): boolean {
    const nowMs = this.#clock.now();
    const key = keyOf(event);
    const bucket = this.#buckets.get(key) ?? { tokens: spamBurst, filledMs: nowMs };
    bucket.tokens = Math.min(spamBurst, bucket.tokens + (nowMs - bucket.filledMs) / spamRefillMs);
    bucket.filledMs = nowMs;
    this.#buckets.set(key, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
}

function keyOf({ source, involvedObject }: RecordedEvent, ...more: string[]): string {
  const { kind, namespace, name, uid, apiVersion } = involvedObject;
  return [source.component, source.host, kind, namespace, name, uid, apiVersion, ...more].join("\n");
}
