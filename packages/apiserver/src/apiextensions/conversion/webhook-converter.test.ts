import { systemClock, systemRandom } from "@coracle/base";
import type { UnstructuredObject } from "@coracle/apimachinery";
import { describe, expect, test } from "vitest";
import { toyDefinition, toyWidget } from "../../registry/toy-definitions.ts";
import { createToyServer, jsonBody, toyAddress, toyContext } from "../../registry/toy-server.ts";
import { fooCrd } from "../testing-crd.ts";
import type { WebhookPoster } from "../../webhook-client/index.ts";
import { webhookConverter } from "./webhook-converter.ts";

type WebhookCall = WebhookPoster["post"];

interface Review {
  kind: string;
  apiVersion: string;
  request: { uid: string; desiredAPIVersion: string; objects: UnstructuredObject[] };
}

/** v1 has `spec.size`, v2 `spec.height`, and the webhook knows. */
function converted(object: UnstructuredObject, apiVersion: string): UnstructuredObject {
  const { size, height, ...spec } = object["spec"] as Record<string, unknown>;
  const value = size ?? height;
  return { ...object, apiVersion, spec: { ...spec, ...(apiVersion.endsWith("/v1") ? { size: value } : { height: value }) } };
}

const honest: WebhookCall = (_config, body) => {
  const { apiVersion, kind, request } = body as Review;
  const convertedObjects = structuredClone(request.objects).map((object) => converted(object, request.desiredAPIVersion));
  return Promise.resolve({ apiVersion, kind, response: { uid: request.uid, result: { status: "Success" }, convertedObjects } });
};

function converter(call: WebhookCall, versions = ["v2", "v1"]): NonNullable<ReturnType<typeof webhookConverter>> {
  const crd = fooCrd();
  crd.spec.versions = [...crd.spec.versions, { ...(crd.spec.versions[0] as (typeof crd.spec.versions)[0]), name: "v2", storage: false }];
  crd.spec.conversion = {
    strategy: "Webhook",
    webhook: { clientConfig: { url: "https://example.com" }, conversionReviewVersions: versions },
  };
  return webhookConverter(crd, { webhooks: { post: call }, random: systemRandom }) as NonNullable<ReturnType<typeof webhookConverter>>;
}

const foo: UnstructuredObject = {
  apiVersion: "example.com/v1",
  kind: "Foo",
  metadata: { name: "a", namespace: "n", uid: "u", labels: { old: "yes" }, generation: 3 },
  spec: { size: 1 },
};

describe("the webhook of a definition", () => {
  test("is not asked without the strategy", () => {
    expect(webhookConverter(fooCrd(), { webhooks: { post: honest }, random: systemRandom })).toBeUndefined();
  });

  test("may change labels and annotations of the metadata, and nothing else", async () => {
    const call: WebhookCall = async (config, body, options) => {
      const review = (await honest(config, body, options)) as { response: { convertedObjects: UnstructuredObject[] } };
      for (const { metadata } of review.response.convertedObjects) Object.assign(metadata, { labels: { new: "yes" }, generation: 9 });
      return review;
    };
    const [object] = await converter(call)([structuredClone(foo)], "example.com/v2");
    expect(object).toEqual({
      apiVersion: "example.com/v2",
      kind: "Foo",
      metadata: { name: "a", namespace: "n", uid: "u", labels: { new: "yes" }, generation: 3 },
      spec: { height: 1 },
    });
  });

  const answering =
    (change: (response: Record<string, unknown>, review: Record<string, unknown>) => void): WebhookCall =>
    async (config, body, options) => {
      const review = (await honest(config, structuredClone(body), options)) as Record<string, unknown>;
      change(review["response"] as Record<string, unknown>, review);
      return review;
    };
  test.each<[string, WebhookCall, string]>([
    ["an error", () => Promise.reject(new Error('Post "https://example.com": no route')), 'failed: Post "https://example.com": no route'],
    [
      "another kind",
      answering((_, review) => (review["kind"] = "List")),
      "failed: expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got apiextensions.k8s.io/v1, Kind=List",
    ],
    ["no response", answering((_, review) => delete review["response"]), "failed: no response provided"],
    [
      "another uid",
      answering((response) => (response["uid"] = "x")),
      /failed: expected response.uid="[0-9a-f-]{36}", got "x"$/ as unknown as string,
    ],
    ["a refusal", answering((response) => (response["result"] = { status: "Failure", message: "too old" })), "failed: too old"],
    ["a refusal without words", answering((response) => (response["result"] = {})), "failed: response.result.status was '', not 'Success'"],
    ["too few objects", answering((response) => (response["convertedObjects"] = [])), "returned 0 objects, expected 1"],
    [
      "the version that it was",
      answering((response) => (response["convertedObjects"] = [foo])),
      "returned invalid object: invalid groupVersion (expected example.com/v2, received example.com/v1)",
    ],
    [
      "another name",
      answering(
        (response) => (response["convertedObjects"] = [{ ...foo, apiVersion: "example.com/v2", metadata: { ...foo.metadata, name: "b" } }]),
      ),
      "returned invalid object: must have the same name: a != b",
    ],
  ])("refuses %s", async (_, call, expected) => {
    const attempt = converter(call)([structuredClone(foo)], "example.com/v2");
    const message = typeof expected === "string" ? `conversion webhook for example.com/v1, Kind=Foo ${expected}` : expected;
    await expect(attempt).rejects.toThrow(message);
    await expect(attempt).rejects.toMatchObject({ code: 500 });
  });

  test("needs a version of the review that both sides know", async () => {
    await expect(converter(honest, ["v7"])([foo], "example.com/v2")).rejects.toThrow("failed: no supported conversion review versions");
  });
});

