import type { Duplex } from "node:stream";
import { forwardConnection, isPort, type ConnectPort } from "./port-forward.ts";
import { SpdyConnection } from "./spdy/connection.ts";
import type { SpdyStream } from "./spdy/stream.ts";

interface Pair {
  error?: SpdyStream;
  data?: SpdyStream;
}

/** Clients that name no request open the error stream first and the data stream next, with the next odd number. */
function requestIdOf(stream: SpdyStream, type: "error" | "data"): string {
  const id = stream.headers["requestid"];
  return id !== undefined && id !== "" ? id : `#${type === "error" ? stream.id : stream.id - 2}`;
}

async function forwardPair(error: SpdyStream, data: SpdyStream, connect: ConnectPort): Promise<void> {
  const port = Number(data.headers["port"]);
  await forwardConnection({ port, data, sendError: (message) => error.write(Buffer.from(message)) }, connect);
  await error.finish().catch(() => undefined);
  error.destroy();
}

/**
 * `portforward.k8s.io` over any duplex: for each connection an error and a data stream that share a `requestID`. Resolves when the
 * client is gone.
 */
export async function servePortForwardSpdy(transport: Duplex, connect: ConnectPort): Promise<void> {
  const pairs = new Map<string, Pair>();
  const connection = new SpdyConnection(transport, {
    role: "server",
    onStream(stream) {
      const type = stream.headers["streamtype"];
      if ((type !== "error" && type !== "data") || !isPort(Number(stream.headers["port"]))) return stream.destroy();
      const id = requestIdOf(stream, type);
      const pair = pairs.get(id) ?? {};
      pair[type] = stream;
      pairs.set(id, pair);
      void stream.closed.then(() => pairs.delete(id));
      if (pair.error === undefined || pair.data === undefined) return;
      pairs.delete(id);
      void forwardPair(pair.error, pair.data, connect);
    },
  });
  await connection.closed;
}
