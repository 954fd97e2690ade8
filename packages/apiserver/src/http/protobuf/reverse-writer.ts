const initialBytes = 64 * 1024;
/** A larger buffer is not kept for the next message. */
const keptBytes = 4 * 2 ** 20;
/** Up to here a loop beats a call into the runtime. */
const shortText = 48;

/** Writes a protobuf message from its end to its beginning, so that the length of a part is known when it has to be written. */
export class ReverseWriter {
  #buffer = Buffer.allocUnsafeSlow(initialBytes);
  #start = initialBytes;

  /** Bytes written so far. */
  get written(): number {
    return this.#buffer.length - this.#start;
  }

  /** A copy of what was written; the writer is empty afterwards. */
  take(): Buffer {
    const result = Buffer.allocUnsafeSlow(this.written);
    this.#buffer.copy(result, 0, this.#start);
    if (this.#buffer.length > keptBytes) this.#buffer = Buffer.allocUnsafeSlow(initialBytes);
    this.#start = this.#buffer.length;
    return result;
  }

  /** Forgets what was written: a message could not be finished. */
  clear(): void {
    this.#start = this.#buffer.length;
  }

  byte(value: number): void {
    if (this.#start < 1) this.#grow(1);
    this.#buffer[--this.#start] = value;
  }

  /** An integer of up to 53 bits; negative ones take ten bytes, as those of int32 do too. */
  varint(value: number): void {
    if (value >= 0 && value < 0x80) this.byte(value);
    else if (value < 0) this.#negative(value);
    else {
      let size = 1;
      for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
      let offset = this.#reserve(size);
      for (; value >= 0x80; value = Math.floor(value / 0x80)) this.#buffer[offset++] = (value % 0x80) + 0x80;
      this.#buffer[offset] = value;
    }
  }

  /** The length of what was written since `written` was `mark`. */
  lengthSince(mark: number): void {
    this.varint(this.#buffer.length - this.#start - mark);
  }

  bytes(bytes: Uint8Array): void {
    const start = this.#reserve(bytes.length);
    this.#buffer.set(bytes, start);
  }

  /** UTF-8 without its length. */
  text(text: string): void {
    if (text.length <= shortText && this.#ascii(text)) return;
    const size = Buffer.byteLength(text);
    const start = this.#reserve(size);
    this.#buffer.write(text, start, size);
  }

  double(value: number): void {
    const start = this.#reserve(8);
    this.#buffer.writeDoubleLE(value, start);
  }

  /** Says false, with nothing written, when there are other characters. */
  #ascii(text: string): boolean {
    const start = this.#reserve(text.length);
    const buffer = this.#buffer;
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code >= 0x80) {
        this.#start = start + text.length;
        return false;
      }
      buffer[start + index] = code;
    }
    return true;
  }

  #negative(value: number): void {
    let rest = BigInt.asUintN(64, BigInt(value));
    let offset = this.#reserve(10);
    for (; rest >= 0x80n; rest >>= 7n) this.#buffer[offset++] = Number(rest & 0x7fn) | 0x80;
    this.#buffer[offset] = Number(rest);
  }

  /** Makes room for the next `size` bytes and says where they begin, in what may be another buffer than before. */
  #reserve(size: number): number {
    if (this.#start < size) this.#grow(size);
    this.#start -= size;
    return this.#start;
  }

  #grow(size: number): void {
    const { written } = this;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, written + size));
    this.#buffer.copy(larger, larger.length - written, this.#start);
    this.#buffer = larger;
    this.#start = larger.length - written;
  }
}
