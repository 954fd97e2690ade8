import { Server, ServerCredentials } from "@grpc/grpc-js";

/** Answers on a unix socket as a containerd that is older than what Coracle needs. */
export async function serveOldContainerd(socketPath: string): Promise<AsyncDisposable> {
  const server = new Server();
  const asIs = (bytes: Buffer): Buffer => bytes;
  // Fields 1 to 4 of VersionResponse, each a string of less than 128 bytes.
  const answer = Buffer.concat(
    ["0.1.0", "containerd", "1.5.9", "v1"].map((text, index) =>
      Buffer.concat([Buffer.of(((index + 1) << 3) | 2, text.length), Buffer.from(text)]),
    ),
  );
  server.register(
    "/runtime.v1.RuntimeService/Version",
    (_call: unknown, reply: (error: null, answer: Buffer) => void) => reply(null, answer),
    asIs,
    asIs,
    "unary",
  );
  await new Promise<void>((resolve, reject) =>
    server.bindAsync(`unix:${socketPath}`, ServerCredentials.createInsecure(), (error) => (error === null ? resolve() : reject(error))),
  );
  return { [Symbol.asyncDispose]: () => new Promise((resolve) => server.tryShutdown(() => resolve())) };
}
