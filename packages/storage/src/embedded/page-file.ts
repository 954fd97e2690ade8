import { readSync } from "node:fs";

const pieceBytes = 1024 * 1024;

/** Reads a file in pages, in any order. */
export class PageFile {
  readonly pageSize: number;
  readonly #descriptor: number;
  readonly #page: Buffer;

  /** Goes through the whole file once, in order: from then on the system has it in memory, and single pages cost little. */
  constructor(descriptor: number, pageSize: number) {
    this.#descriptor = descriptor;
    this.pageSize = pageSize;
    this.#page = Buffer.allocUnsafe(pageSize);
    const piece = Buffer.allocUnsafe(pieceBytes);
    for (let position = 0; readSync(descriptor, piece, 0, pieceBytes, position) === pieceBytes;) position += pieceBytes;
  }

  /** A view that holds until the next read; undefined beyond the end of the file. */
  page(number: number): Buffer | undefined {
    const { pageSize } = this;
    return readSync(this.#descriptor, this.#page, 0, pageSize, number * pageSize) === pageSize ? this.#page : undefined;
  }

  /** A copy of bytes that may cross pages; undefined beyond the end of the file. */
  bytes(position: number, length: number): Buffer | undefined {
    const bytes = Buffer.alloc(length);
    return readSync(this.#descriptor, bytes, 0, length, position) === length ? bytes : undefined;
  }
}
