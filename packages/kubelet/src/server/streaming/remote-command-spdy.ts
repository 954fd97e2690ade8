import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createDeferred } from "@coracle/base";
import { errorStreamText, parseSizes, readRemoteCommandOptions, type Outcome, type RemoteCommandSession } from "./remote-command.ts";
import { SpdyConnection } from "./spdy/connection.ts";
import type { SpdyStream } from "./spdy/stream.ts";
import { acceptUpgrade, chooseProtocol, headerList, refuseUpgrade } from "./upgrade.ts";

const supportedProtocols = ["v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io", "channel.k8s.io"];
/** For the client to open its streams, and to close the connection after the end. */
const handshakeTimeoutMs = 30_000;
const closeTimeoutMs = 3_000;

/** Waits for each stream that the client announced. Others are dropped. */
async function acceptStreams(
  socket: Duplex,
  expected: readonly string[],
): Promise<{ connection: SpdyConnection; streams: Map<string, SpdyStream> }> {
  const streams = new Map<string, SpdyStream>();
  const complete = createDeferred();
  const connection = new SpdyConnection(socket, {
    role: "server",
    onStream(stream) {
      const type = stream.headers["streamtype"] ?? "";
      if (!expected.includes(type) || streams.has(type)) return stream.destroy();
      streams.set(type, stream);
      if (streams.size === expected.length) complete.resolve();
    },
  });
  const timed = socket as Partial<Socket>;
  const onTimeout = (): void => connection[Symbol.dispose]();
  timed.setTimeout?.(handshakeTimeoutMs, onTimeout);
  const gone = connection.closed.then(() => Promise.reject(new Error("the client closed the connection before it opened its streams")));
  gone.catch(() => undefined);
  await Promise.race([complete.promise, gone]);
  timed.setTimeout?.(0);
  timed.removeListener?.("timeout", onTimeout);
  return { connection, streams };
}

async function finish(socket: Duplex, connection: SpdyConnection, streams: ReadonlyMap<string, SpdyStream>, text: string): Promise<void> {
  const errors = streams.get("error");
  if (text !== "") await errors?.write(Buffer.from(text));
  await Promise.all([...streams.values()].map((stream) => stream.finish()));
  // Our good-bye could overtake what the client has not read yet; it knows the end by the ends of its streams, and closes.
  (socket as Partial<Socket>).setTimeout?.(closeTimeoutMs, () => connection[Symbol.dispose]());
  await connection.closed;
}

/** Answers a SPDY/3.1 upgrade for exec or attach. Undefined when it was refused. */
export async function acceptRemoteCommandSpdy(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<RemoteCommandSession | undefined> {
  const options = readRemoteCommandOptions(request);
  const protocol = chooseProtocol(headerList(request, "x-stream-protocol-version"), supportedProtocols);
  if (protocol === undefined) {
    refuseUpgrade(socket, 403, `unable to upgrade: unable to negotiate protocol: server supports ${supportedProtocols.join(", ")}`);
    return undefined;
  }
  const version = Number(/^v(\d)/.exec(protocol)?.[1] ?? "1");
  acceptUpgrade(socket, { Upgrade: "SPDY/3.1", ...(protocol === "" ? {} : { "X-Stream-Protocol-Version": protocol }) });
  if (head.length > 0) socket.unshift(head);
  const expected = ["error", "stdin", "stdout", "stderr"].filter((type) => type === "error" || options[type as "stdin"]);
  if (options.tty && version >= 3) expected.push("resize");
  const { connection, streams } = await acceptStreams(socket, expected);

  const gone = new AbortController();
  void connection.closed.then(() => gone.abort(new Error("the client closed the connection")));
  const output = (stream: SpdyStream | undefined): object | undefined => stream && ((chunk: Uint8Array) => stream.write(chunk));
  const [stdin, resize] = [streams.get("stdin"), streams.get("resize")];
  const parts = { stdout: output(streams.get("stdout")), stderr: output(streams.get("stderr")) };
  return {
    io: {
      tty: options.tty,
      signal: gone.signal,
      ...(stdin === undefined ? {} : { stdin: stdin.readable }),
      ...(resize === undefined ? {} : { resize: parseSizes(resize.readable) }),
      ...(Object.fromEntries(Object.entries(parts).filter(([, sink]) => sink !== undefined)) as object),
    },
    finish: (outcome: Outcome) =>
      finish(socket, connection, streams, errorStreamText(outcome, version >= 4)).catch(() => connection[Symbol.dispose]()),
  };
}
