import { STATUS_CODES, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";

type Headers = Readonly<Record<string, string>>;

function head(status: number, headers: Headers): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("")}\r\n`;
}

/** Answers 101; from here on the socket speaks the new protocol. */
export function acceptUpgrade(socket: Duplex, headers: Headers): void {
  socket.write(head(101, { Connection: "Upgrade", ...headers }));
}

/** Answers an upgrade request with an ordinary response, and closes. */
export function refuseUpgrade(socket: Duplex, status: number, message: string): void {
  const body = `${message}\n`;
  const length = String(Buffer.byteLength(body));
  socket.on("error", () => socket.destroy());
  socket.end(head(status, { Connection: "close", "Content-Type": "text/plain; charset=utf-8", "Content-Length": length }) + body);
}

export function isWebSocketUpgrade(request: IncomingMessage): boolean {
  return request.headers.upgrade?.toLowerCase() === "websocket";
}

export function isSpdyUpgrade(request: IncomingMessage): boolean {
  return request.headers.upgrade?.toLowerCase() === "spdy/3.1";
}

/** The values of a header that may come several times or as a list. */
export function headerList(request: IncomingMessage, name: string): string[] {
  const value = request.headers[name];
  const text = Array.isArray(value) ? value.join(",") : (value ?? "");
  return text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}

/** The first of `supported` that the client offers; an offer of nothing is the protocol of before there were names for them. */
export function chooseProtocol(offered: readonly string[], supported: readonly string[]): string | undefined {
  if (offered.length === 0) return "";
  return supported.find((protocol) => offered.includes(protocol));
}

/** Of one message. Clients send at most a few ten KiB. */
const messageLimitBytes = 4 * 1024 * 1024;

/** Finishes the handshake of a WebSocket with the sub-protocol chosen before. */
export async function acceptWebSocket(request: IncomingMessage, socket: Duplex, first: Buffer, protocol: string): Promise<WebSocket> {
  const { WebSocketServer } = await import("ws");
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false, clientTracking: false, maxPayload: messageLimitBytes });
  // The library refuses names with a slash, such as `SPDY/3.1+portforward.k8s.io`. So the choice is made here, beside it.
  delete request.headers["sec-websocket-protocol"];
  if (protocol !== "") server.on("headers", (headers) => headers.push(`Sec-WebSocket-Protocol: ${protocol}`));
  return new Promise((resolve, reject) => {
    const onClose = (): void => reject(new Error("the client closed the connection during the handshake"));
    socket.once("close", onClose);
    server.handleUpgrade(request, socket, first, (webSocket) => {
      socket.off("close", onClose);
      resolve(webSocket);
    });
  });
}
