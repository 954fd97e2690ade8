import { createServer as createHttp2Server } from "node:http2";
import { createServer, type AddressInfo, type Server } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { probeNetwork } from "./network-probe.ts";

let server: Server | undefined;
afterEach(() => new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve()))));

async function listen(made: Server): Promise<number> {
  server = made;
  await new Promise<void>((resolve) => made.listen(0, "127.0.0.1", resolve));
  return (made.address() as AddressInfo).port;
}

const probe = (port: number): ReturnType<typeof probeNetwork> => probeNetwork({ type: "grpc", host: "127.0.0.1", port, timeoutMs: 1000 });

describe("gRPC probes", () => {
  it("word a refused connection as upstream does, which tries until the time is over", async () => {
    const port = await listen(createServer());
    await new Promise<void>((resolve) => server?.close(() => resolve()));
    server = undefined;
    expect(await probe(port)).toEqual({
      isSuccess: false,
      output: `timeout: failed to connect service "127.0.0.1:${port}" within 1s: context deadline exceeded`,
    });
  });

  it("tell healthy servers from those that know no health", async () => {
    const healthy = createHttp2Server().on("stream", (stream) => {
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.end(Buffer.from([0, 0, 0, 0, 2, 0x08, 1]));
    });
    expect(await probe(await listen(healthy as unknown as Server))).toEqual({ isSuccess: true, output: "service healthy" });
    healthy.close();
    const unknown = createHttp2Server().on("stream", (stream) =>
      stream.respond({ ":status": 200, "content-type": "application/grpc", "grpc-status": "12" }, { endStream: true }),
    );
    expect((await probe(await listen(unknown as unknown as Server))).output).toMatch(/does not implement the grpc health protocol/);
  });

  it("tell a server that says nothing in time", async () => {
    const silent = createHttp2Server().on("stream", () => undefined);
    expect(await probe(await listen(silent as unknown as Server))).toEqual({
      isSuccess: false,
      output: "timeout: health rpc did not complete within 1s",
    });
  });
});
