import { expect, test } from "vitest";
import type { ResourceDefinition } from "@coracle/apimachinery";
import { toyDefinition, toyWidget } from "./toy-definitions.ts";
import { createToyServer, jsonBody, toyAddress, toyContext } from "./toy-server.ts";

function custom(overrides: Partial<ResourceDefinition> = {}): ResourceDefinition {
  const [version] = toyDefinition().versions as [ResourceDefinition["versions"][number]];
  const old = {
    ...version,
    version: "v1alpha1",
    isStorage: false,
    convert: {
      toStorage: (object: Parameters<NonNullable<typeof version.convert>["toStorage"]>[0]) => ({ ...object, apiVersion: "example.com/v1" }),
      fromStorage: (object: Parameters<NonNullable<typeof version.convert>["toStorage"]>[0]) => ({
        ...object,
        apiVersion: "example.com/v1alpha1",
      }),
    },
  };
  return toyDefinition({ isCustom: true, versions: [version, old], ...overrides });
}

test("a custom resource comes, changes and goes", async () => {
  const server = await createToyServer({ definitions: [] });
  let changes = 0;
  server.registry.onResourcesChanged(() => changes++);
  await expect(server.create(toyWidget("a"))).rejects.toThrow("the server could not find the requested resource");
  server.registry.setCustomDefinitions([custom()]);
  const created = await server.create(toyWidget("a", { color: "red" }));
  const watch = await server.watch();
  server.registry.setCustomDefinitions([custom()]);
  expect(watch.closedWith).toBe("end");
  expect(await server.get("a")).toEqual(created);
  server.registry.setCustomDefinitions([]);
  await expect(server.get("a")).rejects.toThrow("could not find");
  server.registry.setCustomDefinitions([custom()]);
  expect(await server.get("a")).toEqual(created);
  expect(changes).toBe(4);
});

test("unknown fields are pruned, status is dropped on creation, and updates need a version", async () => {
  const server = await createToyServer({ definitions: [custom()] });
  const created = await server.create({ ...toyWidget("a", { foo: { bar: 1 } }), status: { phase: "Up" } });
  expect(created["spec"]).toEqual({ size: 1 });
  expect(created["status"]).toBeUndefined();
  await expect(server.update(toyWidget("a"))).rejects.toThrow(
    'widgets.example.com "a" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
  );
  const patch = server.patch("a", { type: "strategic", value: {} });
  await expect(patch).rejects.toMatchObject({ code: 415 });
});

test("another version is a view of the same object", async () => {
  const server = await createToyServer({ definitions: [custom()] });
  await server.create(toyWidget("a"));
  const address = { ...toyAddress, version: "v1alpha1", name: "a" };
  const view = await server.registry.get(toyContext(), address, {});
  expect(JSON.parse(Buffer.from(view.bytes()).toString())).toEqual(view.object);
  expect(view.object.apiVersion).toBe("example.com/v1alpha1");
  const sent = { ...view.object, spec: { size: 4 } };
  await server.registry.update(toyContext(), address, jsonBody(sent));
  expect(await server.get("a")).toMatchObject({ apiVersion: "example.com/v1", spec: { size: 4 } });
});
