import { createDeferred, type Deferred } from "@coracle/base";

/** What every window starts with, unless SETTINGS say otherwise. */
export const initialWindowBytes = 64 * 1024;

/**
 * How much may still be sent. Go's spdystream, and with it kubectl and containerd, neither sends nor heeds window updates, so a window
 * only counts until the peer has shown that it keeps one too.
 */
export class SendWindow {
  #available: number;
  #isEnforced: boolean;
  #isOpen = true;
  #opened: Deferred<void> | undefined;

  constructor(availableBytes = initialWindowBytes, isEnforced = false) {
    this.#available = availableBytes;
    this.#isEnforced = isEnforced;
  }

  enforce(): void {
    this.#isEnforced = true;
  }

  add(count: number): void {
    this.#available += count;
    if (this.#available > 0) this.#wake();
  }

  take(count: number): void {
    this.#available -= count;
  }

  /** Lets all waiters go: nothing will be sent any more. */
  close(): void {
    this.#isOpen = false;
    this.#wake();
  }

  /** Resolves when at least one byte may be sent, with the number that may. */
  async available(): Promise<number> {
    while (this.#isOpen && this.#isEnforced && this.#available <= 0) {
      this.#opened ??= createDeferred();
      await this.#opened.promise;
    }
    return this.#isEnforced && this.#isOpen ? this.#available : Infinity;
  }

  #wake(): void {
    this.#opened?.resolve();
    this.#opened = undefined;
  }
}
