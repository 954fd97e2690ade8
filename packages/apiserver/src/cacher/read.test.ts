import { expect, test } from "vitest";
import type { ResourceType } from "@coracle/apimachinery";
import { createToyServer, toyAddress, toyContext, type ToyServer } from "../registry/toy-server.ts";
import { toyWidget } from "../registry/toy-definitions.ts";

const widgets: ResourceType = { group: "example.com", version: "v1", resource: "widgets", kind: "Widget", isNamespaced: true };

async function namesOf(server: ToyServer, query: Parameters<ToyServer["registry"]["list"]>[2]): Promise<(string | undefined)[]> {
  const list = await server.registry.list(toyContext(), toyAddress, query);
  return list.items.map(({ object }) => object.metadata.name);
}

test("a list in chunks shows one state, whatever happens meanwhile", async () => {
  const server = await createToyServer();
  for (const name of ["a", "b", "c", "d"]) await server.create(toyWidget(name));
  const first = await server.registry.list(toyContext(), toyAddress, { limit: 2 });
  expect(first.remainingItemCount).toBe(2);
  await server.create(toyWidget("bb"));
  const second = await server.registry.list(toyContext(), toyAddress, { limit: 2, continue: first.continue as string });
  expect(second.items.map(({ object }) => object.metadata.name)).toEqual(["c", "d"]);
  expect(second.resourceVersion).toBe(first.resourceVersion);
  expect(second.continue).toBeUndefined();
});

test("a chunk of a forgotten state gives 410 with a token that goes on", async () => {
  const server = await createToyServer();
  for (const name of ["a", "b", "c"]) await server.create(toyWidget(name));
  const first = await server.registry.list(toyContext(), toyAddress, { limit: 1 });
  for (let index = 0; index < 9; index++) {
    await server.create(toyWidget(`x${index}`));
    await server.registry.list(toyContext(), toyAddress, { limit: 1 });
  }
  await server.store.compact(await server.store.currentRevision());
  const error = await server.registry
    .list(toyContext(), toyAddress, { limit: 5, continue: first.continue as string })
    .catch((e: unknown) => e);
  expect(error).toMatchObject({ code: 410, reason: "Expired" });
  const token = (error as { status: { metadata: { continue: string } } }).status.metadata.continue;
  expect(await namesOf(server, { limit: 3, continue: token })).toEqual(["b", "c", "x0"]);
});

test("resource versions of lists: any, exact, not older than, too new", async () => {
  const server = await createToyServer();
  const a = await server.create(toyWidget("a"));
  await server.create(toyWidget("b"));
  expect(await namesOf(server, { resourceVersion: "0" })).toEqual(["a", "b"]);
  expect(await namesOf(server, { resourceVersion: a.metadata.resourceVersion as string, resourceVersionMatch: "Exact" })).toEqual(["a"]);
  expect(await namesOf(server, { resourceVersion: a.metadata.resourceVersion as string, resourceVersionMatch: "NotOlderThan" })).toEqual([
    "a",
    "b",
  ]);
  const future = server.registry.list(toyContext(), toyAddress, { resourceVersion: "1000" });
  const refused = expect(future).rejects.toThrow(/Too large resource version: 1000, current: \d+/);
  await server.clock.advance(3000);
  await refused;
  await expect(server.registry.list(toyContext(), toyAddress, { resourceVersionMatch: "Exact" })).rejects.toThrow(
    'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
  );
});

test("selectors of labels and fields", async () => {
  const server = await createToyServer();
  await server.create(toyWidget("a", { color: "red" }, { app: "x" }));
  await server.create(toyWidget("b", { color: "blue" }, { app: "x" }));
  expect(await namesOf(server, { labelSelector: "app=x", fieldSelector: "spec.color=blue" })).toEqual(["b"]);
  expect(await namesOf(server, { fieldSelector: "metadata.name=a" })).toEqual(["a"]);
  await expect(namesOf(server, { fieldSelector: "spec.foo=1" })).rejects.toThrow("field label not supported: spec.foo");
});

test("a watch shows what is there, then every change", async () => {
  const server = await createToyServer();
  const a = await server.create(toyWidget("a"));
  const watch = await server.watch();
  const changed = await server.patch("a", { type: "merge", value: { spec: { size: 2 } } });
  await server.registry.delete(toyContext(), { ...toyAddress, name: "a" }, {});
  const [at, then] = [Number(a.metadata.resourceVersion), Number(changed.metadata.resourceVersion)];
  expect(watch.log).toEqual([`ADDED a@${at}`, `MODIFIED a@${then}`, `DELETED a@${then + 1}`]);
  watch[Symbol.dispose]();
  await server.create(toyWidget("b"));
  expect(watch.log).toHaveLength(3);
});

