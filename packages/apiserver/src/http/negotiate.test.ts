import { describe, expect, it } from "vitest";
import { formatWarning } from "./request-context.ts";
import { negotiate, negotiateError, type Offer } from "./negotiate.ts";

const table = "application/json;as=Table;v=v1;g=meta.k8s.io";
const protobuf = "application/vnd.kubernetes.protobuf";
const partial = "as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
const builtIn: Offer = { hasProtobuf: true, verb: "get", hasTable: true, isRouted: true };
const custom: Offer = { hasProtobuf: false, verb: "get", hasTable: true, isRouted: false };

describe("negotiate", () => {
  it.each([
    [undefined, "json", undefined],
    ["*/*", "json", undefined],
    [`${table},application/json`, "json", "Table"],
    ["application/json;as=Other;v=v1;g=x,application/json", "json", undefined],
    ["application/json;v=v1,application/yaml", "yaml", undefined],
    [`${protobuf},application/json`, "protobuf", undefined],
    [`${protobuf};stream=watch`, "protobuf", undefined],
    [`${protobuf};as=Table;v=v1;g=meta.k8s.io,application/yaml;as=Table;v=v1;g=meta.k8s.io`, "yaml", "Table"],
    [`application/json, ${protobuf}`, "json", undefined],
    [`application/json;q=0.5, ${protobuf}`, "protobuf", undefined],
    [`*/*, ${protobuf}`, "protobuf", undefined],
    [`${protobuf};q=0, application/json`, "json", undefined],
    ["application/yaml;q=0", "yaml", undefined],
    ["text/html, application/xml;q=0.9, */*;q=0.8", "json", undefined],
    ["application/json;q=0.5, application/yaml", "yaml", undefined],
    [`${protobuf};${partial}`, "protobuf", "PartialObjectMetadata"],
    ["application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", "json", "PartialObjectMetadataList"],
  ] as const)("%s is %s", (accept, format, as) => {
    expect(negotiate(accept, builtIn)).toMatchObject({ format, as });
  });

  it("gives JSON of what has no protobuf form, but its metadata in either", () => {
    expect(negotiate(`${protobuf},application/json`, custom)).toMatchObject({ format: "json" });
    expect(negotiate(`${protobuf};${partial},application/json;${partial}`, custom)).toMatchObject({ format: "protobuf" });
    const all = "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf";
    expect(() => negotiate(protobuf, custom)).toThrow(all);
    expect(() => negotiate("text/html", custom)).toThrow(all);
    expect(() => negotiate(`${table.replace("v1", "v2")}`, builtIn)).toThrow(all);
  });

  it("refuses what it does not speak, in the router's words for built-in kinds", () => {
    const available =
      "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf";
    expect(() => negotiate("text/html", builtIn)).toThrow(available);
    expect(() => negotiate("application/*", builtIn)).toThrow(available);
    expect(negotiate("application/*", custom)).toMatchObject({ format: "json" });
    expect(() => negotiate("text/html", { ...builtIn, verb: "list" })).toThrow(
      `${available}, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch`,
    );
    expect(() => negotiate("application/yaml", { ...builtIn, verb: "watch" })).toThrow(
      "only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch",
    );
  });

  it("writes errors in a plain form that the client takes, or in readable JSON", () => {
    expect(negotiateError(`${protobuf};${partial},${protobuf}`)).toMatchObject({ format: "protobuf", as: undefined });
    expect(negotiateError(`${table},application/json`)).toMatchObject({ format: "json", as: undefined, isPretty: false });
    expect(negotiateError(table)).toMatchObject({ format: "json", as: undefined, isPretty: true });
  });
});

describe("formatWarning", () => {
  it("quotes, and keeps to one line", () => {
    expect(formatWarning('a "b"\r\nSet-Cookie: c\\')).toBe('299 - "a \\"b\\" Set-Cookie: c\\\\"');
  });
});
