import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { ByteQueue } from "./byte-queue.ts";
import { errorStreamText, parseSizes, readRemoteCommandOptions, type Outcome, type RemoteCommandSession } from "./remote-command.ts";
import { acceptWebSocket, chooseProtocol, headerList, refuseUpgrade } from "./upgrade.ts";

const supportedProtocols = [
  "v5.channel.k8s.io",
  "v4.channel.k8s.io",
  "v4.base64.channel.k8s.io",
  "channel.k8s.io",
  "base64.channel.k8s.io",
];

/** The first byte of each message names its stream; version 5 adds one that says that a stream has ended. */
const Channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;
const inputLimitBytes = 256 * 1024;

/** Messages as channel and payload, plain or in base64 with the channel as a digit. */
export class ChannelSocket {
  readonly webSocket: WebSocket;
  readonly #isBase64: boolean;

  constructor(webSocket: WebSocket, isBase64: boolean) {
    this.webSocket = webSocket;
    this.#isBase64 = isBase64;
  }

  /** Resolves when the operating system took the message, which is what holds a fast sender back. */
  send(channel: number, payload: Uint8Array): Promise<void> {
    const message = this.#isBase64
      ? `${channel}${Buffer.from(payload).toString("base64")}`
      : Buffer.concat([Buffer.from([channel]), payload]);
    return new Promise((resolve, reject) => this.webSocket.send(message, (error) => (error ? reject(error) : resolve())));
  }

  onMessage(listener: (channel: number, payload: Buffer) => void): void {
    this.webSocket.on("message", (data: Buffer) => {
      if (data.length === 0) return;
      if (this.#isBase64) listener((data[0] as number) - 0x30, Buffer.from(data.toString("latin1", 1), "base64"));
      else listener(data[0] as number, data.subarray(1));
    });
  }
}

/** Input channels of one socket: they share its back-pressure. */
function createInputs(channels: ChannelSocket, canEnd: boolean): { stdin: ByteQueue; resize: ByteQueue } {
  const { webSocket } = channels;
  const stdin = new ByteQueue(
    inputLimitBytes,
    () => webSocket.pause(),
    () => webSocket.resume(),
  );
  const resize = new ByteQueue(
    inputLimitBytes,
    () => resize.discard(),
    () => undefined,
  );
  channels.onMessage((channel, payload) => {
    if (channel === Channel.stdin) stdin.push(payload);
    else if (channel === Channel.resize) resize.push(payload);
    else if (canEnd && channel === Channel.close && payload[0] === Channel.stdin) stdin.end();
  });
  return { stdin, resize };
}

/** Answers a WebSocket upgrade for exec or attach. Undefined when it was refused. */
export async function acceptRemoteCommandWebSocket(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<RemoteCommandSession | undefined> {
  const options = readRemoteCommandOptions(request);
  const protocol = chooseProtocol(headerList(request, "sec-websocket-protocol"), supportedProtocols);
  if (protocol === undefined) {
    refuseUpgrade(socket, 400, `unable to negotiate a sub-protocol: server supports ${supportedProtocols.join(", ")}`);
    return undefined;
  }
  const version = Number(/^v(\d)/.exec(protocol)?.[1] ?? "1");
  const webSocket = await acceptWebSocket(request, socket, head, protocol);
  const channels = new ChannelSocket(webSocket, protocol.includes("base64"));
  const inputs = createInputs(channels, version >= 5);
  const gone = new AbortController();
  webSocket.on("error", () => webSocket.terminate());
  webSocket.on("close", () => {
    gone.abort(new Error("the client closed the connection"));
    inputs.stdin.end();
    inputs.resize.end();
  });
  // Clients take the first message as the sign that the streams are there.
  if (options.stdout || options.stderr)
    void channels.send(options.stdout ? Channel.stdout : Channel.stderr, Buffer.alloc(0)).catch(() => undefined);
  return {
    io: {
      tty: options.tty,
      signal: gone.signal,
      ...(options.stdin ? { stdin: inputs.stdin } : {}),
      ...(options.stdout ? { stdout: (chunk: Uint8Array) => channels.send(Channel.stdout, chunk) } : {}),
      ...(options.stderr ? { stderr: (chunk: Uint8Array) => channels.send(Channel.stderr, chunk) } : {}),
      ...(options.tty ? { resize: parseSizes(inputs.resize) } : {}),
    },
    async finish(outcome: Outcome) {
      inputs.stdin.discard();
      inputs.resize.discard();
      const text = errorStreamText(outcome, version >= 4);
      if (text !== "") await channels.send(Channel.error, Buffer.from(text)).catch(() => undefined);
      webSocket.close(1000);
    },
  };
}
