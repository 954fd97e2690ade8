import type { Status } from "@coracle/apimachinery";
import type { KubeObject } from "@coracle/apimachinery";
import type { WatchEvent } from "@coracle/client";
import type { ObjectView, WatchSink } from "../registry/contract.ts";

/** A reader this far behind has to begin again. */
const limit = 10_000;

/** Turns the events of a watch into an async iterable for one reader. */
export class EventQueue implements WatchSink {
  readonly #events: WatchEvent[] = [];
  #isClosed = false;
  #isStarted = false;
  #wake: (() => void) | undefined;

  /** From now on the queue is bounded; what a watch begins with is not counted. */
  start(): void {
    this.#isStarted = true;
  }

  send({ type, view }: { readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK"; readonly view: ObjectView }): void {
    if (this.#isClosed) return;
    if (this.#isStarted && this.#events.length >= limit) this.#isClosed = true;
    else this.#events.push({ type, object: view.object });
    this.#wake?.();
  }

  close(status?: Status): void {
    if (this.#isClosed) return;
    if (status !== undefined) this.#events.push({ type: "ERROR", object: status as unknown as KubeObject });
    this.#isClosed = true;
    this.#wake?.();
  }

  async *read(): AsyncGenerator<WatchEvent, void, void> {
    for (;;) {
      // Taken as a whole: shifting one by one moves the rest each time.
      for (const event of this.#events.splice(0)) yield event;
      if (this.#events.length > 0) continue;
      if (this.#isClosed) return;
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = undefined;
    }
  }
}
