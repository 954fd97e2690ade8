import type { ByteStream, StreamIo } from "../runtime.ts";
import { dialSpdy } from "../../server/streaming/spdy/dial.ts";
import type { SpdyConnection } from "../../server/streaming/spdy/connection.ts";
import { SpdyStreamClosedError, type SpdyStream } from "../../server/streaming/spdy/stream.ts";

/** What the error stream of `v4.channel.k8s.io` carries at the end. */
interface ExecStatus {
  readonly status?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly details?: { readonly causes?: readonly { readonly reason?: string; readonly message?: string }[] };
}

const errorLimitBytes = 64 * 1024;

/**
 * The streams of a finished command end with their end, or with a reset where the runtime did not bother: it closes the connection and
 * not each stream. So a reset is an end, and whether all went well is for the error stream to say.
 */
async function* untilClosed(stream: SpdyStream): AsyncGenerator<Uint8Array> {
  const chunks = stream.readable[Symbol.asyncIterator]();
  for (;;) {
    const next = await chunks.next().catch((error: unknown) => {
      if (error instanceof SpdyStreamClosedError) return { done: true, value: undefined } as const;
      throw error;
    });
    if (next.done === true) return;
    yield next.value;
  }
}

async function readText(stream: SpdyStream): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of untilClosed(stream)) {
    chunks.push(chunk);
    size += chunk.byteLength;
    if (size > errorLimitBytes) break;
  }
  return Buffer.concat(chunks).toString();
}

/** @throws when the command could not be run at all. */
function exitCodeOf(statusText: string): number {
  if (statusText === "") throw new Error("the runtime closed the connection before it said how the command ended");
  let status: ExecStatus;
  try {
    status = JSON.parse(statusText) as ExecStatus;
  } catch (cause) {
    throw new Error(statusText, { cause });
  }
  if (status.status === "Success") return 0;
  const exitCode = status.details?.causes?.find((cause) => cause.reason === "ExitCode")?.message;
  if (status.reason === "NonZeroExitCode" && exitCode !== undefined) return Number(exitCode);
  throw new Error(status.message ?? "the runtime failed to run the command");
}

async function pumpOut(stream: SpdyStream, sink: (chunk: Uint8Array) => Promise<void> | void): Promise<void> {
  for await (const chunk of untilClosed(stream)) await sink(chunk);
}

/** Runs beside the command; a command that is over, or closed its input, needs no more of it. */
async function pumpIn(source: AsyncIterable<Uint8Array>, stream: SpdyStream): Promise<void> {
  try {
    for await (const chunk of source) await stream.write(chunk);
    stream.end();
  } catch {
    stream.end();
  }
}

async function pumpResize(sizes: AsyncIterable<{ width: number; height: number }>, stream: SpdyStream): Promise<void> {
  try {
    for await (const { width, height } of sizes) await stream.write(Buffer.from(`${JSON.stringify({ Width: width, Height: height })}\n`));
  } catch {
    // The command is over.
  }
}

async function runStreams(connection: SpdyConnection, io: StreamIo): Promise<string> {
  const open = (streamType: string): Promise<SpdyStream> => connection.openStream({ streamType });
  const outputs: Promise<void>[] = [];
  // The runtime waits for all of them, the error stream first.
  const errors = await open("error");
  errors.end();
  const stdin = io.stdin === undefined ? undefined : await open("stdin");
  const stdout = io.stdout === undefined ? undefined : await open("stdout");
  const stderr = io.stderr === undefined || io.tty ? undefined : await open("stderr");
  const resize = io.tty ? await open("resize") : undefined;
  if (stdin !== undefined && io.stdin !== undefined) void pumpIn(io.stdin, stdin);
  if (resize !== undefined && io.resize !== undefined) void pumpResize(io.resize, resize);
  if (stdout !== undefined && io.stdout !== undefined) outputs.push(pumpOut(stdout, io.stdout));
  if (stderr !== undefined && io.stderr !== undefined) outputs.push(pumpOut(stderr, io.stderr));
  const [statusText] = await Promise.all([readText(errors), ...outputs]);
  return statusText;
}

async function stream(url: string, io: StreamIo): Promise<string> {
  const { connection, protocol } = await dialSpdy(url, ["v4.channel.k8s.io"], io.signal);
  const onAbort = (): void => connection[Symbol.dispose]();
  io.signal.addEventListener("abort", onAbort, { once: true });
  try {
    io.signal.throwIfAborted();
    if (protocol !== "v4.channel.k8s.io") throw new Error(`the runtime speaks ${protocol || "no known protocol"} for exec`);
    const statusText = await runStreams(connection, io);
    io.signal.throwIfAborted();
    return statusText;
  } catch (error) {
    throw io.signal.aborted ? io.signal.reason : error;
  } finally {
    io.signal.removeEventListener("abort", onAbort);
    connection.close();
  }
}

/** Streams an exec at the URL that the runtime gave; resolves with the exit code. */
export async function execStreams(url: string, io: StreamIo): Promise<number> {
  return exitCodeOf(await stream(url, io));
}

/** Streams an attach; resolves when the container's process ended. */
export async function attachStreams(url: string, io: StreamIo): Promise<void> {
  exitCodeOf(await stream(url, io));
}

/** One forwarded connection; its `readable` throws what the runtime wrote to the error stream. */
export async function openPortForward(url: string, port: number): Promise<ByteStream> {
  const { connection } = await dialSpdy(url, ["portforward.k8s.io"]);
  try {
    const headers = { port: String(port), requestID: "0" };
    const errors = await connection.openStream({ streamType: "error", ...headers });
    errors.end();
    const data = await connection.openStream({ streamType: "data", ...headers });
    const failure = readText(errors).catch(() => "");
    void Promise.all([data.closed, failure]).then(() => connection.close());
    return {
      readable: readForwarded(data, failure),
      write: (chunk) => data.write(chunk),
      end: () => data.end(),
      destroy: () => connection[Symbol.dispose](),
    };
  } catch (error) {
    connection[Symbol.dispose]();
    throw error;
  }
}

async function* readForwarded(data: SpdyStream, failure: Promise<string>): AsyncGenerator<Uint8Array> {
  yield* data.readable;
  const message = await failure;
  if (message !== "") throw new Error(message);
}
