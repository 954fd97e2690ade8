import { describe, expect, it } from "vitest";
import { formatWarning } from "./request-context.ts";
import { negotiate } from "./negotiate.ts";

const table = "application/json;as=Table;v=v1;g=meta.k8s.io";

describe("negotiate", () => {
  it.each([
    [undefined, { format: "json", as: undefined }],
    ["*/*", { format: "json", as: undefined }],
    [`${table},application/json`, { format: "json", as: "Table" }],
    ["application/json;as=Other;v=v1;g=x,application/json", { format: "json", as: undefined }],
    ["application/vnd.kubernetes.protobuf,application/json", { format: "json", as: undefined }],
    ["application/json;q=0.5, application/yaml", { format: "yaml", as: undefined }],
    ["application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", { format: "json", as: "PartialObjectMetadataList" }],
  ])("%s", (accept, expected) => {
    expect(negotiate(accept)).toMatchObject(expected);
  });

  it("refuses what it does not speak", () => {
    expect(() => negotiate("application/vnd.kubernetes.protobuf")).toThrow(
      "only the following media types are accepted: application/json, application/yaml",
    );
  });
});

describe("formatWarning", () => {
  it("quotes, and keeps to one line", () => {
    expect(formatWarning('a "b"\r\nSet-Cookie: c\\')).toBe('299 - "a \\"b\\" Set-Cookie: c\\\\"');
  });
});
