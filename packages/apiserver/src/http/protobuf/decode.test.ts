import { describe, expect, it } from "vitest";
import { decodeProtobuf } from "./decode.ts";

const bytes = (...parts: (number | string | Uint8Array)[]): Uint8Array =>
  Buffer.concat(parts.map((part) => (typeof part === "number" ? Buffer.from([part]) : Buffer.from(part as string))));
/** A field of length-delimited wire type. */
const field = (number: number, ...content: (number | string | Uint8Array)[]): Uint8Array => {
  const inner = bytes(...content);
  return bytes(number * 8 + 2, inner.length, inner);
};
const envelope = (apiVersion: string, kind: string, raw: Uint8Array): Uint8Array =>
  bytes("k8s\0", field(1, field(1, apiVersion), field(2, kind)), field(2, raw));

describe("decodeProtobuf", () => {
  it("reads maps, bytes, pointers and leaves out zero values", () => {
    const metadata = field(1, field(1, "a"), field(2, ""), field(8), field(11, field(1, "app"), field(2, "x")));
    const raw = bytes(metadata, field(2, field(1, "k"), field(2, "v")), field(3, field(1, "b"), field(2, Uint8Array.of(1, 2))), 4 * 8, 0);
    expect(decodeProtobuf(envelope("v1", "ConfigMap", raw))).toEqual({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "a", labels: { app: "x" } },
      data: { k: "v" },
      binaryData: { b: "AQI=" },
      immutable: false,
    });
  });

  it("inlines, and gives quantities and int-or-strings their JSON form", () => {
    const volume = field(1, field(1, "data"), field(2, field(2, field(1, "Memory"), field(2, field(1, "1Gi")))));
    const port = field(2, field(1, "c"), field(11, field(1, field(2, field(1, "/x"), field(2, 1 * 8, 1, field(3, "http"))))));
    const pod = field(2, volume, port);
    expect(decodeProtobuf(envelope("v1", "Pod", pod))).toMatchObject({
      spec: {
        volumes: [{ name: "data", emptyDir: { medium: "Memory", sizeLimit: "1Gi" } }],
        containers: [{ name: "c", readinessProbe: { httpGet: { path: "/x", port: "http" } } }],
      },
    });
  });

  it("refuses what it does not know, and bytes that end early", () => {
    expect(() => decodeProtobuf(Buffer.from("{}"))).toThrow("expected prefix [107 56 115 0]");
    expect(() => decodeProtobuf(envelope("x/v1", "Y", bytes()))).toThrow('no kind "Y" is registered for version "x/v1"');
    expect(() => decodeProtobuf(envelope("v1", "Pod", bytes(10, 200)))).toThrow("unexpected EOF");
  });
});
