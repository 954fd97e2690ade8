import type { IncomingHttpHeaders } from "node:http";
import type { Readable, Writable } from "node:stream";
import type { PeerCertificate } from "node:tls";

export type ResponseHeaders = Record<string, string | string[]>;

/** One request and its answer, whichever HTTP version carries them. */
export interface HttpExchange {
  readonly method: string;
  /** Path and query as sent. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn, as sent: those that come several times are not joined. */
  readonly rawHeaders: readonly string[];
  readonly remoteAddress: string;
  /** Aborts when the client goes away. Made on first use. */
  readonly signal: AbortSignal;
  /** The certificate that the client proved to own; undefined when it sent none or none we trust. */
  readonly peerCertificate: PeerCertificate | undefined;
  /** Whether the head of the answer is sent. */
  readonly isStarted: boolean;
  /** The status that was sent; 0 before. */
  readonly statusCode: number;
  /** The bytes of the body, once {@link respond} has sent it; streams are not counted. */
  readonly sentBytes: number;
  /** The body as it comes. */
  readonly body: Readable;
  /** The whole body. @throws {StatusError} 413 when it is longer than `limitBytes`. */
  readBody(limitBytes: number): Promise<Buffer>;
  /** Added to the head of the answer, whoever sends it. */
  addHeader(name: string, value: string): void;
  /** Sends the whole answer; the body is left out for HEAD. Does nothing once the client has gone. */
  respond(status: number, headers: ResponseHeaders, body?: Uint8Array | string): void;
  /** Sends the head; the caller writes the body to what is returned, and ends it. */
  begin(status: number, headers: ResponseHeaders): Writable;
  /** Ends an answer that cannot be finished in a way the client notices. */
  destroy(): void;
}

/** Reads a body from a stream that emits `data`, with a bound. */
export function collectBody(stream: NodeJS.ReadableStream, limitBytes: number, tooLarge: () => Error): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let bytes = 0;
    const fail = (error: Error): void => {
      stream.removeListener("data", onData);
      stream.resume();
      reject(error);
    };
    const onData = (piece: Buffer): void => {
      bytes += piece.length;
      if (bytes > limitBytes) fail(tooLarge());
      else pieces.push(piece);
    };
    stream.on("data", onData);
    stream.once("end", () => resolve(pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces, bytes)));
    stream.once("error", fail);
    stream.once("close", () => reject(new Error("the client closed the connection")));
  });
}

/** How much of a body that is too long is still read, so that its sender gets to the answer; as many others do, 32 MiB. */
const drainLimitBytes = 32 * 2 ** 20;

/**
 * Reads on for nothing. Clients that write a whole request before they read the answer would find a closed connection instead of it. Calls `giveUp`
 * when there is no end.
 */
export function drainBody(stream: NodeJS.ReadableStream, giveUp: () => void): void {
  let left = drainLimitBytes;
  stream.on("data", (piece: Buffer) => {
    const before = left;
    left -= piece.length;
    if (left < 0 && before >= 0) giveUp();
  });
}

/** Merges repeated headers into lists. */
export function appendHeader(headers: ResponseHeaders, name: string, value: string): void {
  const present = headers[name];
  if (present === undefined) headers[name] = value;
  else headers[name] = Array.isArray(present) ? [...present, value] : [present, value];
}
