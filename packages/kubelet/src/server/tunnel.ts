import { once } from "node:events";
import type { Duplex } from "node:stream";
import type { ByteStream } from "../runtime/runtime.ts";

/** The `Upgrade` that asks for bare bytes to a port of a pod. */
export const tunnelProtocol = "tcp.coracle.dev";

/**
 * Joins an upgraded connection to one of a pod: how the API server reaches pods that have no network, which simulated ones have not. Resolves
 * when it is over; never rejects.
 */
export async function serveTunnel(socket: Duplex, head: Buffer, pod: ByteStream): Promise<void> {
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${tunnelProtocol}\r\n\r\n`);
  if (head.length > 0) socket.unshift(head);
  socket.once("close", () => pod.destroy());
  const upstream = (async () => {
    for await (const chunk of socket) await pod.write(chunk as Buffer);
    pod.end();
  })().catch(() => pod.destroy());
  try {
    for await (const chunk of pod.readable) if (!socket.write(chunk)) await once(socket, "drain");
    socket.end();
  } catch {
    socket.destroy();
  }
  await upstream;
}
