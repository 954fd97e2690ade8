import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import type { HttpExchange } from "./exchange.ts";
import { readObjectBody } from "./request-body.ts";

const kind = { group: "", version: "v1", kind: "ConfigMap" };
const unknown =
  "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf";

function exchangeOf(contentType: string | undefined): HttpExchange {
  const data = Buffer.from("{}");
  return {
    headers: contentType === undefined ? {} : { "content-type": contentType },
    body: Readable.from([data]),
    readBody: () => Promise.resolve(data),
  } as unknown as HttpExchange;
}

describe("the content type of a body", () => {
  it.each([
    [undefined, "application/json"],
    ["", "application/json"],
    ["APPLICATION/JSON", "application/json"],
    ["application/json;", "application/json"],
    ["application/json; charset=utf-8", "application/json"],
    ['application/yaml; charset="utf-8"', "application/yaml"],
  ])("%s is %s", async (contentType, expected) => {
    expect(await readObjectBody(exchangeOf(contentType), kind)).toMatchObject({ contentType: expected });
  });

  it.each(["*/*", "application/*", "application/json;a", "text/plain", "application/cbor"])("%s is not known", async (contentType) => {
    await expect(readObjectBody(exchangeOf(contentType), kind)).rejects.toMatchObject({ code: 415, message: unknown });
  });
});
