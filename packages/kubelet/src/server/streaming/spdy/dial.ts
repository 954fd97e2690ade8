import { request as httpRequest, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { SpdyConnection } from "./connection.ts";

export interface DialedSpdy {
  readonly connection: SpdyConnection;
  /** The protocol that the server chose; empty when it said none. */
  readonly protocol: string;
}

const dialTimeoutMs = 30_000;
const errorLimitBytes = 4 * 1024;

async function describeRefusal(response: IncomingMessage): Promise<Error> {
  let text = "";
  for await (const chunk of response as AsyncIterable<Buffer>) {
    text += chunk.toString();
    if (text.length > errorLimitBytes) break;
  }
  return new Error(`unable to upgrade connection: ${text.trim() || `${response.statusCode} ${response.statusMessage}`}`);
}

/** Opens a SPDY/3.1 connection by an HTTP upgrade of `url`, offering `protocols` in order of preference. */
export async function dialSpdy(url: string, protocols: readonly string[], signal?: AbortSignal): Promise<DialedSpdy> {
  const { socket, head, response } = await new Promise<{ socket: Duplex; head: Buffer; response: IncomingMessage }>((resolve, reject) => {
    const request = httpRequest(url, {
      method: "POST",
      headers: { Connection: "Upgrade", Upgrade: "SPDY/3.1", "X-Stream-Protocol-Version": [...protocols] },
      timeout: dialTimeoutMs,
      agent: false,
      ...(signal === undefined ? {} : { signal }),
    });
    request.once("upgrade", (answer, upgraded, first) => resolve({ socket: upgraded, head: first, response: answer }));
    request.once("response", (answer) => describeRefusal(answer).then(reject, reject));
    request.once("timeout", () => request.destroy(new Error(`timed out connecting to ${url}`)));
    request.once("error", reject);
    request.end();
  });
  const { setTimeout: setIdleTimeout } = socket as { setTimeout?: (timeoutMs: number) => void };
  setIdleTimeout?.call(socket, 0);
  (socket as { setNoDelay?: (isOn: boolean) => void }).setNoDelay?.(true);
  if (head.length > 0) socket.unshift(head);
  const protocol = response.headers["x-stream-protocol-version"];
  return { connection: new SpdyConnection(socket, { role: "client" }), protocol: typeof protocol === "string" ? protocol : "" };
}
