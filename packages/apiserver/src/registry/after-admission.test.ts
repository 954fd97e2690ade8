import type { UnstructuredObject } from "@coracle/apimachinery";
import { expect, it } from "vitest";
import type { AdmissionPlugin } from "../admission/admission.ts";
import { toyDefinition } from "./toy-definitions.ts";
import { createToyServer, type ToyServer } from "./toy-server.ts";

/** A server whose webhook, so to say, does `change` to each object. */
async function serverWith(change: (object: UnstructuredObject) => void, isCustom = false): Promise<ToyServer> {
  const plugin: AdmissionPlugin = {
    name: "Changing",
    handles: ({ object }) => object !== undefined,
    mutate({ object, reinvocation }) {
      if (object !== undefined) change(object);
      reinvocation.isWanted = true;
    },
  };
  return createToyServer({ admission: [plugin], definitions: [toyDefinition({ isCustom })] });
}

const widget = (): UnstructuredObject => ({
  apiVersion: "example.com/v1",
  kind: "Widget",
  metadata: { name: "w" },
  spec: { size: 2 },
});

it("keeps objects in their namespace", async () => {
  const server = await serverWith((object) => (object.metadata.namespace = "kube-system"));
  await expect(server.create(widget())).rejects.toThrow(
    "the namespace of the provided object does not match the namespace sent on the request",
  );
});

it("takes back managedFields that nobody can read, and warns", async () => {
  const server = await serverWith((object) => (object.metadata.managedFields = [{ manager: "old", operation: "Update" }]));
  const { metadata } = await server.create(widget());
  expect(metadata.managedFields).toEqual([expect.objectContaining({ manager: "test", operation: "Update", apiVersion: "example.com/v1" })]);
  const cause = "this could be caused by an outdated mutating admission controller; please fix your requests";
  expect(new Set(server.warnings)).toEqual(
    new Set([`.metadata.managedFields was in an invalid state after admission; ${cause}: apiVersion must not be empty`]),
  );
});

it("lets nobody write the status of a custom resource through the object, or the object through its status", async () => {
  let change = (object: UnstructuredObject): void => void (object["status"] = { phase: "Forged" });
  const server = await serverWith((object) => change(object), true);
  const created = await server.create(widget());
  expect(created["status"]).toBeUndefined();
  const updated = await server.update({ ...created, spec: { size: 3 } });
  expect(updated).toMatchObject({ spec: { size: 3 } });
  expect(updated["status"]).toBeUndefined();
  change = (object) => void (object["spec"] = { size: 9 });
  const reported = await server.update({ ...updated, status: { phase: "Ready" } }, { subresource: "status" });
  expect(reported).toMatchObject({ spec: { size: 3 }, status: { phase: "Ready" } });
});
