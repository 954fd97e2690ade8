import { constants, createDeflate, createInflate, type Deflate, type Inflate } from "node:zlib";
import { spdyDictionary } from "./dictionary.ts";

/** Names in lower case. A repeated header holds its values separated by NUL, as SPDY writes them. */
export type SpdyHeaders = Readonly<Record<string, string>>;

/** Of one block, unpacked. A few hundred bytes are usual. */
const headerLimitBytes = 64 * 1024;

/** One zlib stream that lives as long as its connection; every block is one flush of it. Calls must not overlap. */
class ZlibStream implements Disposable {
  readonly #zlib: Deflate | Inflate;
  #chunks: Buffer[] = [];
  #size = 0;
  #fail: ((error: Error) => void) | undefined;

  constructor(zlib: Deflate | Inflate) {
    this.#zlib = zlib;
    zlib.on("readable", () => this.#collect());
    zlib.on("error", (error) => this.#fail?.(error));
  }

  process(input: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#fail = reject;
      if (this.#zlib.destroyed) return reject(new Error("SPDY header stream is closed"));
      this.#zlib.write(input, (error) => {
        if (error) return reject(error);
        this.#collect();
        const output = Buffer.concat(this.#chunks);
        this.#chunks = [];
        this.#size = 0;
        resolve(output);
      });
    });
  }

  #collect(): void {
    for (let chunk = this.#zlib.read() as Buffer | null; chunk !== null; chunk = this.#zlib.read() as Buffer | null) {
      this.#size += chunk.length;
      if (this.#size > headerLimitBytes) return void this.#zlib.destroy(new Error("SPDY headers are too large"));
      this.#chunks.push(chunk);
    }
  }

  [Symbol.dispose](): void {
    this.#fail?.(new Error("SPDY header stream is closed"));
    this.#zlib.destroy();
  }
}

function serialize(headers: SpdyHeaders): Buffer {
  const entries = Object.entries(headers);
  const parts: Buffer[] = [];
  const uint32 = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  parts.push(uint32(entries.length));
  for (const [name, value] of entries) {
    for (const text of [name.toLowerCase(), value]) {
      const bytes = Buffer.from(text);
      parts.push(uint32(bytes.length), bytes);
    }
  }
  return Buffer.concat(parts);
}

function parse(block: Buffer): SpdyHeaders {
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  let offset = 4;
  const text = (): string => {
    const length = block.readUInt32BE(offset);
    const end = offset + 4 + length;
    if (end > block.length) throw new RangeError("SPDY header block is cut short");
    const value = block.toString("utf8", offset + 4, end);
    offset = end;
    return value;
  };
  for (let remaining = block.readUInt32BE(0); remaining > 0; remaining--) {
    const name = text().toLowerCase();
    headers[name] = text();
  }
  return headers;
}

/** Packs and unpacks header blocks of one connection. Both directions have state: blocks must pass in the order of the wire. */
export class HeaderCodec implements Disposable {
  readonly #deflate = new ZlibStream(
    createDeflate({ dictionary: spdyDictionary(), flush: constants.Z_SYNC_FLUSH, windowBits: 11, memLevel: 5 }),
  );
  readonly #inflate = new ZlibStream(createInflate({ dictionary: spdyDictionary(), flush: constants.Z_SYNC_FLUSH }));

  encode(headers: SpdyHeaders): Promise<Buffer> {
    return this.#deflate.process(serialize(headers));
  }

  /** @throws when the block is damaged; the connection is of no use any more then. */
  async decode(block: Buffer): Promise<SpdyHeaders> {
    return parse(await this.#inflate.process(block));
  }

  [Symbol.dispose](): void {
    this.#deflate[Symbol.dispose]();
    this.#inflate[Symbol.dispose]();
  }
}
