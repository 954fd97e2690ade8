import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { ByteStream, StreamIo } from "../runtime/runtime.ts";

/**
 * Ends the upgraded connections of `exec`, `attach` and `port-forward`: SPDY/3.1 and WebSocket, with all their subprotocols. What runs in
 * the container is the caller's affair; this is only about bytes.
 *
 * Requests are as the API server passes them on: `/exec/<namespace>/<pod>/<container>?command=…&input=1&output=1&error=1&tty=1`,
 * `/attach/…` with the same parameters but the command, `/portForward/<namespace>/<pod>?port=…`. The caller has authenticated them and found
 * the pod. Every method answers the upgrade itself, also with an error, and resolves when the connection is over; it never rejects.
 */
export interface StreamingServer {
  /** Calls `run` once all streams are there; its result is the exit code, a rejection an error on the error stream. */
  serveExec(request: IncomingMessage, socket: Duplex, head: Buffer, run: (io: StreamIo) => Promise<number>): Promise<void>;
  serveAttach(request: IncomingMessage, socket: Duplex, head: Buffer, run: (io: StreamIo) => Promise<void>): Promise<void>;
  /** Calls `connect` for each forwarded connection. */
  servePortForward(request: IncomingMessage, socket: Duplex, head: Buffer, connect: (port: number) => Promise<ByteStream>): Promise<void>;
}
