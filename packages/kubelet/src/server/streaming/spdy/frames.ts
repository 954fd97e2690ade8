/** SPDY/3.1 framing: the eight bytes that open every frame, and nothing about what a connection does with them. */
export const FrameType = { synStream: 1, synReply: 2, rstStream: 3, settings: 4, ping: 6, goAway: 7, headers: 8, windowUpdate: 9 } as const;
export const FrameFlag = { fin: 0x01, unidirectional: 0x02 } as const;
export const RstStatus = {
  protocolError: 1,
  invalidStream: 2,
  refusedStream: 3,
  cancel: 5,
  internalError: 6,
  flowControlError: 7,
} as const;
export const settingsInitialWindowSize = 7;

const version = 3;
const prefixBytes = 8;
/** A frame may say up to 16 MiB; kubectl and containerd send at most 32 KiB a frame. */
const frameLimitBytes = 1024 * 1024;

export interface ControlFrame {
  readonly kind: "control";
  readonly type: number;
  readonly flags: number;
  readonly payload: Buffer;
}

export interface DataFrame {
  readonly kind: "data";
  readonly streamId: number;
  readonly flags: number;
  readonly payload: Buffer;
}

export class SpdyProtocolError extends Error {
  override readonly name = "SpdyProtocolError";
}

export function encodeControlFrame(type: number, flags: number, payload: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(prefixBytes + payload.length);
  frame.writeUInt16BE(0x8000 | version, 0);
  frame.writeUInt16BE(type, 2);
  frame.writeUInt32BE(((flags & 0xff) << 24) | payload.length, 4);
  payload.copy(frame, prefixBytes);
  return frame;
}

/** A control frame of a few 32-bit words, as most are. */
export function encodeWords(type: number, ...words: number[]): Buffer {
  const payload = Buffer.alloc(words.length * 4);
  words.forEach((word, index) => payload.writeUInt32BE(word >>> 0, index * 4));
  return encodeControlFrame(type, 0, payload);
}

/** The prefix only, so that the data need not be copied. */
export function encodeDataPrefix(streamId: number, flags: number, length: number): Buffer {
  const prefix = Buffer.allocUnsafe(prefixBytes);
  prefix.writeUInt32BE(streamId & 0x7fffffff, 0);
  prefix.writeUInt32BE(((flags << 24) | length) >>> 0, 4);
  return prefix;
}

/** Cuts a stream of bytes into frames, wherever its chunks may end. */
export class FrameParser {
  #pending: Buffer[] = [];
  #size = 0;

  /** @throws {SpdyProtocolError} when the bytes are not SPDY/3 or a frame is too large. */
  *push(chunk: Uint8Array): Iterable<ControlFrame | DataFrame> {
    this.#pending.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    this.#size += chunk.byteLength;
    for (;;) {
      if (this.#size < prefixBytes) return;
      const length = this.#peek(prefixBytes).readUInt32BE(4) & 0xffffff;
      if (length > frameLimitBytes) throw new SpdyProtocolError(`frame of ${length} bytes is too large`);
      if (this.#size < prefixBytes + length) return;
      yield this.#decode(this.#take(prefixBytes + length));
    }
  }

  #decode(frame: Buffer): ControlFrame | DataFrame {
    const first = frame.readUInt32BE(0);
    const flags = frame.readUInt8(4);
    const payload = frame.subarray(prefixBytes);
    if (first < 0x80000000) return { kind: "data", streamId: first, flags, payload };
    if (((first >>> 16) & 0x7fff) !== version) throw new SpdyProtocolError("not a SPDY/3 frame");
    return { kind: "control", type: first & 0xffff, flags, payload };
  }

  #peek(count: number): Buffer {
    const [first] = this.#pending;
    if (first !== undefined && first.length >= count) return first;
    this.#pending = [Buffer.concat(this.#pending)];
    return this.#pending[0] as Buffer;
  }

  #take(count: number): Buffer {
    const first = this.#peek(count);
    this.#size -= count;
    if (first.length === count) this.#pending.shift();
    else this.#pending[0] = first.subarray(count);
    return first.subarray(0, count);
  }
}
