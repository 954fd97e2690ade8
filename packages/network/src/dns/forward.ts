import { createSocket } from "node:dgram";
import { connect } from "node:net";
import type { Clock } from "@coracle/base";

export interface ForwardOptions {
  readonly upstreams: readonly string[];
  readonly transport: "udp" | "tcp";
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const attemptTimeoutMs = 2000;

/** Sends a query as it is to each resolver in turn until one answers. @throws when none does. */
export async function forwardQuery(query: Buffer, options: ForwardOptions): Promise<Buffer> {
  let failure = new Error("there is no resolver to forward to");
  for (const upstream of options.upstreams) {
    try {
      return await (options.transport === "udp" ? askByDatagram(query, upstream, options) : askByStream(query, upstream, options));
    } catch (error) {
      failure = error as Error;
    }
  }
  throw failure;
}

function askByDatagram(query: Buffer, upstream: string, { clock, signal }: ForwardOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // A socket of its own for each question: the random port makes answers hard to forge.
    const socket = createSocket(upstream.includes(":") ? "udp6" : "udp4");
    const finish = (result: () => void): void => {
      timer[Symbol.dispose]();
      signal.removeEventListener("abort", onAbort);
      socket.close();
      result();
    };
    const onAbort = (): void => finish(() => reject(signal.reason as Error));
    const timer = clock.setTimeout(() => finish(() => reject(new Error(`resolver ${upstream} did not answer`))), attemptTimeoutMs);
    signal.addEventListener("abort", onAbort);
    socket.once("error", (error) => finish(() => reject(error)));
    socket.on("message", (message) => {
      if (message.length >= 2 && message.readUInt16BE(0) === query.readUInt16BE(0)) finish(() => resolve(message));
    });
    socket.connect(53, upstream, () => socket.send(query));
  });
}

function askByStream(query: Buffer, upstream: string, { clock, signal }: ForwardOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: upstream, port: 53, signal });
    const timer = clock.setTimeout(() => socket.destroy(new Error(`resolver ${upstream} did not answer`)), attemptTimeoutMs);
    let received = Buffer.alloc(0);
    socket
      .once("connect", () => {
        const length = Buffer.alloc(2);
        length.writeUInt16BE(query.length);
        socket.write(Buffer.concat([length, query]));
      })
      .on("data", (chunk: Buffer) => {
        received = Buffer.concat([received, chunk]);
        if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
        resolve(received.subarray(2, 2 + received.readUInt16BE(0)));
        socket.destroy();
      })
      .once("error", reject)
      .once("close", () => {
        timer[Symbol.dispose]();
        reject(new Error(`resolver ${upstream} closed the connection`));
      });
  });
}

/** The `nameserver` lines of a resolv.conf, without those that would lead back to this machine's stub. */
export function parseResolvers(resolvConf: string): string[] {
  return resolvConf
    .split("\n")
    .map((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1])
    .filter((address) => address !== undefined)
    .slice(0, 3);
}
