import { expect, test } from "vitest";
import type { UnstructuredObject } from "@coracle/apimachinery";
import { createToyServer, jsonBody, objectIn, toyAddress, toyContext } from "./toy-server.ts";
import { toyDefinition, toyWidget } from "./toy-definitions.ts";

test("a created object gets its defaults, identity and owner", async () => {
  const server = await createToyServer();
  const created = await server.create(toyWidget("a", { color: "red" }));
  expect(created).toMatchObject({
    metadata: { name: "a", namespace: "ns", resourceVersion: expect.stringMatching(/^\d+$/), creationTimestamp: "2026-01-01T00:00:00Z" },
    spec: { size: 1, color: "red" },
  });
  expect(created.metadata.managedFields).toMatchObject([{ manager: "test", operation: "Update", apiVersion: "example.com/v1" }]);
  expect(await server.get("a")).toEqual(created);
  await expect(server.create(toyWidget("a"))).rejects.toThrow('widgets.example.com "a" already exists');
});

test("names are generated", async () => {
  const server = await createToyServer();
  const created = await server.create({ ...toyWidget(""), metadata: { generateName: "web-" } });
  expect(created.metadata.name).toMatch(/^web-[a-z0-9]{5}$/);
});

test("unknown and duplicate fields are refused, warned of or ignored", async () => {
  const server = await createToyServer();
  const body = { ...toyWidget("a"), spec: { foo: 1 } };
  await expect(server.create(body, { fieldValidation: "Strict" })).rejects.toThrow(
    'Widget in version "v1" cannot be handled as a Widget: strict decoding error: unknown field "spec.foo"',
  );
  await server.create(body);
  expect(server.warnings).toEqual(['unknown field "spec.foo"']);
  expect((await server.get("a"))["spec"]).toEqual({ size: 1 });
});

test("the path decides about namespace and name", async () => {
  const server = await createToyServer();
  const elsewhere = { ...toyWidget("a"), metadata: { name: "a", namespace: "other" } };
  await expect(server.create(elsewhere)).rejects.toThrow(
    "the namespace of the provided object does not match the namespace sent on the request",
  );
  const update = server.registry.update(toyContext(), { ...toyAddress, name: "b" }, jsonBody(toyWidget("a")));
  await expect(update).rejects.toThrow("the name of the object (a) does not match the name on the URL (b)");
});

test("an update with an old version conflicts, and one that changes nothing is no write", async () => {
  const server = await createToyServer();
  const first = await server.create(toyWidget("a"));
  expect((await server.update(first)).metadata.resourceVersion).toBe(first.metadata.resourceVersion);
  const second = await server.update({ ...first, spec: { size: 2 } });
  expect(second.metadata.resourceVersion).not.toBe(first.metadata.resourceVersion);
  await expect(server.update({ ...first, spec: { size: 3 } })).rejects.toThrow(
    'Operation cannot be fulfilled on widgets.example.com "a": the object has been modified; please apply your changes to the latest version and try again',
  );
  const unconditional = await server.update(toyWidget("a", { size: 4 }));
  expect(unconditional["spec"]).toEqual({ size: 4 });
});

test("concurrent unconditional writes all win in turn", async () => {
  const server = await createToyServer();
  await server.create(toyWidget("a"));
  await Promise.all(
    Array.from({ length: 8 }, (_, index) => server.patch("a", { type: "merge", value: { metadata: { labels: { [`l${index}`]: "1" } } } })),
  );
  expect(Object.keys((await server.get("a")).metadata.labels ?? {})).toHaveLength(8);
});

test("the four patches", async () => {
  const server = await createToyServer();
  await server.create(toyWidget("a", { parts: [{ name: "x", value: "1" }] }));
  await server.patch("a", { type: "strategic", value: { spec: { parts: [{ name: "y", value: "2" }] } } });
  await server.patch("a", { type: "json", value: [{ op: "replace", path: "/spec/size", value: 7 }] });
  await server.patch("a", { type: "merge", value: { spec: { color: "blue" } } });
  const parts = [
    { name: "y", value: "2" },
    { name: "x", value: "1" },
  ];
  const patched = (await server.get("a"))["spec"] as { parts: unknown[] };
  expect(patched).toMatchObject({ size: 7, color: "blue" });
  expect(patched.parts).toEqual(expect.arrayContaining(parts));
  const conflict = server.patch("a", { type: "apply", value: toyWidget("a", { color: "green" }) }, { fieldManager: "other" });
  await expect(conflict).rejects.toThrow("Apply failed with 1 conflict");
  const forced = await server.patch(
    "a",
    { type: "apply", value: toyWidget("a", { color: "green" }), force: true },
    { fieldManager: "other" },
  );
  expect(forced["spec"]).toMatchObject({ color: "green", size: 7 });
});

