import { createServer, type Server } from "node:http";
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import type { StreamIo } from "../../runtime/runtime.ts";
import { execStreams } from "../../runtime/cri/streaming-client.ts";
import { serveExec } from "./index.ts";

let server: Server | undefined;

async function serve(run: (io: StreamIo) => Promise<number>): Promise<string> {
  server = createServer();
  server.on("upgrade", (request, socket, head) => void serveExec(request, socket, head, run));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
}

afterEach(() => server?.close());

async function echo(io: StreamIo): Promise<number> {
  for await (const chunk of io.stdin ?? []) await io.stdout?.(chunk);
  await io.stderr?.(Buffer.from("bye"));
  return 42;
}

describe("serveExec", () => {
  it("carries all streams and the exit code over SPDY", async () => {
    const address = await serve(echo);
    const output = { stdout: "", stderr: "" };
    async function* stdin(): AsyncIterable<Uint8Array> {
      yield Buffer.from("one ");
      yield Buffer.from("two");
    }
    const exitCode = await execStreams(`http://${address}/exec/ns/p/c?input=1&output=1&error=1`, {
      tty: false,
      stdin: stdin(),
      stdout: (chunk) => void (output.stdout += Buffer.from(chunk).toString()),
      stderr: (chunk) => void (output.stderr += Buffer.from(chunk).toString()),
      signal: new AbortController().signal,
    });
    expect({ exitCode, ...output }).toEqual({ exitCode: 42, stdout: "one two", stderr: "bye" });
  });

  it("closes standard input by the signal of v5.channel.k8s.io, and reports the status", async () => {
    const address = await serve(echo);
    const client = new WebSocket(`ws://${address}/exec/ns/p/c?input=1&output=1&error=1`, ["v5.channel.k8s.io"]);
    const messages: string[] = [];
    client.on("message", (data: Buffer) => messages.push(`${data[0]}:${data.toString("utf8", 1)}`));
    await once(client, "open");
    expect(client.protocol).toBe("v5.channel.k8s.io");
    client.send(Buffer.from("\0hello"));
    client.send(Buffer.from([255, 0]));
    await once(client, "close");
    expect(messages.slice(0, 3)).toEqual(["1:", "1:hello", "2:bye"]);
    expect(JSON.parse(messages[3]?.slice(2) ?? "")).toMatchObject({
      status: "Failure",
      reason: "NonZeroExitCode",
      details: { causes: [{ reason: "ExitCode", message: "42" }] },
    });
  });

  it("aborts the command when the client vanishes", async () => {
    let aborted: (() => void) | undefined;
    const isAborted = new Promise<void>((resolve) => (aborted = resolve));
    const address = await serve(
      (io) => new Promise((_, reject) => io.signal.addEventListener("abort", () => (aborted?.(), reject(new Error("gone"))))),
    );
    const client = new WebSocket(`ws://${address}/exec/ns/p/c?output=1`, ["v4.channel.k8s.io"]);
    await once(client, "message");
    client.terminate();
    await isAborted;
  });

  it("refuses a request without streams", async () => {
    const address = await serve(echo);
    const client = new WebSocket(`ws://${address}/exec/ns/p/c`, ["v5.channel.k8s.io"]);
    const [error] = (await once(client, "error")) as [Error];
    expect(error.message).toContain("400");
  });
});
