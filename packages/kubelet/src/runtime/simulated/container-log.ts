import { createDeferred, type Deferred } from "@coracle/base";

const lineLimit = 10_000;
const encoder = new TextEncoder();

/** The log of one simulated container: lines in CRI format, the oldest dropped beyond a limit, with followers. */
export class ContainerLog {
  readonly #lines: Uint8Array[] = [];
  #dropped = 0;
  #isEnded = false;
  #changed: Deferred<void> = createDeferred();

  append(nowMs: number, text: string, stream: "stdout" | "stderr" = "stdout"): void {
    const time = `${new Date(nowMs).toISOString().slice(0, 23)}000000Z`;
    for (const line of text.replace(/\n$/, "").split("\n")) this.#lines.push(encoder.encode(`${time} ${stream} F ${line}\n`));
    if (this.#lines.length > lineLimit) this.#dropped += this.#lines.splice(0, this.#lines.length - lineLimit).length;
    this.#wake();
  }

  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  async *read(options: { follow: boolean; signal: AbortSignal }): AsyncGenerator<Uint8Array, void, void> {
    const aborted = createDeferred();
    const onAbort = (): void => aborted.resolve();
    options.signal.addEventListener("abort", onAbort, { once: true });
    try {
      for (let position = 0; !options.signal.aborted;) {
        const line = this.#lines[Math.max(0, position - this.#dropped)];
        if (line !== undefined) {
          position = Math.max(position, this.#dropped) + 1;
          yield line;
          continue;
        }
        if (!options.follow || this.#isEnded) return;
        await Promise.race([this.#changed.promise, aborted.promise]);
      }
    } finally {
      options.signal.removeEventListener("abort", onAbort);
    }
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = createDeferred();
  }
}