test("server-side apply creates, and applying the same again writes nothing", async () => {
  const server = await createToyServer();
  const created = await server.patch("n", { type: "apply", value: toyWidget("n", { color: "red" }) });
  expect(created.metadata.managedFields).toMatchObject([{ manager: "test", operation: "Apply" }]);
  const again = await server.patch("n", { type: "apply", value: toyWidget("n", { color: "red" }) });
  expect(again.metadata.resourceVersion).toBe(created.metadata.resourceVersion);
  const body = server.patch("n", { type: "apply", value: toyWidget("n") }, { hasExplicitFieldManager: false });
  await expect(body).rejects.toThrow('PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch');
});

test("status and the rest keep to themselves", async () => {
  const server = await createToyServer();
  const created = await server.create(toyWidget("a", { color: "red" }));
  const both = { ...created, spec: { size: 9 }, status: { phase: "Up" } } as UnstructuredObject;
  const status = await server.update(both, { subresource: "status" });
  expect(status).toMatchObject({ spec: { size: 1, color: "red" }, status: { phase: "Up" } });
  const main = await server.update({ ...status, spec: { size: 5 }, status: { phase: "Down" } });
  expect(main).toMatchObject({ spec: { size: 5 }, status: { phase: "Up" } });
  expect(main.metadata.managedFields?.map(({ subresource }) => subresource ?? "")).toContain("status");
});

test("scale reads and writes the replicas", async () => {
  const server = await createToyServer();
  await server.create(toyWidget("a", { size: 3 }));
  const address = { ...toyAddress, name: "a", subresource: "scale" };
  const scale = objectIn(await server.registry.get(toyContext(), address, {}));
  expect(scale).toMatchObject({ apiVersion: "autoscaling/v1", kind: "Scale", spec: { replicas: 3 }, status: { replicas: 0 } });
  const patched = await server.patch("a", { type: "merge", value: { spec: { replicas: 5 } }, subresource: "scale" });
  expect(patched).toMatchObject({ kind: "Scale", spec: { replicas: 5 } });
  expect((await server.get("a"))["spec"]).toMatchObject({ size: 5 });
});

test("a dry run answers as if it had happened", async () => {
  const server = await createToyServer();
  const before = await server.store.currentRevision();
  const tried = await server.create(toyWidget("a"), { isDryRun: true });
  expect(tried.metadata.resourceVersion).toBeUndefined();
  expect(tried.metadata.uid).toBeDefined();
  await expect(server.get("a")).rejects.toThrow("not found");
  expect(await server.store.currentRevision()).toBe(before);
});

test("finalizers hold a deleted object until they are gone", async () => {
  const server = await createToyServer();
  await server.create({ ...toyWidget("a"), metadata: { name: "a", finalizers: ["example.com/hold"] } });
  const { view } = await server.registry.delete(toyContext(), { ...toyAddress, name: "a" }, {});
  expect(objectIn(view).metadata).toMatchObject({ deletionTimestamp: "2026-01-01T00:00:00Z", deletionGracePeriodSeconds: 0 });
  await server.patch("a", { type: "merge", value: { metadata: { finalizers: null } } });
  await expect(server.get("a")).rejects.toThrow("not found");
});

test("deletion answers with a Status, and knows preconditions and propagation", async () => {
  const server = await createToyServer();
  const created = await server.create(toyWidget("a"));
  const address = { ...toyAddress, name: "a" };
  await expect(server.registry.delete(toyContext(), address, { preconditions: { uid: "x" } })).rejects.toThrow(
    `the UID in the precondition (x) does not match the UID in record (${created.metadata.uid})`,
  );
  const foreground = await server.registry.delete(toyContext(), address, { propagationPolicy: "Foreground" });
  expect(objectIn(foreground.view).metadata.finalizers).toEqual(["foregroundDeletion"]);
  const gone = await server.registry.delete(toyContext(), address, { propagationPolicy: "Background" });
  expect(gone.view).toMatchObject({
    status: "Success",
    details: { name: "a", group: "example.com", kind: "widgets", uid: created.metadata.uid },
  });
});

