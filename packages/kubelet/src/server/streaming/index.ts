/**
 * Where kubectl's streaming protocols end: exec, attach and port-forward on a connection that asked for an upgrade. SPDY/3.1 is what kubectl
 * spoke by default up to 1.30 (1.29 for port-forward), WebSocket what it speaks since. What a protocol carries is handed over as
 * `StreamIo` or `ByteStream`, so that no runtime knows of them.
 *
 * ```ts
 * server.on("upgrade", (request, socket, head) =>
 *   void serveExec(request, socket, head, (io) => runtime.exec(containerId, command, io)));
 * ```
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { StreamIo } from "../../runtime/runtime.ts";
import type { StreamingServer } from "../streaming-contract.ts";
import type { ConnectPort } from "./port-forward.ts";
import { servePortForwardSpdy } from "./port-forward-spdy.ts";
import { servePortForwardWebSocket } from "./port-forward-websocket.ts";
import { acceptRemoteCommandSpdy } from "./remote-command-spdy.ts";
import { acceptRemoteCommandWebSocket } from "./remote-command-websocket.ts";
import { readRemoteCommandOptions, runRemoteCommand } from "./remote-command.ts";
import { acceptUpgrade, chooseProtocol, headerList, isSpdyUpgrade, isWebSocketUpgrade, refuseUpgrade } from "./upgrade.ts";

export { headerList, isSpdyUpgrade, isWebSocketUpgrade, refuseUpgrade } from "./upgrade.ts";
export { readRemoteCommandOptions, type RemoteCommandOptions } from "./remote-command.ts";
export type { ConnectPort } from "./port-forward.ts";

/**
 * Serves an exec: accepts the upgrade, calls `run` when the client's streams are there, and sends the exit code or the error. `io.signal`
 * aborts when the client goes away. Resolves when it is over; never rejects.
 */
export async function serveExec(
  request: IncomingMessage,
  socket: Duplex,
  head: Uint8Array,
  run: (io: StreamIo) => Promise<number>,
): Promise<void> {
  socket.on("error", () => socket.destroy());
  const { stdin, stdout, stderr } = readRemoteCommandOptions(request);
  if (!stdin && !stdout && !stderr) return refuseUpgrade(socket, 400, "you must specify at least 1 of stdin, stdout, stderr");
  try {
    const accept = isWebSocketUpgrade(request)
      ? acceptRemoteCommandWebSocket
      : isSpdyUpgrade(request)
        ? acceptRemoteCommandSpdy
        : undefined;
    if (accept === undefined) return refuseUpgrade(socket, 400, "unable to upgrade: missing upgrade headers in request");
    prepare(socket);
    const session = await accept(request, socket, toBuffer(head));
    if (session !== undefined) await runRemoteCommand(session, run);
  } catch {
    // The client went away during the handshake.
    socket.destroy();
  }
}

/** {@link serveExec} for the process that runs already; its end is no failure. */
export function serveAttach(
  request: IncomingMessage,
  socket: Duplex,
  head: Uint8Array,
  run: (io: StreamIo) => Promise<void>,
): Promise<void> {
  return serveExec(request, socket, head, async (io) => {
    await run(io);
    return 0;
  });
}

/** Serves a port-forward: calls `connect` for each connection that the client opens. Resolves when it is over; never rejects. */
export async function servePortForward(request: IncomingMessage, socket: Duplex, head: Uint8Array, connect: ConnectPort): Promise<void> {
  socket.on("error", () => socket.destroy());
  try {
    prepare(socket);
    if (isWebSocketUpgrade(request)) return await servePortForwardWebSocket(request, socket, toBuffer(head), connect);
    if (!isSpdyUpgrade(request)) return refuseUpgrade(socket, 400, "unable to upgrade: missing upgrade headers in request");
    const protocol = chooseProtocol(headerList(request, "x-stream-protocol-version"), ["portforward.k8s.io"]);
    if (protocol === undefined) return refuseUpgrade(socket, 403, "unable to upgrade: server supports portforward.k8s.io");
    acceptUpgrade(socket, { Upgrade: "SPDY/3.1", "X-Stream-Protocol-Version": "portforward.k8s.io" });
    if (head.length > 0) socket.unshift(toBuffer(head));
    await servePortForwardSpdy(socket, connect);
  } catch {
    socket.destroy();
  }
}

/** Keystrokes must not wait for one another, and a quiet terminal must not be cut off. */
function prepare(socket: Duplex): void {
  const tcp = socket as { setNoDelay?: (isOn: boolean) => void; setTimeout?: (timeoutMs: number) => void };
  tcp.setNoDelay?.(true);
  tcp.setTimeout?.(0);
}

function toBuffer(head: Uint8Array): Buffer {
  return Buffer.from(head.buffer, head.byteOffset, head.byteLength);
}

/** All three as the kubelet's server takes them. */
export const streamingServer: StreamingServer = { serveExec, serveAttach, servePortForward };