test("a watch resumes where it was, unless that is too long ago", async () => {
  const server = await createToyServer();
  const a = await server.create(toyWidget("a"));
  const b = await server.create(toyWidget("b"));
  const watch = await server.watch({ resourceVersion: a.metadata.resourceVersion as string });
  expect(watch.log).toEqual([`ADDED b@${b.metadata.resourceVersion}`]);
  for (let index = 0; index < 200; index++) {
    await server.patch("a", { type: "merge", value: { spec: { size: index + 10 } } });
    await server.clock.advance(1000, async () => {});
  }
  const late = await server.watch({ resourceVersion: a.metadata.resourceVersion as string });
  expect(late.closedWith).toMatchObject({
    code: 410,
    reason: "Expired",
    message: expect.stringMatching(/^too old resource version: \d+ \(\d+\)$/),
  });
  expect(late.log).toEqual([]);
});

test("objects come into a selection and leave it", async () => {
  const server = await createToyServer();
  const watch = await server.watch({ labelSelector: "app=x" });
  await server.create(toyWidget("a"));
  const joined = await server.patch("a", { type: "merge", value: { metadata: { labels: { app: "x" } } } });
  const left = await server.patch("a", { type: "merge", value: { metadata: { labels: { app: "y" } } } });
  expect(watch.log).toEqual([`ADDED a@${joined.metadata.resourceVersion}`, `DELETED a@${left.metadata.resourceVersion}`]);
  expect(watch.objects[1]?.metadata.labels).toEqual({ app: "x" });
});

test("initial events end with a bookmark, and one comes every minute", async () => {
  const server = await createToyServer();
  const a = await server.create(toyWidget("a"));
  const watch = await server.watch({ sendInitialEvents: true, resourceVersionMatch: "NotOlderThan", allowWatchBookmarks: true });
  expect(watch.log).toEqual([`ADDED a@${a.metadata.resourceVersion}`, `BOOKMARK@${a.metadata.resourceVersion}`]);
  expect(watch.objects[1]?.metadata.annotations).toEqual({ "k8s.io/initial-events-end": "true" });
  await server.clock.advance(60_000);
  expect(watch.log).toHaveLength(3);
  await expect(server.watch({ sendInitialEvents: true })).rejects.toThrow(
    "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
  );
});

test("a watch of everything ends its beginning with a bookmark, too, for those that take them", async () => {
  const server = await createToyServer();
  const a = await server.create(toyWidget("a"));
  for (const resourceVersion of ["", "0"]) {
    const plain = await server.watch({ resourceVersion });
    expect(plain.log).toEqual([`ADDED a@${a.metadata.resourceVersion}`]);
    const watch = await server.watch({ resourceVersion, allowWatchBookmarks: true });
    expect(watch.log).toEqual([`ADDED a@${a.metadata.resourceVersion}`, `BOOKMARK@${a.metadata.resourceVersion}`]);
    expect(watch.objects[1]?.metadata.annotations).toEqual({ "k8s.io/initial-events-end": "true" });
  }
  const later = await server.watch({ sendInitialEvents: false, resourceVersionMatch: "NotOlderThan", allowWatchBookmarks: true });
  expect(later.log).toEqual([]);
});

test("a watch of a version that does not come ends with an error", async () => {
  const server = await createToyServer();
  const started = server.watch({ sendInitialEvents: true, resourceVersionMatch: "NotOlderThan", resourceVersion: "1000" });
  await server.clock.advance(3000);
  expect((await started).closedWith).toMatchObject({
    code: 504,
    reason: "Timeout",
    message: expect.stringMatching(/^Timeout: Too large resource version: 1000/),
  });
});

test("an informer sees a write before the writer has its answer", async () => {
  const server = await createToyServer();
  await server.create(toyWidget("a", { color: "red" }));
  const informer = server.registry.informer(widgets);
  informer.addIndex("color", (object) => [String((object["spec"] as { color?: string }).color)]);
  const log: string[] = [];
  informer.subscribe({
    onAdd: (object, isInitial) => log.push(`add ${object.metadata.name} ${isInitial}`),
    onUpdate: (object) => log.push(`update ${object.metadata.name}`),
    onDelete: (object) => log.push(`delete ${object.metadata.name}`),
  });
  await server.create(toyWidget("b", { color: "red" }));
  expect(log).toEqual(["add a true", "add b false"]);
  expect(informer.byIndex("color", "red")).toHaveLength(2);
  await server.patch("b", { type: "merge", value: { spec: { color: "blue" } } });
  expect(informer.byIndex("color", "red").map(({ metadata }) => metadata.name)).toEqual(["a"]);
  await server.registry.delete(toyContext(), { ...toyAddress, name: "b" }, {});
  expect(log.slice(2)).toEqual(["update b", "delete b"]);
  expect(informer.list("ns")).toHaveLength(1);
});

test("a restarted server knows everything", async () => {
  const server = await createToyServer();
  const a = await server.create(toyWidget("a"));
  server.registry[Symbol.dispose]();
  const again = await createToyServer({ store: server.store });
  expect(await again.get("a")).toEqual(a);
});
