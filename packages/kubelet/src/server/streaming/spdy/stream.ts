import { createDeferred, type Deferred } from "@coracle/base";
import type { ByteStream } from "../../../runtime/runtime.ts";
import type { SpdyHeaders } from "./header-codec.ts";
import { SendWindow } from "./window.ts";

/** What a stream needs of its connection. */
export interface StreamCarrier {
  sendData(streamId: number, chunk: Uint8Array, isLast: boolean): Promise<void>;
  sendReset(streamId: number): void;
  /** `count` bytes were read, or dropped, by this side. */
  onConsumed(streamId: number, count: number, isStreamOpen: boolean): void;
  onClosed(streamId: number): void;
  readonly sessionWindow: SendWindow;
}

/** The peer or we gave the stream up, or the connection is gone. */
export class SpdyStreamClosedError extends Error {
  override readonly name = "SpdyStreamClosedError";
}

/** Received and not yet read, before the whole connection stops reading. */
const receiveLimitBytes = 256 * 1024;
const sendChunkBytes = 32 * 1024;

/** One SPDY stream: a duplex of bytes whose halves end on their own. `readable` takes one reader. */
export class SpdyStream implements ByteStream {
  readonly id: number;
  readonly headers: SpdyHeaders;
  readonly sendWindow: SendWindow;
  readonly readable: AsyncIterable<Uint8Array>;
  readonly #carrier: StreamCarrier;
  readonly #accepted = createDeferred();
  readonly #closed = createDeferred();
  #received: Uint8Array[] = [];
  #receivedBytes = 0;
  #wakeReader: Deferred<void> | undefined;
  #room: Deferred<void> | undefined;
  #isDiscarding = false;
  #hasLocalEnd = false;
  #hasRemoteEnd = false;
  #failure: Error | undefined;
  #sending: Promise<void> = Promise.resolve();

  constructor(id: number, headers: SpdyHeaders, carrier: StreamCarrier, sendWindow: SendWindow) {
    this.id = id;
    this.headers = headers;
    this.sendWindow = sendWindow;
    this.#carrier = carrier;
    this.readable = this.#read();
    this.#accepted.promise.catch(() => undefined);
  }

  /** Resolves with the peer's SYN_REPLY. */
  get accepted(): Promise<void> {
    return this.#accepted.promise;
  }

  /** Resolves when both halves have ended or the stream was given up. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** Resolves when the connection took the bytes; a slow peer holds it back. @throws {SpdyStreamClosedError} */
  write(chunk: Uint8Array): Promise<void> {
    return this.#enqueue(() => this.#send(chunk));
  }

  /** Ends our half, after what was written before. */
  end(): void {
    void this.finish().catch(() => undefined);
  }

  /** {@link end}; resolves when the connection took it. */
  finish(): Promise<void> {
    return this.#enqueue(async () => {
      if (this.#hasLocalEnd || this.#failure !== undefined) return;
      this.#hasLocalEnd = true;
      await this.#carrier.sendData(this.id, new Uint8Array(0), true);
      this.#settle();
    });
  }

  /** Gives the stream up; tells the peer unless both halves had ended. */
  destroy(): void {
    if (this.#failure === undefined && !(this.#hasLocalEnd && this.#hasRemoteEnd)) this.#carrier.sendReset(this.id);
    this.fail(new SpdyStreamClosedError("the stream was closed"));
    this.#discard();
  }

  /** The connection's: the peer accepted. */
  accept(): void {
    this.#accepted.resolve();
  }

  /** The connection's: bytes came in. The promise, if any, resolves when there is room for more. */
  receive(chunk: Uint8Array): Promise<void> | undefined {
    if (this.#isDiscarding || this.#hasRemoteEnd || this.#failure !== undefined) {
      this.#carrier.onConsumed(this.id, chunk.byteLength, false);
      return undefined;
    }
    this.#received.push(chunk);
    this.#receivedBytes += chunk.byteLength;
    this.#wakeReader?.resolve();
    if (this.#receivedBytes <= receiveLimitBytes) return undefined;
    this.#room ??= createDeferred();
    return this.#room.promise;
  }

  /** The connection's: the peer's half ended. */
  receiveEnd(): void {
    this.#hasRemoteEnd = true;
    this.#wakeReader?.resolve();
    this.#settle();
  }

  /** The connection's: a reset came in, or the connection broke. What was received before can still be read. */
  fail(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#accepted.reject(error);
    this.sendWindow.close();
    this.#wakeReader?.resolve();
    this.#room?.resolve();
    this.#closed.resolve();
    this.#carrier.onClosed(this.id);
  }

  #settle(): void {
    if (!this.#hasLocalEnd || !this.#hasRemoteEnd) return;
    this.#closed.resolve();
    this.#carrier.onClosed(this.id);
  }

  /** One after another, so that a caller who does not wait cannot mix up its bytes. */
  #enqueue(job: () => Promise<void>): Promise<void> {
    const result = this.#sending.then(job);
    this.#sending = result.catch(() => undefined);
    return result;
  }

  async #send(chunk: Uint8Array): Promise<void> {
    for (let offset = 0; offset < chunk.byteLength;) {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#hasLocalEnd) throw new SpdyStreamClosedError("write after end");
      const windows = await Promise.all([this.sendWindow.available(), this.#carrier.sessionWindow.available()]);
      if (this.#failure !== undefined) throw this.#failure;
      const count = Math.min(sendChunkBytes, chunk.byteLength - offset, ...windows);
      this.sendWindow.take(count);
      this.#carrier.sessionWindow.take(count);
      await this.#carrier.sendData(this.id, chunk.subarray(offset, offset + count), false);
      offset += count;
    }
  }

  #discard(): void {
    this.#isDiscarding = true;
    if (this.#receivedBytes > 0) this.#carrier.onConsumed(this.id, this.#receivedBytes, false);
    this.#received = [];
    this.#receivedBytes = 0;
    this.#room?.resolve();
    this.#room = undefined;
  }

  async *#read(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const chunk = this.#received.shift();
        if (chunk !== undefined) {
          this.#receivedBytes -= chunk.byteLength;
          this.#carrier.onConsumed(this.id, chunk.byteLength, !this.#hasRemoteEnd && this.#failure === undefined);
          if (this.#receivedBytes <= receiveLimitBytes) {
            this.#room?.resolve();
            this.#room = undefined;
          }
          yield chunk;
          continue;
        }
        if (this.#hasRemoteEnd) return;
        if (this.#failure !== undefined) throw this.#failure;
        this.#wakeReader = createDeferred();
        await this.#wakeReader.promise;
      }
    } finally {
      // Nobody reads any more: what still comes is dropped, and does not hold up the other streams.
      this.#discard();
    }
  }
}
