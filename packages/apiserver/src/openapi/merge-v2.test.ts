import { describe, expect, it } from "vitest";
import { mergeV2 } from "./merge-v2.ts";

const use = (name: string): object => ({ get: { schema: { $ref: `#/definitions/${name}` } } });

describe("merging Swagger documents", () => {
  it("shares equal definitions and renames others", () => {
    const base = {
      swagger: "2.0",
      paths: { "/apis/a/v1/x": use("Meta") },
      definitions: { Meta: { type: "object" }, Item: { type: "string" } },
    };
    const document = {
      paths: { "/apis/b/v1/y": use("Item"), "/apis/a/v1/x": use("Item"), "/apis/b/v1": use("Other"), "/apis/bc/v1/z": use("Other") },
      definitions: {
        Item: { type: "object", properties: { meta: { $ref: "#/definitions/Meta" }, self: { $ref: "#/definitions/Item" } } },
        Meta: { type: "object" },
        Other: {},
      },
    };
    expect(mergeV2(base, [{ document, prefix: "/apis/b/v1/" }])).toEqual({
      swagger: "2.0",
      paths: { "/apis/a/v1/x": use("Meta"), "/apis/b/v1/y": use("Item_v2") },
      definitions: {
        Meta: { type: "object" },
        Item: { type: "string" },
        Item_v2: { type: "object", properties: { meta: { $ref: "#/definitions/Meta" }, self: { $ref: "#/definitions/Item_v2" } } },
      },
    });
  });

  it("leaves the documents alone and survives odd ones", () => {
    const base = { paths: {} };
    expect(mergeV2(base, [{ document: { paths: [], definitions: null }, prefix: "/" }])).toEqual({ paths: {} });
    const dangling = { paths: { "/apis/b/v1/y": use("Gone") } };
    expect(mergeV2(base, [{ document: dangling, prefix: "/apis/b/v1/" }])).toMatchObject({ paths: { "/apis/b/v1/y": use("Gone") } });
    expect(base).toEqual({ paths: {} });
  });
});
