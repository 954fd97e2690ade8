import { openApiV3 } from "@coracle/api/openapi";
import { describe, expect, it } from "vitest";
import { startAggregatingServer } from "../aggregator/testing-server.ts";
import { metricsDefinitions } from "../resource-metrics/definitions.ts";

/** The address that the index has for a group and version. */
async function addressOf(api: Awaited<ReturnType<typeof startAggregatingServer>>, key: string): Promise<string> {
  const { json } = await api.ask("/openapi/v3");
  return (json as unknown as { paths: Record<string, { serverRelativeURL: string }> }).paths[key]?.serverRelativeURL ?? "";
}

describe("OpenAPI documents", () => {
  it("may be kept for a year by who asks with their hash", async () => {
    await using api = await startAggregatingServer();
    const { code, headers } = await api.ask(await addressOf(api, "apis/apps/v1"));
    expect(code).toBe(200);
    expect(headers["cache-control"]).toBe("public, immutable");
    const timeOf = (name: string): number => Date.parse(String(headers[name]));
    const days = (timeOf("expires") - timeOf("date")) / 86_400_000;
    expect(Math.round(days)).toBe(365);
    expect(headers["vary"]).toContain("Accept");
  });

  it("lead from an old hash to the new one", async () => {
    await using api = await startAggregatingServer();
    const { code, headers } = await api.ask("/openapi/v3/apis/apps/v1?hash=OLD");
    expect(code).toBe(301);
    expect(headers["location"]).toBe(await addressOf(api, "apis/apps/v1"));
  });

  it("are not sent to who has them", async () => {
    await using api = await startAggregatingServer();
    for (const path of ["/openapi/v2", "/openapi/v3", "/openapi/v3/apis/apps/v1"]) {
      const first = await api.ask(path);
      const etag = String(first.headers["etag"]);
      expect(etag).toMatch(/^"[0-9A-F]{128}"$/);
      expect(first.headers["cache-control"]).toBe("no-cache, private");
      for (const known of [etag, `"other", ${etag}`, `W/${etag}`, "*"]) {
        expect(await api.ask(path, { headers: { "if-none-match": known } })).toMatchObject({ code: 304, text: "" });
      }
      expect(await api.ask(path, { headers: { "if-none-match": '"other"' } })).toMatchObject({ code: 200 });
    }
  });

  it("come in the forms that there are", async () => {
    await using api = await startAggregatingServer();
    const protobuf = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
    const answer = await api.ask("/openapi/v2", { headers: { accept: protobuf } });
    expect(answer).toMatchObject({ code: 200, headers: { "content-type": protobuf } });
    expect(await api.ask("/openapi/v3/apis/apps/v1", { headers: { accept: "text/html" } })).toMatchObject({ code: 406 });
    expect(await api.ask("/openapi/v3/apis/nobody.example.com/v1")).toMatchObject({ code: 404 });
  });
});

interface Component {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Component>>;
}

describe("kinds that are worked out when asked for", () => {
  it("are described like those that are stored", () => {
    const document = openApiV3(metricsDefinitions(), "metrics.k8s.io", "v1beta1") as { components: { schemas: Record<string, Component> } };
    const missing = Object.entries(document.components.schemas).flatMap(([name, { description, properties = {} }]) => [
      ...(description ? [] : [name]),
      ...Object.entries(properties).flatMap(([field, property]) => (property.description ? [] : [`${name}.${field}`])),
    ]);
    expect(missing).toEqual([]);
    expect(Object.keys(document.components.schemas)).toContain("io.k8s.metrics.pkg.apis.metrics.v1beta1.PodMetrics");
  });
});
