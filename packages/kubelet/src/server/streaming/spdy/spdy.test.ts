import { randomBytes } from "node:crypto";
import { connect, createServer } from "node:net";
import { once } from "node:events";
import { Duplex } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SpdyConnection } from "./connection.ts";
import { encodeControlFrame, encodeDataPrefix, FrameParser } from "./frames.ts";
import { HeaderCodec } from "./header-codec.ts";
import type { SpdyStream } from "./stream.ts";

async function socketPair(): Promise<[Duplex, Duplex]> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect((server.address() as { port: number }).port, "127.0.0.1");
  const [accepted] = (await once(server, "connection")) as [Duplex];
  server.close();
  return [client, accepted];
}

async function connectionPair(
  onStream: (stream: SpdyStream) => void,
  announcesWindow = false,
): Promise<{ client: SpdyConnection; server: SpdyConnection }> {
  const [left, right] = await socketPair();
  const server = new SpdyConnection(right, { role: "server", onStream, announcesWindow });
  return { client: new SpdyConnection(left, { role: "client", announcesWindow }), server };
}

async function readAll(stream: SpdyStream): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream.readable) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function echo(stream: SpdyStream): Promise<void> {
  for await (const chunk of stream.readable) await stream.write(chunk);
  await stream.finish();
}

describe("FrameParser", () => {
  it("finds the same frames however the bytes are cut", () => {
    const frame = fc.oneof(
      fc.record({ id: fc.integer({ min: 1, max: 2 ** 31 - 1 }), flags: fc.constantFrom(0, 1), body: fc.uint8Array({ maxLength: 300 }) }),
      fc.record({ type: fc.integer({ min: 1, max: 9 }), flags: fc.constantFrom(0, 1), body: fc.uint8Array({ maxLength: 50 }) }),
    );
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (frames, cuts) => {
        const wire = Buffer.concat(
          frames.map((one) =>
            "id" in one
              ? Buffer.concat([encodeDataPrefix(one.id, one.flags, one.body.length), one.body])
              : encodeControlFrame(one.type, one.flags, Buffer.from(one.body)),
          ),
        );
        const parser = new FrameParser();
        const found: unknown[] = [];
        for (let offset = 0, index = 0; offset < wire.length; index++) {
          const size = cuts[index % cuts.length] as number;
          for (const { payload, ...rest } of parser.push(wire.subarray(offset, offset + size))) found.push({ ...rest, body: [...payload] });
          offset += size;
        }
        expect(found).toEqual(
          frames.map((one) =>
            "id" in one
              ? { kind: "data", streamId: one.id, flags: one.flags, body: [...one.body] }
              : { kind: "control", type: one.type, flags: one.flags, body: [...one.body] },
          ),
        );
      }),
    );
  });

  it("refuses what is no SPDY/3", () => {
    expect(() => [...new FrameParser().push(Buffer.from([0x80, 2, 0, 1, 0, 0, 0, 0]))]).toThrow("not a SPDY/3 frame");
    expect(() => [...new FrameParser().push(Buffer.from([0, 0, 0, 1, 0, 0xff, 0xff, 0xff]))]).toThrow("too large");
  });
});

describe("HeaderCodec", () => {
  it("primes the stream with the dictionary of SPDY/3 and carries state from block to block", async () => {
    using sender = new HeaderCodec();
    using receiver = new HeaderCodec();
    const headers = { streamtype: "error", port: "8080", requestid: "0" };
    const first = await sender.encode(headers);
    expect(first.subarray(2, 6).toString("hex")).toBe("e3c6a7c2");
    const second = await sender.encode(headers);
    expect(second.length).toBeLessThan(first.length);
    expect(await receiver.decode(first)).toEqual(headers);
    expect(await receiver.decode(second)).toEqual(headers);
  });

  it("refuses a block that unpacks to more than the limit", async () => {
    using sender = new HeaderCodec();
    using receiver = new HeaderCodec();
    const block = await sender.encode({ bomb: "x".repeat(60_000) });
    await receiver.decode(block);
    const second = await sender.encode({ a: "x".repeat(40_000) });
    await receiver.decode(second);
    await expect(receiver.decode(Buffer.from("ffffffff", "hex"))).rejects.toThrow();
  });
});

