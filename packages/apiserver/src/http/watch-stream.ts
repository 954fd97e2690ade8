import type { Writable } from "node:stream";
import { toDisposable, type Clock } from "@coracle/base";
import type { Status } from "@coracle/apimachinery";
import type { ObjectView, ServedResource, WatchSink } from "../registry/contract.ts";
import type { HttpExchange } from "./exchange.ts";
import type { Negotiated } from "./negotiate.ts";
import { encodeObjectTable, encodeTable, partialMetadata, type IncludeObject } from "./table.ts";

export type WatchEventType = "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK";

/** Bytes that may wait for a slow reader, on top of the events that a watch starts with. Then it has to begin again. */
const queueLimitBytes = 32 * 2 ** 20;

export interface WatchForm {
  readonly served: ServedResource;
  readonly negotiated: Negotiated;
  readonly includeObject: IncludeObject;
  readonly clock: Clock;
}

/** Writes the events of one watch to its client, as lines of JSON. */
export class WatchStream implements WatchSink, Disposable {
  readonly #exchange: HttpExchange;
  readonly #form: WatchForm;
  readonly #onEnd: () => void;
  #stream: Writable | undefined;
  /** Events that came before the watch was known to start; the answer's status is still open then. */
  #early: Buffer[] | undefined = [];
  #limitBytes = queueLimitBytes;
  #isEnded = false;
  #hasSentHeaders = false;

  /** `onEnd` is called once, however the watch ends. */
  constructor(exchange: HttpExchange, form: WatchForm, onEnd: () => void) {
    this.#exchange = exchange;
    this.#form = form;
    this.#onEnd = onEnd;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Sends the head and what has come so far. */
  start(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    const stream = this.#exchange.begin(200, {
      "content-type": "application/json",
      "cache-control": "no-cache, private",
    });
    this.#stream = stream;
    stream.once("close", () => this.#end());
    if (early.length > 0) stream.write(Buffer.concat(early));
    this.#limitBytes += stream.writableLength;
    if (this.#isEnded) stream.end();
  }

  send(event: { readonly type: WatchEventType; readonly view: ObjectView }): void {
    if (!this.#isEnded) this.#write(this.#frame(event.type, event.view));
  }

  close(status?: Status): void {
    if (this.#isEnded) return;
    if (status !== undefined) this.#write(Buffer.from(`{"type":"ERROR","object":${JSON.stringify(status)}}\n`));
    this.#end();
    this.#stream?.end();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #write(frame: Buffer): void {
    if (this.#early !== undefined) {
      this.#early.push(frame);
      return;
    }
    const stream = this.#stream;
    if (stream === undefined || stream.destroyed) return;
    if (stream.writableLength > this.#limitBytes) {
      // The client reads too slowly: cutting it off frees the memory; it lists again.
      this.#end();
      this.#exchange.destroy();
      return;
    }
    stream.write(frame);
  }

  #end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#onEnd();
  }

  #frame(type: WatchEventType, view: ObjectView): Buffer {
    const { served, negotiated, includeObject, clock } = this.#form;
    switch (negotiated.as) {
      case undefined:
        return objectFrame(type, view);
      case "Table": {
        const hasHeaders = !this.#hasSentHeaders;
        this.#hasSentHeaders = true;
        const options = { metaVersion: negotiated.metaVersion, includeObject, nowMs: clock.now(), hasHeaders };
        const { resourceVersion = "" } = view.object.metadata;
        const isBookmark = type === "BOOKMARK";
        const table = isBookmark ? encodeTable(served, { items: [], resourceVersion }, options) : encodeObjectTable(served, view, options);
        return Buffer.concat([Buffer.from(`{"type":"${type}","object":`), table, Buffer.from("}\n")]);
      }
      case "PartialObjectMetadata":
      case "PartialObjectMetadataList":
        return Buffer.from(`{"type":"${type}","object":${JSON.stringify(partialMetadata(view, negotiated.metaVersion))}}\n`);
    }
  }
}

const frames = new WeakMap<ObjectView, Partial<Record<WatchEventType, Buffer>>>();

/** One buffer for all watchers of an event. */
function objectFrame(type: WatchEventType, view: ObjectView): Buffer {
  let byType = frames.get(view);
  if (byType === undefined) {
    byType = {};
    frames.set(view, byType);
  }
  return (byType[type] ??= Buffer.concat([Buffer.from(`{"type":"${type}","object":`), view.bytes(), Buffer.from("}\n")]));
}

/** The running watches of a server, so that it can end them. */
export class WatchRegistry {
  readonly #streams = new Set<WatchStream>();
  #isClosed = false;

  get size(): number {
    return this.#streams.size;
  }

  add(stream: WatchStream): Disposable {
    if (this.#isClosed) stream.close();
    this.#streams.add(stream);
    return toDisposable(() => this.#streams.delete(stream));
  }

  /** Ends all watches, and those that start later. */
  close(): void {
    this.#isClosed = true;
    for (const stream of this.#streams) stream.close();
  }
}
