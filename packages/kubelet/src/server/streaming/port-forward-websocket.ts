import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import type { ByteStream } from "../../runtime/runtime.ts";
import { ByteQueue } from "./byte-queue.ts";
import { forwardConnection, isPort, type ConnectPort } from "./port-forward.ts";
import { servePortForwardSpdy } from "./port-forward-spdy.ts";
import { ChannelSocket } from "./remote-command-websocket.ts";
import { acceptWebSocket, chooseProtocol, headerList, refuseUpgrade } from "./upgrade.ts";

const tunnelProtocol = "SPDY/3.1+portforward.k8s.io";
const supportedProtocols = [tunnelProtocol, "v4.channel.k8s.io", "v4.base64.channel.k8s.io"];
const inputLimitBytes = 256 * 1024;

/** The ports that a client without a tunnel wants, one connection each: `?ports=80,81` or `?port=80&port=81`. */
function readPorts(request: IncomingMessage): number[] {
  const query = new URL(request.url ?? "/", "http://localhost").searchParams;
  const texts = [...query.getAll("ports"), ...query.getAll("port")].flatMap((value) => value.split(","));
  return texts.filter((text) => text !== "").map(Number);
}

/** Port number `index` of the request has its data on channel `2 * index` and its errors on the next. */
async function serveChannels(webSocket: WebSocket, isBase64: boolean, ports: readonly number[], connect: ConnectPort): Promise<void> {
  const channels = new ChannelSocket(webSocket, isBase64);
  const inputs = ports.map(
    () =>
      new ByteQueue(
        inputLimitBytes,
        () => webSocket.pause(),
        () => webSocket.resume(),
      ),
  );
  channels.onMessage((channel, payload) => {
    if (channel % 2 === 0) inputs[channel / 2]?.push(payload);
  });
  webSocket.on("error", () => webSocket.terminate());
  webSocket.on("close", () => inputs.forEach((input) => input.end()));
  const forward = async (port: number, index: number): Promise<void> => {
    const input = inputs[index] as ByteQueue;
    const greeting = Buffer.alloc(2);
    greeting.writeUInt16LE(port);
    const data: ByteStream = {
      readable: input,
      write: (chunk) => channels.send(2 * index, chunk),
      end: () => undefined,
      destroy: () => input.discard(),
    };
    await channels.send(2 * index, greeting);
    await channels.send(2 * index + 1, greeting);
    await forwardConnection({ port, data, sendError: (message) => channels.send(2 * index + 1, Buffer.from(message)) }, connect);
  };
  await Promise.all(ports.map((port, index) => forward(port, index).catch(() => undefined)));
  webSocket.close(1000);
}

/** Port-forward over a WebSocket: a SPDY tunnel (kubectl from 1.31 on), or channels (clients in JavaScript and Python). */
export async function servePortForwardWebSocket(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  connect: ConnectPort,
): Promise<void> {
  const protocol = chooseProtocol(headerList(request, "sec-websocket-protocol"), supportedProtocols);
  if (protocol === undefined) {
    return refuseUpgrade(socket, 400, `unable to negotiate a sub-protocol: server supports ${supportedProtocols.join(", ")}`);
  }
  if (protocol === tunnelProtocol) {
    const webSocket = await acceptWebSocket(request, socket, head, protocol);
    const { createWebSocketStream } = await import("ws");
    return servePortForwardSpdy(createWebSocketStream(webSocket), connect);
  }
  const ports = readPorts(request);
  if (ports.length === 0 || !ports.every(isPort))
    return refuseUpgrade(socket, 400, 'query parameter "port" is required and must be a port number');
  const webSocket = await acceptWebSocket(request, socket, head, protocol);
  return serveChannels(webSocket, protocol.includes("base64"), ports, connect);
}
