import { watch, type FSWatcher } from "node:fs";
import { open, stat, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { createDeferred, type Clock } from "@coracle/base";

export interface LogReaderOptions {
  readonly path: string;
  readonly follow: boolean;
  /** Bytes of the file to skip; not of those that come after it was rotated. Defaults to 0. */
  readonly offset?: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Whether more lines may come. */
  isRunning(): Promise<boolean>;
}

const chunkBytes = 64 * 1024;
/** Between two looks at the container and at the file, where no notification came. */
const idleMs = 500;

/** Wakes whoever waits when something in `directory` changes, after {@link idleMs} at the latest. */
class ChangeWatcher implements Disposable {
  readonly #clock: Clock;
  #watcher: FSWatcher | undefined;
  #changed = createDeferred();

  constructor(directory: string, clock: Clock) {
    this.#clock = clock;
    try {
      this.#watcher = watch(directory, { persistent: false }, () => this.#changed.resolve());
      this.#watcher.on("error", () => this[Symbol.dispose]());
    } catch {
      // No more inotify watches, or no such directory yet: the timer alone does it.
    }
  }

  /** @returns whether a notification came, rather than the timer or the signal. */
  async wait(signal: AbortSignal): Promise<boolean> {
    const timeout = createDeferred();
    const timer = this.#clock.setTimeout(timeout.resolve, idleMs);
    signal.addEventListener("abort", timeout.resolve as () => void, { once: true });
    const hasChanged = await Promise.race([this.#changed.promise.then(() => true), timeout.promise.then(() => false)]);
    signal.removeEventListener("abort", timeout.resolve as () => void);
    timer[Symbol.dispose]();
    this.#changed = createDeferred();
    return hasChanged;
  }

  [Symbol.dispose](): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Undefined when there is no such file. */
export async function logFileSize(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ size }) => size,
    () => undefined,
  );
}

/** Whether `path` is by now another file than `handle`, as after a rotation. */
async function isReplaced(path: string, handle: FileHandle): Promise<boolean> {
  try {
    const [there, here] = await Promise.all([stat(path), handle.stat()]);
    return there.ino !== here.ino || there.dev !== here.dev;
  } catch {
    return false; // Renamed and not yet reopened by the runtime, or deleted: what was opened is still to be read.
  }
}

/** The bytes of one open file from its start to its present end, over and over; the position is kept between calls. */
class FileCursor {
  readonly handle: FileHandle;
  #offset: number;

  constructor(handle: FileHandle, offset: number) {
    this.handle = handle;
    this.#offset = offset;
  }

  async *rest(signal: AbortSignal): AsyncIterable<Uint8Array> {
    while (!signal.aborted) {
      const buffer = Buffer.allocUnsafe(chunkBytes);
      const { bytesRead } = await this.handle.read(buffer, 0, chunkBytes, this.#offset);
      if (bytesRead === 0) {
        const { size } = await this.handle.stat();
        if (size >= this.#offset) return;
        this.#offset = 0; // Truncated under us.
        continue;
      }
      this.#offset += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }
}

/** Reads a CRI log file; with `follow` goes on through rotations until the container is down and everything is read. */
export async function* readLogFile(options: LogReaderOptions): AsyncIterable<Uint8Array> {
  const { path, follow, signal, clock } = options;
  using watcher = follow ? new ChangeWatcher(dirname(path), clock) : { wait: async () => false, [Symbol.dispose]() {} };
  let cursor: FileCursor | undefined;
  let isRunning = follow;
  let { offset = 0 } = options;
  try {
    while (!signal.aborted) {
      const handle = cursor === undefined ? await openIfThere(path) : undefined;
      if (handle !== undefined) {
        cursor = new FileCursor(handle, offset);
        offset = 0;
      }
      if (cursor !== undefined) yield* cursor.rest(signal);
      if (cursor !== undefined && (await isReplaced(path, cursor.handle))) {
        yield* cursor.rest(signal); // What was written between our last read and the rotation.
        await cursor.handle.close();
        cursor = undefined;
        continue;
      }
      if (!isRunning) return;
      const hasChanged = await watcher.wait(signal);
      if (!hasChanged) isRunning = await options.isRunning();
    }
  } finally {
    await cursor?.handle.close();
  }
}
