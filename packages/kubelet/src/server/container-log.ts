import type { LogOptions } from "./log-options.ts";

const lineFeed = 0x0a;
const maxLineBytes = 1024 * 1024;

/** The bytes of a log in CRI format. */
export interface LogSource {
  /** Skips `offset` bytes. */
  read(options: { follow: boolean; offset: number }): AsyncIterable<Uint8Array>;
  /** In bytes; undefined where reading must begin at the start. */
  size(): Promise<number | undefined>;
}

/** Where to begin reading, and how many of the lines from there are not wanted. */
interface Start {
  readonly offset: number;
  readonly skippedLines: number;
}

const firstWindowBytes = 64 * 1024;

/** Turns a log in CRI format into what clients see. Lines that were written in parts (`P`) are joined. Nothing of the log is held. */
export async function* renderLog(source: LogSource, options: LogOptions): AsyncGenerator<Uint8Array, void, void> {
  const { tailLines, limitBytes = Infinity } = options;
  let left = limitBytes;
  const { offset, skippedLines } = tailLines === undefined ? { offset: 0, skippedLines: 0 } : await findTail(source, options, tailLines);
  let seen = 0;
  for await (const line of linesFrom(source, { follow: options.follow, offset })) {
    if (!isShown(line, options)) continue;
    const isTail = seen >= skippedLines;
    if (endsLine(line)) seen++;
    if (!isTail) continue;
    const bytes = shownBytes(line, options);
    yield bytes.subarray(0, left);
    left -= bytes.length;
    if (left <= 0) return;
  }
}

/** Looks at ever more of the end of the log until the wanted lines are in it, then reads again from there. */
async function findTail(source: LogSource, options: LogOptions, tailLines: number): Promise<Start> {
  const size = (await source.size()) ?? 0;
  for (let window = firstWindowBytes; ; window *= 4) {
    const offset = Math.max(0, size - window);
    let count = 0;
    for await (const line of linesFrom(source, { follow: false, offset })) if (isShown(line, options) && endsLine(line)) count++;
    // One more than wanted: the first may lack its beginning.
    if (count > tailLines || offset === 0) return { offset, skippedLines: Math.max(0, count - tailLines) };
  }
}

/** Without the rest of a line that `offset` is in the middle of. */
async function* linesFrom(source: LogSource, where: { follow: boolean; offset: number }): AsyncGenerator<Buffer, void, void> {
  let isWhole = where.offset === 0;
  for await (const line of splitLines(source.read(where))) {
    if (isWhole) yield line;
    isWhole = true;
  }
}

async function* splitLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void, void> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    let start = 0;
    const data = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    for (let end = data.indexOf(lineFeed); end >= 0; end = data.indexOf(lineFeed, start)) {
      yield data.subarray(start, end + 1);
      start = end + 1;
    }
    rest = data.subarray(start);
    if (rest.length > maxLineBytes) throw new Error("a line of the container log is too long");
  }
}

interface Parts {
  readonly time: string;
  readonly stream: string;
  readonly isPartial: boolean;
  /** Where the text begins. */
  readonly offset: number;
}

/** `<time> <stream> <tag> <text>`; undefined for a line that is not in CRI format. */
function partsOf(line: Buffer): Parts | undefined {
  const first = line.indexOf(0x20);
  const second = line.indexOf(0x20, first + 1);
  const third = line.indexOf(0x20, second + 1);
  if (first < 0 || second < 0 || third < 0) return undefined;
  const tag = line.toString("latin1", second + 1, third);
  const time = line.toString("latin1", 0, first);
  return { time, stream: line.toString("latin1", first + 1, second), isPartial: tag.split(":")[0] === "P", offset: third + 1 };
}

function endsLine(line: Buffer): boolean {
  return partsOf(line)?.isPartial !== true;
}

function isShown(line: Buffer, { sinceMs, stream }: LogOptions): boolean {
  const parts = partsOf(line);
  if (parts === undefined) return false;
  if (stream !== "All" && parts.stream !== stream.toLowerCase()) return false;
  return sinceMs === undefined || Date.parse(parts.time) >= sinceMs;
}

function shownBytes(line: Buffer, { timestamps }: LogOptions): Buffer {
  const parts = partsOf(line) as Parts;
  const text = line.subarray(parts.offset, parts.isPartial ? line.length - 1 : line.length);
  return timestamps ? Buffer.concat([Buffer.from(`${parts.time} `), text]) : text;
}
