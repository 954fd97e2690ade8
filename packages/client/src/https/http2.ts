import http2, { type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";
import type { TLSSocket } from "node:tls";
import type { Clock } from "@coracle/base";
import {
  ConnectionError,
  toConnectionError,
  type ConnectOptions,
  type HttpConnection,
  type HttpRequest,
  type HttpResponse,
} from "./connection.ts";

// The default windows of 64 KiB would make a large list wait for the reader's acknowledgements.
const windowBytes = 1 << 20;
// Node resets streams of a session that holds more; its default of 10 is little for many watches and large lists.
const sessionMemoryMegabytes = 256;

/** An HTTP/2 session over an open socket. It counts its requests: an idle session does not keep the process alive. */
export async function createHttp2Connection(socket: TLSSocket, options: ConnectOptions): Promise<HttpConnection> {
  const session = http2.connect(options.server, {
    createConnection: () => socket,
    maxSessionMemory: sessionMemoryMegabytes,
    settings: { enablePush: false, initialWindowSize: windowBytes },
  });
  const state = { isClosed: false, active: 0, lastReceivedMs: options.clock.monotonic() };
  const close = (): void => void (state.isClosed = true);
  session.on("close", close);
  session.on("goaway", close);
  // Each stream hears of it as well; without a listener the process would stop.
  session.on("error", close);
  session.once("connect", () => session.setLocalWindowSize(windowBytes * 16));
  session.unref();
  const health = watchHealth(session, state, options);
  return {
    get isClosed() {
      return state.isClosed;
    },
    send(request) {
      if (state.active++ === 0) session.ref();
      const done = (): void => {
        if (--state.active === 0 && !session.destroyed) session.unref();
      };
      return sendOn(session, { request, done, received: () => void (state.lastReceivedMs = options.clock.monotonic()) });
    },
    [Symbol.dispose]() {
      close();
      health[Symbol.dispose]();
      session.destroy();
    },
  };
}

interface Exchange {
  readonly request: HttpRequest;
  done(): void;
  received(): void;
}

function sendOn(session: ClientHttp2Session, exchange: Exchange): Promise<HttpResponse> {
  const { method, path, headers, body, signal } = exchange.request;
  return new Promise((resolve, reject) => {
    let stream: ClientHttp2Stream;
    try {
      stream = session.request({ ":method": method, ":path": path, ...headers }, { endStream: body === undefined });
    } catch (error) {
      exchange.done();
      reject(toConnectionError(error, "unsent"));
      return;
    }
    const onAbort = (): void => stream.close(http2.constants.NGHTTP2_CANCEL);
    signal.addEventListener("abort", onAbort, { once: true });
    let failure: unknown;
    stream.on("error", (error) => (failure = error));
    stream.once("close", () => {
      signal.removeEventListener("abort", onAbort);
      exchange.done();
      const wasRefused = stream.rstCode === http2.constants.NGHTTP2_REFUSED_STREAM;
      if (signal.aborted) reject(signal.reason as Error);
      else reject(toConnectionError(failure ?? new Error("http2: server sent no response"), wasRefused ? "unsent" : "sent"));
    });
    stream.once("response", (answer) => {
      exchange.received();
      resolve({ status: answer[":status"] ?? 0, headers: answer, body: readBody(stream, exchange) });
    });
    if (body !== undefined) stream.end(body);
  });
}

async function* readBody(stream: ClientHttp2Stream, { request, received }: Exchange): AsyncGenerator<Uint8Array, void, void> {
  let isRead = false;
  try {
    for await (const chunk of stream) {
      received();
      yield chunk as Uint8Array;
    }
    isRead = true;
  } catch (error) {
    if (!request.signal.aborted) throw toConnectionError(error, "sent");
  } finally {
    if (!isRead && !stream.closed) stream.close(http2.constants.NGHTTP2_CANCEL);
  }
  if (request.signal.aborted) throw request.signal.reason as Error;
  if (stream.aborted) throw new ConnectionError(`http2: stream was reset (${stream.rstCode})`, { progress: "sent" });
}

interface Life {
  isClosed: boolean;
  lastReceivedMs: number;
}

/** Pings a session on which nothing arrives: a peer that vanished without a word would leave its watches hanging for ever. */
function watchHealth(
  session: ClientHttp2Session,
  life: Life,
  { clock, pingIdleMs }: Pick<ConnectOptions, "clock" | "pingIdleMs">,
): Disposable {
  let timer: Disposable;
  const arm = (delayMs: number): void => {
    timer = clock.setTimeout(() => void check(), delayMs);
  };
  const check = async (): Promise<void> => {
    if (life.isClosed) return;
    const idleMs = clock.monotonic() - life.lastReceivedMs;
    if (idleMs >= pingIdleMs) {
      const isAlive = await ping(session, clock, pingIdleMs / 2);
      if (!isAlive) session.destroy(new ConnectionError("http2: client connection lost", { progress: "sent" }));
      if (!isAlive || life.isClosed) return;
      life.lastReceivedMs = clock.monotonic();
    }
    arm(Math.max(1, life.lastReceivedMs + pingIdleMs - clock.monotonic()));
  };
  arm(pingIdleMs);
  session.once("close", () => timer[Symbol.dispose]());
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
}

function ping(session: ClientHttp2Session, clock: Clock, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = clock.setTimeout(() => resolve(false), timeoutMs);
    const answer = (isAlive: boolean): void => {
      timer[Symbol.dispose]();
      resolve(isAlive);
    };
    if (session.destroyed || !session.ping((error) => answer(error === null))) answer(false);
  });
}
