import { describe, expect, it } from "vitest";
import type { ObjectView } from "../../registry/contract.ts";
import { decodeProtobuf } from "./decode.ts";
import { encodeList, encodeObject, encodeView, encodeWatchFrame } from "./encode.ts";

/** A field of length-delimited wire type. */
const field = (number: number, ...content: (number | string | Uint8Array)[]): Buffer => {
  const inner = bytes(...content);
  return Buffer.concat([Buffer.from([number * 8 + 2, inner.length]), inner]);
};
const bytes = (...parts: (number | string | Uint8Array)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === "number" ? Buffer.from([part]) : Buffer.from(part as string))));
const head = (apiVersion: string, kind: string): Buffer => bytes("k8s\0", field(1, field(1, apiVersion), field(2, kind)));
const tail = bytes(3 * 8 + 2, 0, 4 * 8 + 2, 0);
/** Metadata of nothing but a name and a resource version, with all that Go writes besides. */
const metadata = (name: string, resourceVersion: string): Buffer =>
  field(1, field(1, name), field(2), field(3), field(4), field(5), field(6, resourceVersion), 7 * 8, 0, field(8));
const configMap = (name: string): ObjectView => {
  const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name, resourceVersion: "7" }, data: { k: "v" } };
  return { object, bytes: () => Buffer.from(JSON.stringify(object)) };
};
const configMapMessage = (name: string): Buffer => bytes(metadata(name, "7"), field(2, field(1, "k"), field(2, "v")));

describe("encodeObject", () => {
  it("writes zero values, sorts maps, keeps pointers apart from zero", () => {
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, data: { b: "", a: "x" }, immutable: false };
    const entries = [field(2, field(1, "a"), field(2, "x")), field(2, field(1, "b"), field(2))];
    expect(encodeObject(object)).toEqual(bytes(head("v1", "ConfigMap"), field(2, metadata("a", ""), ...entries, 4 * 8, 0), tail));
  });

  it("sorts keys by their bytes", () => {
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata: {}, data: { "🚢": "", "\uffee": "", z: "" } };
    expect(Object.keys(decodeProtobuf(encodeObject(object))["data"] as object)).toEqual(["z", "\uffee", "🚢"]);
  });

  it("writes whole seconds for times, and negative numbers in ten bytes", () => {
    const object = { apiVersion: "v1", kind: "Status", metadata: {}, code: -1, details: { retryAfterSeconds: 300 } };
    const encoded = encodeObject(object).toString("hex");
    expect(encoded).toContain(`30${"ff".repeat(9)}01`);
    expect(encoded).toContain("28ac02");
    const lease = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { creationTimestamp: "1970-01-01T00:00:05.7Z" } };
    expect(encodeObject(lease).toString("hex")).toContain("420408051000");
    const micro = { ...lease, spec: { renewTime: "1970-01-01T00:00:05.000007Z" } };
    expect(decodeProtobuf(encodeObject(micro))).toMatchObject({ spec: { renewTime: "1970-01-01T00:00:05.000007Z" } });
  });

  it("has no form of custom resources", () => {
    expect(() => encodeObject({ apiVersion: "example.com/v1", kind: "Widget" })).toThrow(
      "object Widget does not implement the protobuf marshalling interface and cannot be encoded to a protobuf message",
    );
  });

  it("writes objects larger than its buffer, and others after them", () => {
    const large = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, data: { k: "ü".repeat(3 * 2 ** 20) } };
    expect(decodeProtobuf(encodeObject(large))).toMatchObject({ data: large.data });
    expect(decodeProtobuf(encodeView(configMap("b")))).toMatchObject({ metadata: { name: "b" } });
  });
});

describe("lists and watches", () => {
  it("encode an object once and gather the bytes", () => {
    const views = [configMap("a"), configMap("b")];
    const encoded = views.map(encodeView);
    expect(views.map(encodeView)).toEqual(encoded);
    expect(encodeView(views[0] as ObjectView)).toBe(encoded[0]);
    const list = { apiVersion: "v1", kind: "ConfigMapList", metadata: { resourceVersion: "9", remainingItemCount: 3 } };
    const listMeta = field(1, field(1), field(2, "9"), field(3), 4 * 8, 3);
    expect(encodeList(list, "ConfigMap", encoded)).toEqual(
      bytes(head("v1", "ConfigMapList"), field(2, listMeta, field(2, configMapMessage("a")), field(2, configMapMessage("b"))), tail),
    );
  });

  it("swap the fields of the retired list of metadata", () => {
    const partial = { apiVersion: "meta.k8s.io/v1beta1", kind: "PartialObjectMetadata", metadata: { name: "a", resourceVersion: "7" } };
    const list = { apiVersion: "meta.k8s.io/v1beta1", kind: "PartialObjectMetadataList", metadata: { resourceVersion: "9" } };
    expect(encodeList(list, "PartialObjectMetadata", [encodeObject(partial)])).toEqual(
      bytes(head(list.apiVersion, list.kind), field(2, field(1, metadata("a", "7")), field(2, field(1), field(2, "9"), field(3))), tail),
    );
  });

  it("frame events with their length", () => {
    const encoded = encodeView(configMap("a"));
    const event = bytes(field(1, "ADDED"), field(2, field(1, encoded)));
    expect(encodeWatchFrame("ADDED", encoded)).toEqual(bytes(0, 0, 0, event.length, event));
  });
});