describe("a resource that a webhook converts", () => {
  const [v1] = toyDefinition().versions as [ReturnType<typeof toyDefinition>["versions"][number]];
  const spec = { type: "object", properties: { height: { type: "integer" }, color: { type: "string", default: "grey" } } } as const;
  const v2 = {
    ...v1,
    version: "v2",
    isStorage: false,
    schema: { ...v1.schema, properties: { ...v1.schema.properties, spec } },
    selectableFields: { "spec.height": (object: UnstructuredObject) => String((object["spec"] as { height?: number }).height) },
  };
  const v2Address = (name = "") => ({ ...toyAddress, version: "v2", name });

  async function setUp() {
    const counts = { calls: 0, objects: 0, fails: false };
    const definition = toyDefinition({
      isCustom: true,
      versions: [v1, v2],
      convertRemotely(objects, apiVersion) {
        counts.calls++;
        counts.objects += objects.length;
        if (counts.fails) return Promise.reject(new Error("down"));
        return Promise.resolve(objects.map((object) => structuredClone(converted(object as UnstructuredObject, apiVersion))));
      },
    });
    const server = await createToyServer({ definitions: [definition] });
    return { ...server, counts };
  }

  test("is read, listed and selected in either version", async () => {
    const { create, registry, counts } = await setUp();
    await create(toyWidget("a", { size: 1, color: "red" }));
    await create(toyWidget("b", { size: 2 }));
    expect(counts.calls).toBe(0);
    const view = await registry.get(toyContext(), v2Address("a"), {});
    expect(view.object).toMatchObject({ apiVersion: "example.com/v2", spec: { height: 1, color: "red" } });
    expect(JSON.parse(Buffer.from(view.bytes()).toString())).toEqual(view.object);
    const list = await registry.list(toyContext(), v2Address(), {});
    expect(list.items.map(({ object }) => object["spec"])).toEqual([
      { height: 1, color: "red" },
      { height: 2, color: "grey" },
    ]);
    const selected = await registry.list(toyContext(), v2Address(), { fieldSelector: "spec.height=2" });
    expect(selected.items.map(({ object }) => object.metadata.name)).toEqual(["b"]);
    expect(counts.objects).toBe(2);
  });

  test("is written in either version and stored in one", async () => {
    const { registry, get } = await setUp();
    const sent = { ...toyWidget("a", { height: 3 }), apiVersion: "example.com/v2" };
    const created = (await registry.create(toyContext(), v2Address(), jsonBody(sent))) as { object: UnstructuredObject };
    expect(created.object).toMatchObject({ apiVersion: "example.com/v2", spec: { height: 3, color: "grey" } });
    expect(await get("a")).toMatchObject({ apiVersion: "example.com/v1", spec: { size: 3 } });
    const patch = { contentType: "application/merge-patch+json", body: jsonBody({ spec: { height: 4 } } as never), force: false };
    const { view } = await registry.patch(toyContext(), v2Address("a"), patch);
    expect(view.object).toMatchObject({ apiVersion: "example.com/v2", spec: { height: 4 } });
    await registry.update(toyContext(), v2Address("a"), jsonBody({ ...view.object, spec: { height: 5 } }));
    expect(await get("a")).toMatchObject({ apiVersion: "example.com/v1", spec: { size: 5 } });
    const { view: gone } = await registry.delete(toyContext(), v2Address("a"), {});
    expect(gone).toMatchObject({ status: "Success" });
  });

  test("is watched in order, and a watch ends when the webhook does", async () => {
    const { create, registry, counts } = await setUp();
    await create(toyWidget("a", { size: 1 }));
    const seen: string[] = [];
    let closed: unknown;
    const sink = {
      send: ({ type, view }: { type: string; view: { object: Readonly<UnstructuredObject> } }): void =>
        void seen.push(`${type} ${(view.object["spec"] as { height?: number } | undefined)?.height}`),
      close: (status?: unknown): void => void (closed = status),
    };
    const watch = await registry.watch(
      toyContext(),
      v2Address(),
      { sendInitialEvents: true, resourceVersionMatch: "NotOlderThan", allowWatchBookmarks: true },
      sink,
    );
    await create(toyWidget("b", { size: 2 }));
    await registry.delete(toyContext(), { ...toyAddress, name: "a" }, {});
    await systemClock.sleep(20);
    expect(seen).toEqual(["ADDED 1", "BOOKMARK undefined", "ADDED 2", "DELETED 1"]);
    counts.fails = true;
    await create(toyWidget("c", { size: 3 }));
    await systemClock.sleep(20);
    expect(closed).toMatchObject({ code: 500 });
    watch[Symbol.dispose]();
  });
});
