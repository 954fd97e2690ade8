import { readSync } from "node:fs";

const chunkBytes = 256 * 1024;

/** Reads a file in pages. Neighbours come with one read, as pages that belong together mostly lie together. */
export class PageFile {
  readonly pageSize: number;
  readonly #descriptor: number;
  readonly #chunk = Buffer.alloc(chunkBytes);
  #start = -1;
  #filled = 0;

  constructor(descriptor: number, pageSize: number) {
    this.#descriptor = descriptor;
    this.pageSize = pageSize;
  }

  /** A view that holds until the next read; undefined beyond the end of the file. */
  page(number: number): Buffer | undefined {
    const position = number * this.pageSize;
    const start = position - (position % chunkBytes);
    if (start !== this.#start) {
      this.#filled = readSync(this.#descriptor, this.#chunk, 0, chunkBytes, start);
      this.#start = start;
    }
    const offset = position - start;
    return offset + this.pageSize <= this.#filled ? this.#chunk.subarray(offset, offset + this.pageSize) : undefined;
  }

  /** A copy of bytes that may cross pages; undefined beyond the end of the file. */
  bytes(position: number, length: number): Buffer | undefined {
    const bytes = Buffer.alloc(length);
    return readSync(this.#descriptor, bytes, 0, length, position) === length ? bytes : undefined;
  }
}
