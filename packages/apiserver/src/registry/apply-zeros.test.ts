import { builtInDefinitions } from "@coracle/api";
import type { UnstructuredObject } from "@coracle/apimachinery";
import { expect, it } from "vitest";
import { applyContentType } from "./patch.ts";
import { createToyServer, jsonBody, objectIn, toyContext, type ToyServer } from "./toy-server.ts";

const address = { group: "apps", version: "v1", resource: "deployments", namespace: "ns", name: "a", subresource: "" };
const template = {
  metadata: { labels: { app: "a" } },
  spec: { containers: [{ name: "c", image: "i" }], tolerations: [{ key: "k", operator: "Exists" }] },
};
const spec = { paused: true, selector: { matchLabels: { app: "a" } }, template };

function apply(server: ToyServer, given: object, force: boolean): Promise<UnstructuredObject> {
  const value = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "a" }, spec: given };
  const context = { ...toyContext(), fieldManager: "me", hasExplicitFieldManager: true };
  const patch = { contentType: applyContentType, body: { type: "value" as const, value }, force };
  return server.registry.patch(context, address, patch).then(({ view }) => view.object as UnstructuredObject);
}

it("whoever applies a zero or an empty list wants it", async () => {
  const server = await createToyServer({ definitions: builtInDefinitions() });
  await server.registry.create(toyContext(), { ...address, name: "" }, jsonBody({ metadata: { name: "a" }, spec })).then(objectIn);
  const wanted = { paused: false, template: { spec: { tolerations: [] } } };
  await expect(apply(server, wanted, false)).rejects.toThrow(/^Apply failed with 2 conflicts: /);
  const applied = await apply(server, wanted, true);
  expect(applied["spec"]).not.toHaveProperty("paused");
  expect(applied["spec"]).not.toHaveProperty("template.spec.tolerations");
  const owned = applied.metadata.managedFields?.find(({ manager }) => manager === "me")?.fieldsV1;
  expect(owned).toEqual({ "f:spec": { "f:paused": {}, "f:template": { "f:spec": { "f:tolerations": {} } } } });
  await server.clock.advance(10_000);
  expect((await apply(server, wanted, true)).metadata.resourceVersion).toBe(applied.metadata.resourceVersion);
});
