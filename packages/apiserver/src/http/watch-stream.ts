import type { Writable } from "node:stream";
import { toDisposable } from "@coracle/base";
import type { Status } from "@coracle/apimachinery";
import type { ObjectView, WatchSink } from "../registry/contract.ts";
import { tableOptions, type Answer } from "./answer.ts";
import type { HttpExchange } from "./exchange.ts";
import { protobufType } from "./negotiate.ts";
import type { Protobuf } from "./protobuf/load.ts";
import { encodeBookmarkTable, encodeObjectTable, partialMetadata } from "./table.ts";

export type WatchEventType = "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK";

/** Bytes that may wait for a slow reader, on top of the events that a watch starts with. Then it has to begin again. */
const queueLimitBytes = 32 * 2 ** 20;

/** How the events of a watch are written. */
export type WatchForm = Pick<Answer, "served" | "negotiated" | "protobuf" | "includeObject" | "nowMs"> & {
  /** Called with the bytes of each event. */
  readonly onEvent?: (bytes: number) => void;
};

/** Writes the events of one watch to its client, as lines of JSON or as messages of protobuf with their length. */
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
      "content-type": this.#form.protobuf === undefined ? "application/json" : `${protobufType};stream=watch`,
      "cache-control": "no-cache, private",
    });
    this.#stream = stream;
    stream.once("close", () => this.#end());
    if (early.length > 0) stream.write(Buffer.concat(early));
    this.#limitBytes += stream.writableLength;
    if (this.#isEnded) stream.end();
  }

  send(event: { readonly type: WatchEventType; readonly view: ObjectView }): void {
    if (this.#isEnded) return;
    const frame = this.#frame(event.type, event.view);
    this.#form.onEvent?.(frame.length);
    this.#write(frame);
  }

  close(status?: Status): void {
    if (this.#isEnded) return;
    if (status !== undefined) this.#write(statusFrame(status, this.#form.protobuf));
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
    const { served, negotiated, protobuf } = this.#form;
    switch (negotiated.as) {
      case undefined:
        return protobuf === undefined ? objectFrame(type, view) : protobufFrame(type, view, protobuf);
      case "Table": {
        const options = { ...tableOptions(this.#form), hasHeaders: !this.#hasSentHeaders };
        this.#hasSentHeaders = true;
        const encode = type === "BOOKMARK" ? encodeBookmarkTable : encodeObjectTable;
        return jsonFrame(type, encode(served, view, options));
      }
      case "PartialObjectMetadata":
      case "PartialObjectMetadataList": {
        const partial = partialMetadata(view, negotiated.metaVersion);
        if (protobuf !== undefined) return protobuf.encodeWatchFrame(type, protobuf.encodeObject(partial));
        return jsonFrame(type, Buffer.from(JSON.stringify(partial)));
      }
    }
  }
}

type Frames = WeakMap<ObjectView, Partial<Record<WatchEventType, Buffer>>>;

const jsonFrames: Frames = new WeakMap();
const protobufFrames: Frames = new WeakMap();

/** One buffer for all watchers of an event. */
function objectFrame(type: WatchEventType, view: ObjectView): Buffer {
  const byType = framesOf(jsonFrames, view);
  return (byType[type] ??= jsonFrame(type, view.bytes()));
}

function protobufFrame(type: WatchEventType, view: ObjectView, protobuf: Protobuf): Buffer {
  const byType = framesOf(protobufFrames, view);
  return (byType[type] ??= protobuf.encodeWatchFrame(type, protobuf.encodeView(view)));
}

function framesOf(frames: Frames, view: ObjectView): Partial<Record<WatchEventType, Buffer>> {
  let byType = frames.get(view);
  if (byType === undefined) frames.set(view, (byType = {}));
  return byType;
}

function jsonFrame(type: string, bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`{"type":"${type}","object":`), bytes, Buffer.from("}\n")]);
}

function statusFrame(status: Status, protobuf: Protobuf | undefined): Buffer {
  if (protobuf !== undefined) return protobuf.encodeWatchFrame("ERROR", protobuf.encodeObject(status));
  return jsonFrame("ERROR", Buffer.from(JSON.stringify(status)));
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
