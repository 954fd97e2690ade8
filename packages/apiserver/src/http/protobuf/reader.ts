import { WireError } from "./wire-error.ts";

const groupDepthLimit = 100;

/** Reads the fields of one protobuf message in the order of the wire. Every method throws {@link WireError}. */
export class MessageReader {
  readonly #bytes: Buffer;
  readonly #message: string;
  readonly #end: number;
  #offset: number;

  /** Reads `bytes` from `start` to `end`. `message` is the name of its type, for errors. */
  constructor(bytes: Buffer, message: string, [start, end]: readonly [number, number] = [0, bytes.length]) {
    this.#bytes = bytes;
    this.#message = message;
    this.#offset = start;
    this.#end = end;
  }

  get isAtEnd(): boolean {
    return this.#offset >= this.#end;
  }

  /** The next field: eight times its number, plus its wire type. */
  tag(): number {
    const tag = this.varint();
    if ((tag & 7) === 4) throw new WireError(`proto: ${this.#message}: wiretype end group for non-group`);
    const number = Math.floor(tag / 8) | 0;
    if (number <= 0) throw new WireError(`proto: ${this.#message}: illegal tag ${number} (wire type ${tag})`);
    return tag;
  }

  /** As a signed integer of 64 bits, rounded to what a number holds. */
  varint(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    let low = first & 0x7f;
    let high = 0;
    for (let shift = 7; shift < 70; shift += 7) {
      const byte = this.#byte();
      const bits = byte & 0x7f;
      if (shift <= 28) low |= bits << shift;
      if (shift === 28) high = bits >> 4;
      else if (shift > 28) high |= bits << (shift - 32);
      if (byte < 0x80) return (high | 0) * 2 ** 32 + (low >>> 0);
    }
    throw new WireError("proto: integer overflow");
  }

  double(): number {
    return this.#bytes.readDoubleLE(this.#take(8));
  }

  text(): string {
    const length = this.#length();
    const start = this.#take(length);
    return this.#bytes.toString("utf8", start, start + length);
  }

  /** A view into the whole. */
  bytes(): Buffer {
    const length = this.#length();
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** A message inside of this one. */
  message(name: string): MessageReader {
    const length = this.#length();
    const start = this.#take(length);
    return new MessageReader(this.#bytes, name, [start, start + length]);
  }

  /** Passes over a field that nobody knows. */
  skip(wireType: number, depth = 0): void {
    switch (wireType) {
      case 0:
        this.varint();
        break;
      case 1:
        this.#take(8);
        break;
      case 2:
        this.#take(this.#length());
        break;
      case 3:
        this.#skipGroup(depth);
        break;
      case 5:
        this.#take(4);
        break;
      default:
        throw new WireError(`proto: illegal wireType ${wireType}`);
    }
  }

  #skipGroup(depth: number): void {
    if (depth > groupDepthLimit) throw new WireError("exceeded max depth");
    for (;;) {
      const wireType = this.varint() & 7;
      if (wireType === 4) return;
      this.skip(wireType, depth + 1);
    }
  }

  #byte(): number {
    if (this.#offset >= this.#end) throw new WireError("unexpected EOF");
    return this.#bytes[this.#offset++] as number;
  }

  #length(): number {
    const length = this.varint();
    if (length < 0) throw new WireError("proto: negative length found during unmarshaling");
    return length;
  }

  /** Where the next `length` bytes begin. */
  #take(length: number): number {
    if (length > this.#end - this.#offset) throw new WireError("unexpected EOF");
    this.#offset += length;
    return this.#offset - length;
  }
}
