import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createDeferred, type Deferred } from "@coracle/base";
import {
  encodeControlFrame,
  encodeDataPrefix,
  encodeWords,
  FrameFlag,
  FrameParser,
  FrameType,
  RstStatus,
  settingsInitialWindowSize,
  SpdyProtocolError,
  type ControlFrame,
  type DataFrame,
} from "./frames.ts";
import { HeaderCodec, type SpdyHeaders } from "./header-codec.ts";
import { SpdyStream, SpdyStreamClosedError, type StreamCarrier } from "./stream.ts";
import { initialWindowBytes, SendWindow } from "./window.ts";

export interface SpdyConnectionOptions {
  readonly role: "client" | "server";
  /** Called for each stream that the peer opens; it was accepted already. Without it streams are refused. */
  readonly onStream?: (stream: SpdyStream) => void;
  /**
   * Announces a window for each stream, and so asks a peer that keeps windows to keep to it. Off by default: Kubernetes' peers keep none.
   */
  readonly announcesWindow?: boolean;
}

/** Open at once on one connection, from the peer. `kubectl port-forward` opens two a connection. */
const streamLimit = 2000;
/** Of silence, between our good-bye and the end of the socket. */
const lingerMs = 10_000;
const consumedBeforeUpdateBytes = initialWindowBytes / 2;

/**
 * One SPDY/3.1 connection over any duplex of bytes, for either side. Reading stops while a stream has more than it may hold; writing
 * waits for the duplex to drain.
 */
export class SpdyConnection implements Disposable, StreamCarrier {
  readonly sessionWindow = new SendWindow();
  readonly #duplex: Duplex;
  readonly #options: SpdyConnectionOptions;
  readonly #codec = new HeaderCodec();
  readonly #parser = new FrameParser();
  readonly #streams = new Map<number, SpdyStream>();
  readonly #consumed = new Map<number, number>();
  readonly #closed = createDeferred();
  #nextStreamId: number;
  #lastPeerStreamId = 0;
  #isClosed = false;
  #hasGoneAway = false;
  #peerWindowBytes = initialWindowBytes;
  #isPeerControllingFlow = false;
  #drained: Deferred<void> | undefined;
  #headerTail: Promise<unknown> = Promise.resolve();

  constructor(duplex: Duplex, options: SpdyConnectionOptions) {
    this.#duplex = duplex;
    this.#options = options;
    this.#nextStreamId = options.role === "client" ? 1 : 2;
    const wake = (): void => {
      this.#drained?.resolve();
      this.#drained = undefined;
    };
    duplex.on("drain", wake);
    duplex.once("close", () => {
      wake();
      this.#finish(new SpdyStreamClosedError("the connection was closed"));
    });
    duplex.on("error", (error) => this.#finish(error));
    if (options.announcesWindow === true) {
      this.#write(encodeWords(FrameType.settings, 1, settingsInitialWindowSize, initialWindowBytes));
    }
    void this.#readLoop();
  }

  /** Resolves when the connection is gone, whoever closed it. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** Opens a stream; resolves when the peer accepted it. @throws {SpdyStreamClosedError} when it refuses. */
  async openStream(headers: SpdyHeaders): Promise<SpdyStream> {
    if (this.#isClosed || this.#hasGoneAway) throw new SpdyStreamClosedError("the connection is closing");
    let stream: SpdyStream | undefined;
    await this.#sendHeaders(headers, (block) => {
      stream = this.#addStream(this.#nextStreamId, headers);
      this.#nextStreamId += 2;
      const payload = Buffer.alloc(10 + block.length);
      payload.writeUInt32BE(stream.id, 0);
      block.copy(payload, 10);
      return encodeControlFrame(FrameType.synStream, 0, payload);
    });
    if (stream === undefined) throw new SpdyStreamClosedError("the connection was closed");
    await stream.accepted;
    return stream;
  }

