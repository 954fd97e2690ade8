import { createCriCodec } from "./codec.ts";
import type { CriAnswers, CriEvent } from "./messages.ts";

/** A refusal by the runtime. `code` is the gRPC status code's name, such as `NOT_FOUND` or `UNAVAILABLE`. */
export class CriError extends Error {
  override readonly name = "CriError";
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export type CriMethod = keyof CriAnswers;

/** Unary calls and the event stream of one CRI socket. */
export interface CriConnection extends Disposable {
  /** @throws {CriError} `DEADLINE_EXCEEDED` when `timeoutMs` (default two minutes) passes first. */
  call<M extends CriMethod>(method: M, request: object, options?: CallOptions): Promise<CriAnswers[M]>;
  /** What containerd's own version service says, which is older than CRI v1. */
  containerdVersion(): Promise<string>;
  /** `GetContainerEvents`; ends with a {@link CriError} `UNIMPLEMENTED` where the runtime has none (containerd before 1.7). */
  events(signal: AbortSignal): AsyncIterable<CriEvent>;
}

export interface CallOptions {
  readonly timeoutMs?: number;
}

const imageMethods: ReadonlySet<string> = new Set(["ListImages", "ImageStatus", "PullImage", "RemoveImage"]);
const messageLimitBytes = 16 * 1024 * 1024;
const defaultTimeoutMs = 120_000;

/** Opens a channel to `socketPath`; loads gRPC and protobuf on the first call. Nothing is sent yet. */
export async function connectCri(socketPath: string): Promise<CriConnection> {
  const [grpc, codec] = await Promise.all([import("@grpc/grpc-js"), createCriCodec()]);
  const client = new grpc.Client(`unix:${socketPath}`, grpc.credentials.createInsecure(), {
    "grpc.max_receive_message_length": messageLimitBytes,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 3_000,
    "grpc.default_authority": "localhost",
    "grpc.enable_http_proxy": 0,
  });
  const toCriError = (error: { code?: number; details?: string; message: string }): CriError =>
    new CriError(grpc.status[error.code ?? grpc.status.UNKNOWN] ?? "UNKNOWN", error.details || error.message, { cause: error });
  const pathOf = (method: string): string => `/runtime.v1.${imageMethods.has(method) ? "ImageService" : "RuntimeService"}/${method}`;

  const unary = <T>(path: string, request: Buffer, decode: (bytes: Buffer) => T, timeoutMs: number): Promise<T> =>
    new Promise((resolve, reject) => {
      // gRPC's clock, not ours: the deadline is about the peer, and grpc-js takes a period by way of a date only.
      const deadline = new Date(performance.timeOrigin + performance.now() + timeoutMs);
      client.makeUnaryRequest(
        path,
        (bytes: Buffer) => bytes,
        decode,
        request,
        new grpc.Metadata(),
        { deadline },
        (error, answer) => (error === null && answer !== undefined ? resolve(answer) : reject(toCriError(error as Error))),
      );
    });

  return {
    call<M extends CriMethod>(method: M, request: object, options?: CallOptions) {
      const decode = (bytes: Buffer): CriAnswers[M] => codec.decode(`${method}Response`, bytes) as CriAnswers[M];
      return unary(pathOf(method), codec.encode(`${method}Request`, request), decode, options?.timeoutMs ?? defaultTimeoutMs);
    },
    async containerdVersion() {
      const decode = (bytes: Buffer): { version: string } => codec.decode("ContainerdVersionResponse", bytes) as { version: string };
      const { version } = await unary("/containerd.services.version.v1.Version/Version", Buffer.alloc(0), decode, defaultTimeoutMs);
      return version;
    },
    async *events(signal) {
      const stream = client.makeServerStreamRequest(
        pathOf("GetContainerEvents"),
        (message: object) => codec.encode("GetEventsRequest", message),
        (bytes) => codec.decode("ContainerEventResponse", bytes) as CriEvent,
        {},
      );
      const onAbort = (): void => stream.cancel();
      signal.addEventListener("abort", onAbort, { once: true });
      try {
        for await (const event of stream) yield event as CriEvent;
      } catch (error) {
        if (!signal.aborted) throw toCriError(error as Error);
      } finally {
        signal.removeEventListener("abort", onAbort);
        stream.cancel();
      }
    },
    [Symbol.dispose]: () => client.close(),
  };
}