describe("SpdyConnection", () => {
  it("opens streams with their headers and carries both directions to their ends", async () => {
    const seen: unknown[] = [];
    const { client } = await connectionPair((stream) => {
      seen.push({ ...stream.headers });
      void echo(stream);
    });
    const stream = await client.openStream({ streamType: "data", port: "80" });
    await stream.write(Buffer.from("hello "));
    await stream.write(Buffer.from("world"));
    stream.end();
    expect((await readAll(stream)).toString()).toBe("hello world");
    await stream.closed;
    expect(seen).toEqual([{ streamtype: "data", port: "80" }]);
    client.close();
    await client.closed;
  });

  it.each([false, true])("carries 24 MB over several streams at once without a changed byte (windows: %s)", async (announcesWindow) => {
    const { client, server } = await connectionPair((stream) => void echo(stream), announcesWindow);
    const blob = randomBytes(8 * 1024 * 1024);
    await Promise.all(
      [1, 2, 3].map(async () => {
        const stream = await client.openStream({ streamType: "data" });
        const received = readAll(stream);
        await stream.write(blob);
        stream.end();
        expect((await received).equals(blob)).toBe(true);
      }),
    );
    client.close();
    await server.closed;
  });

  it("holds a sender back while nobody reads", async () => {
    let unread: SpdyStream | undefined;
    const { client } = await connectionPair((stream) => (unread = stream));
    const stream = await client.openStream({});
    let written = 0;
    const writing = (async () => {
      for (; written < 1000; written++) await stream.write(Buffer.alloc(64 * 1024));
      stream.end();
    })();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(written).toBeLessThan(500);
    const total = await readAll(unread as SpdyStream);
    await writing;
    expect(total.length).toBe(1000 * 64 * 1024);
    client[Symbol.dispose]();
  });

  it("keeps one unread stream from holding up another where both sides keep windows", async () => {
    const { client } = await connectionPair((stream) => {
      if (stream.headers["kind"] === "echo") void echo(stream);
    }, true);
    const stuck = await client.openStream({ kind: "stuck" });
    void stuck.write(Buffer.alloc(4 * 1024 * 1024)).catch(() => undefined);
    const live = await client.openStream({ kind: "echo" });
    await live.write(Buffer.from("still alive"));
    live.end();
    expect((await readAll(live)).toString()).toBe("still alive");
    client[Symbol.dispose]();
  });

  it("fails writers and readers when the peer vanishes, and delivers what had come before", async () => {
    let accepted: SpdyStream | undefined;
    const { client, server } = await connectionPair((stream) => (accepted = stream));
    const stream = await client.openStream({});
    await stream.write(Buffer.from("last words"));
    while (accepted === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
    const reader = accepted.readable[Symbol.asyncIterator]();
    expect((await reader.next()).value?.toString()).toBe("last words");
    client[Symbol.dispose]();
    await expect(reader.next()).rejects.toThrow();
    await expect(accepted.write(Buffer.from("x"))).rejects.toThrow();
    await server.closed;
  });

  it("refuses streams where nobody takes them", async () => {
    const { client, server } = await connectionPair(() => undefined);
    await expect(server.openStream({})).rejects.toThrow("reset the stream");
    client[Symbol.dispose]();
  });

  it("drops the connection on nonsense", async () => {
    const [left, right] = await socketPair();
    const server = new SpdyConnection(right, { role: "server", onStream: () => undefined });
    left.on("error", () => undefined);
    left.write("GET / HTTP/1.1\r\nHost: nonsense\r\n\r\n");
    left.resume();
    await server.closed;
    left.destroy();
  });
});