  /** Says good-bye and closes the duplex once everything written is out. Streams still open fail. */
  close(): void {
    if (this.#isClosed) return;
    this.#write(encodeWords(FrameType.goAway, this.#lastPeerStreamId, 0));
    this.#finish(new SpdyStreamClosedError("the connection was closed"));
    this.#duplex.end();
    // A peer that never closes its side would leave the socket half open for good.
    (this.#duplex as Partial<Socket>).setTimeout?.(lingerMs, () => this.#duplex.destroy());
  }

  /** Closes at once, whatever is under way. */
  [Symbol.dispose](): void {
    this.#finish(new SpdyStreamClosedError("the connection was closed"));
    this.#duplex.destroy();
  }

  async sendData(streamId: number, chunk: Uint8Array, isLast: boolean): Promise<void> {
    if (this.#isClosed) throw new SpdyStreamClosedError("the connection was closed");
    this.#duplex.cork();
    this.#write(encodeDataPrefix(streamId, isLast ? FrameFlag.fin : 0, chunk.byteLength));
    if (chunk.byteLength > 0) this.#write(chunk);
    this.#duplex.uncork();
    if (this.#duplex.writableNeedDrain) {
      this.#drained ??= createDeferred();
      await this.#drained.promise;
    }
  }

  sendReset(streamId: number): void {
    this.#write(encodeWords(FrameType.rstStream, streamId, RstStatus.cancel));
  }

  onConsumed(streamId: number, count: number, isStreamOpen: boolean): void {
    for (const id of isStreamOpen ? [0, streamId] : [0]) {
      const total = (this.#consumed.get(id) ?? 0) + count;
      // A peer without windows gets no updates: one that reaches it after it closed its socket would cost us what it sent last.
      const isDue = this.#isPeerControllingFlow && total >= consumedBeforeUpdateBytes;
      if (isDue) this.#write(encodeWords(FrameType.windowUpdate, id, total));
      if (isDue) this.#consumed.delete(id);
      else this.#consumed.set(id, total);
    }
  }

  onClosed(streamId: number): void {
    this.#streams.delete(streamId);
    this.#consumed.delete(streamId);
  }

  #addStream(id: number, headers: SpdyHeaders): SpdyStream {
    const stream = new SpdyStream(id, headers, this, new SendWindow(this.#peerWindowBytes, this.#isPeerControllingFlow));
    this.#streams.set(id, stream);
    return stream;
  }

  #write(bytes: Uint8Array): void {
    if (!this.#isClosed && this.#duplex.writable) this.#duplex.write(bytes);
  }

  /** Header blocks share one compression stream, so they are packed and sent strictly one after another. */
  #sendHeaders(headers: SpdyHeaders, frame: (block: Buffer) => Buffer): Promise<void> {
    const sent = this.#headerTail.then(async () => {
      const block = await this.#codec.encode(headers);
      if (!this.#isClosed) this.#write(frame(block));
    });
    this.#headerTail = sent.catch(() => undefined);
    return sent;
  }

  async #readLoop(): Promise<void> {
    try {
      for await (const chunk of this.#duplex as AsyncIterable<Buffer>) {
        for (const frame of this.#parser.push(chunk)) {
          if (frame.kind === "data") await this.#onData(frame);
          else await this.#onControl(frame);
        }
      }
      this.#finish(new SpdyStreamClosedError("the connection was closed"));
      this.#duplex.end();
    } catch (error) {
      if (error instanceof SpdyProtocolError) this.#write(encodeWords(FrameType.goAway, this.#lastPeerStreamId, 1));
      this.#finish(error as Error);
      this.#duplex.destroy();
    }
  }

  async #onData({ streamId, flags, payload }: DataFrame): Promise<void> {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return this.onConsumed(streamId, payload.length, false);
    const room = payload.length > 0 ? stream.receive(payload) : undefined;
    if ((flags & FrameFlag.fin) !== 0) stream.receiveEnd();
    if (room !== undefined) await room;
  }

  async #onControl(frame: ControlFrame): Promise<void> {
    const { type, payload } = frame;
    const word = (offset: number): number => payload.readUInt32BE(offset);
    if (type === FrameType.synStream) return this.#onSynStream(frame);
    if (type === FrameType.synReply || type === FrameType.headers) return this.#onHeaders(frame);
    if (type === FrameType.rstStream) {
      this.#streams.get(word(0) & 0x7fffffff)?.fail(new SpdyStreamClosedError(`the peer reset the stream (status ${word(4)})`));
    } else if (type === FrameType.ping) {
      const isOurs = (word(0) & 1) === (this.#options.role === "client" ? 1 : 0);
      if (!isOurs) this.#write(encodeControlFrame(type, 0, payload));
    } else if (type === FrameType.goAway) {
      this.#hasGoneAway = true;
    } else if (type === FrameType.windowUpdate) {
      this.#onWindowUpdate(word(0) & 0x7fffffff, word(4) & 0x7fffffff);
    } else if (type === FrameType.settings) {
      this.#onSettings(payload);
    }
  }

  async #onSynStream({ flags, payload }: ControlFrame): Promise<void> {
    const id = payload.readUInt32BE(0) & 0x7fffffff;
    const headers = await this.#codec.decode(payload.subarray(10));
    const isExpected = id > this.#lastPeerStreamId && id % 2 !== this.#nextStreamId % 2;
    if (!isExpected) throw new SpdyProtocolError(`unexpected stream ${id}`);
    this.#lastPeerStreamId = id;
    const { onStream } = this.#options;
    if (onStream === undefined || this.#streams.size >= streamLimit) {
      this.#write(encodeWords(FrameType.rstStream, id, RstStatus.refusedStream));
      return;
    }
    const stream = this.#addStream(id, headers);
    stream.accept();
    await this.#sendHeaders({}, (block) => {
      const reply = Buffer.alloc(4 + block.length);
      reply.writeUInt32BE(id, 0);
      block.copy(reply, 4);
      return encodeControlFrame(FrameType.synReply, 0, reply);
    });
    onStream(stream);
    if ((flags & FrameFlag.fin) !== 0) stream.receiveEnd();
  }

  async #onHeaders({ type, flags, payload }: ControlFrame): Promise<void> {
    const stream = this.#streams.get(payload.readUInt32BE(0) & 0x7fffffff);
    // Unpacked even when nobody wants it: the compression stream goes on from here.
    await this.#codec.decode(payload.subarray(4));
    if (type === FrameType.synReply) stream?.accept();
    if ((flags & FrameFlag.fin) !== 0) stream?.receiveEnd();
  }

  #onWindowUpdate(streamId: number, count: number): void {
    this.#isPeerControllingFlow = true;
    const window = streamId === 0 ? this.sessionWindow : this.#streams.get(streamId)?.sendWindow;
    window?.enforce();
    window?.add(count);
  }

  #onSettings(payload: Buffer): void {
    for (let offset = 4; offset + 8 <= payload.length; offset += 8) {
      if ((payload.readUInt32BE(offset) & 0xffffff) !== settingsInitialWindowSize) continue;
      const windowBytes = payload.readUInt32BE(offset + 4);
      for (const stream of this.#streams.values()) {
        stream.sendWindow.enforce();
        stream.sendWindow.add(windowBytes - this.#peerWindowBytes);
      }
      this.#isPeerControllingFlow = true;
      this.#peerWindowBytes = windowBytes;
    }
  }

  #finish(error: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.sessionWindow.close();
    for (const stream of this.#streams.values()) stream.fail(error);
    this.#streams.clear();
    this.#codec[Symbol.dispose]();
    this.#closed.resolve();
  }
}
