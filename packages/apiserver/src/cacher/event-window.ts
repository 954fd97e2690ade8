import type { Clock } from "@coracle/base";
import type { CachedObject } from "./cached-object.ts";

/** One change of one object. */
export interface CacheEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly revision: number;
  /** After the change; of a deletion the last state, at the revision of the deletion. */
  readonly object: CachedObject;
  readonly previous: CachedObject | undefined;
}

export interface WindowLimits {
  /** So many events are kept however old they are. Defaults to 100. */
  readonly leastEvents: number;
  /** So many are never exceeded. Defaults to 20 000. */
  readonly mostEvents: number;
  /** Between the two limits younger events are kept. Defaults to 75 s, the longest that clients rely on. */
  readonly freshMs: number;
}

export const defaultWindowLimits: WindowLimits = { leastEvents: 100, mostEvents: 20_000, freshMs: 75_000 };

/** The latest events of one resource, from which a watch can resume. */
export class EventWindow {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #limits: WindowLimits;
  #events: CacheEvent[] = [];
  #times: number[] = [];
  /** Events before this index are gone; they are cut off now and then. */
  #head = 0;
  #startRevision: number;

  /** Complete for every revision after `startRevision`. */
  constructor(startRevision: number, clock: Pick<Clock, "monotonic">, limits: WindowLimits = defaultWindowLimits) {
    this.#startRevision = startRevision;
    this.#clock = clock;
    this.#limits = limits;
  }

  /** A watch can resume at this revision or later. */
  get startRevision(): number {
    return this.#startRevision;
  }

  push(event: CacheEvent): void {
    const now = this.#clock.monotonic();
    this.#events.push(event);
    this.#times.push(now);
    while (this.#isTooLong(now)) this.#startRevision = (this.#events[this.#head++] as CacheEvent).revision;
    if (this.#head > 1024 && this.#head * 2 > this.#events.length) {
      this.#events = this.#events.slice(this.#head);
      this.#times = this.#times.slice(this.#head);
      this.#head = 0;
    }
  }

  #isTooLong(now: number): boolean {
    const length = this.#events.length - this.#head;
    if (length <= this.#limits.leastEvents) return false;
    return length > this.#limits.mostEvents || now - (this.#times[this.#head] as number) > this.#limits.freshMs;
  }

  /** Events after `revision`, which is not before {@link startRevision}. */
  after(revision: number): readonly CacheEvent[] {
    let low = this.#head;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#events[middle] as CacheEvent).revision > revision) high = middle;
      else low = middle + 1;
    }
    return this.#events.slice(low);
  }
}
