import type { ByteStream } from "../../runtime/runtime.ts";

/** Opens one connection to a port of the pod. */
export type ConnectPort = (port: number) => Promise<ByteStream>;

/** The client's side of one forwarded connection. */
export interface ForwardedConnection {
  readonly port: number;
  readonly data: ByteStream & { finish?(): Promise<void> };
  /** Writes to the connection's error stream, which a client prints. */
  sendError(message: string): Promise<void>;
}

async function copy(from: ByteStream, to: ByteStream): Promise<void> {
  for await (const chunk of from.readable) await to.write(chunk);
  to.end();
}

/** The end must be on its way before the stream is given up, or the client would take it for a failure. */
async function finish(data: ForwardedConnection["data"]): Promise<void> {
  if (data.finish === undefined) data.end();
  else await data.finish().catch(() => undefined);
}

/** Carries bytes both ways until both directions have ended, or one failed. Never fails itself. */
export async function forwardConnection(client: ForwardedConnection, connect: ConnectPort): Promise<void> {
  const { port, data } = client;
  const explain = (error: unknown): Promise<void> =>
    client
      .sendError(`error forwarding port ${port} to pod: ${error instanceof Error ? error.message : String(error)}`)
      .catch(() => undefined);
  let target: ByteStream;
  try {
    target = await connect(port);
  } catch (error) {
    await explain(error);
    await finish(data);
    return;
  }
  let isGivenUp = false;
  const upstream = copy(data, target).catch(() => {
    isGivenUp = true;
    target.destroy();
  });
  try {
    for await (const chunk of target.readable) {
      // A client that closed one connection does not want to hear of it: kubectl drops all of them when it gets an error.
      const isTaken = await data.write(chunk).then(
        () => true,
        () => false,
      );
      if (!isTaken) break;
    }
  } catch (error) {
    if (!isGivenUp) await explain(error);
  }
  await finish(data);
  // The pod closed: what the client still sends has nowhere to go.
  data.destroy();
  await upstream;
  target.destroy();
}

export function isPort(port: number): boolean {
  return Number.isInteger(port) && port > 0 && port <= 65535;
}