test("grace lets an object linger, and a shorter one hurries it", async () => {
  const strategy = { gracePeriodSeconds: (_: unknown, requested: number | undefined) => requested ?? 30 };
  const server = await createToyServer({ definitions: [toyDefinition({ strategy })] });
  await server.create(toyWidget("a"));
  const address = { ...toyAddress, name: "a" };
  const first = objectIn((await server.registry.delete(toyContext(), address, {})).view);
  expect(first.metadata).toMatchObject({ deletionTimestamp: "2026-01-01T00:00:30Z", deletionGracePeriodSeconds: 30 });
  const longer = objectIn((await server.registry.delete(toyContext(), address, { gracePeriodSeconds: 60 })).view);
  expect(longer.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
  const shorter = objectIn((await server.registry.delete(toyContext(), address, { gracePeriodSeconds: 5 })).view);
  expect(shorter.metadata).toMatchObject({ deletionTimestamp: "2026-01-01T00:00:05Z", deletionGracePeriodSeconds: 5 });
  await server.registry.delete(toyContext(), address, { gracePeriodSeconds: 0 });
  await expect(server.get("a")).rejects.toThrow("not found");
});

test("a collection is deleted by selector", async () => {
  const server = await createToyServer();
  await server.create(toyWidget("a", {}, { app: "x" }));
  await server.create(toyWidget("b", {}, { app: "y" }));
  await server.registry.deleteCollection(toyContext(), toyAddress, {}, { labelSelector: "app=x" });
  const list = await server.registry.list(toyContext(), toyAddress, {});
  expect(list.items.map(({ object }) => object.metadata.name)).toEqual(["b"]);
});

test("what is no object, or breaks off, is shown as it came", async () => {
  const server = await createToyServer();
  const post = (text: string): Promise<unknown> =>
    server.registry.create(
      toyContext(),
      { ...toyAddress, name: "" },
      { type: "bytes", contentType: "application/json", data: Buffer.from(text) },
    );
  const unrecognised = "the object provided is unrecognized (must be of type Widget): couldn't get version/kind; json parse error:";
  await expect(post('{"a')).rejects.toThrow(`${unrecognised} unexpected end of JSON input ({"a)`);
  await expect(post("")).rejects.toThrow(`${unrecognised} unexpected end of JSON input (<empty>)`);
  await expect(post("[]")).rejects.toThrow(
    `${unrecognised} json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" } (5b5d)`,
  );
  await expect(post('{"metadata":"x"}')).rejects.toThrow(
    'Widget in version "v1" cannot be handled as a Widget: json: cannot unmarshal string into Go struct field Widget.metadata of type v1.ObjectMeta',
  );
  await expect(post("null")).rejects.toThrow("name or generateName is required");
});

test("a patch that brings in what does not fit is invalid itself", async () => {
  const server = await createToyServer();
  await server.create(toyWidget("a"));
  const patch = (type: string, value: unknown): Promise<unknown> => {
    const contentType = `application/${type}+json`;
    const body = { type: "bytes" as const, contentType, data: Buffer.from(JSON.stringify(value)) };
    return server.registry.patch(toyContext(), { ...toyAddress, name: "a" }, { contentType, body, force: false });
  };
  await expect(patch("merge-patch", { metadata: "x" })).rejects.toMatchObject({
    code: 422,
    message:
      `  "" is invalid: patch: Invalid value: "{\\"apiVersion\\":\\"example.com/v1\\",\\"kind\\":\\"Widget\\",\\"metadata\\":\\"x\\",\\"spec\\":{\\"size\\":1}}": json: cannot unmarshal string into Go struct field Widget.metadata of type v1.ObjectMeta`.slice(
        1,
      ),
  });
  await expect(patch("strategic-merge-patch", { metadata: "x" })).rejects.toMatchObject({
    code: 422,
    message: expect.stringContaining('patch: Invalid value: "map[metadata:x]": '),
  });
  await expect(patch("merge-patch", [])).rejects.toThrow(
    "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}",
  );
  await expect(patch("json-patch", {})).rejects.toThrow(
    "error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch",
  );
});

test("what is twice within an unknown field is only unknown", async () => {
  const server = await createToyServer();
  const text = '{"metadata":{"name":"a","name":"a"},"foo":{"x":1,"x":2},"foo":3,"foot":1}';
  const body = { type: "bytes" as const, contentType: "application/json", data: Buffer.from(text) };
  await server.registry.create(toyContext({ fieldValidation: "Strict" }), { ...toyAddress, name: "" }, body).then(
    () => expect.unreachable(),
    (error: Error) =>
      expect(error.message).toBe(
        'Widget in version "v1" cannot be handled as a Widget: strict decoding error: duplicate field "metadata.name", unknown field "foo", unknown field "foot"',
      ),
  );
});
