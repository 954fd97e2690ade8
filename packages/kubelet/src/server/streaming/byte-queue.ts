import { createDeferred, type Deferred } from "@coracle/base";

/** Bytes from events to one reader, in order. Tells its source when it holds too much and when it has room again. */
export class ByteQueue implements AsyncIterable<Uint8Array> {
  readonly #limitBytes: number;
  readonly #onFull: () => void;
  readonly #onRoom: () => void;
  #chunks: Uint8Array[] = [];
  #size = 0;
  #isFull = false;
  #isEnded = false;
  #isDiscarding = false;
  #wake: Deferred<void> | undefined;

  constructor(limitBytes: number, onFull: () => void, onRoom: () => void) {
    this.#limitBytes = limitBytes;
    this.#onFull = onFull;
    this.#onRoom = onRoom;
  }

  push(chunk: Uint8Array): void {
    if (this.#isEnded || this.#isDiscarding || chunk.byteLength === 0) return;
    this.#chunks.push(chunk);
    this.#size += chunk.byteLength;
    this.#wake?.resolve();
    if (this.#isFull || this.#size <= this.#limitBytes) return;
    this.#isFull = true;
    this.#onFull();
  }

  end(): void {
    this.#isEnded = true;
    this.#wake?.resolve();
  }

  /** Drops what is there and what still comes: nobody will read it. */
  discard(): void {
    this.#isDiscarding = true;
    this.#chunks = [];
    this.#size = 0;
    this.end();
    this.#makeRoom();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const chunk = this.#chunks.shift();
        if (chunk !== undefined) {
          this.#size -= chunk.byteLength;
          if (this.#size <= this.#limitBytes / 2) this.#makeRoom();
          yield chunk;
          continue;
        }
        if (this.#isEnded) return;
        this.#wake = createDeferred();
        await this.#wake.promise;
      }
    } finally {
      this.discard();
    }
  }

  #makeRoom(): void {
    if (!this.#isFull) return;
    this.#isFull = false;
    this.#onRoom();
  }
}
