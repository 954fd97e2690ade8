import { expect } from "vitest";
import type { RawApi } from "../src/api.ts";
import { eventually } from "../src/coracle.ts";

/** A kind and one object of it. */
export interface Subject {
  /** `apps/v1`, `v1`. */
  readonly apiVersion: string;
  readonly kind: string;
  readonly resource: string;
  /** Absent for cluster-scoped kinds. */
  readonly namespace?: string;
  readonly name?: string;
  /** What follows kind and metadata. */
  readonly body: Record<string, unknown>;
  /** A merge patch besides a label, and what has to come of it. */
  readonly change?: Record<string, unknown>;
  /** Of the subresource, where the kind has one: a merge patch of the whole object. */
  readonly status?: Record<string, unknown>;
  /** Objects of the server's own are left alone when a collection is deleted; all kinds are by label. */
  readonly labels?: Record<string, string>;
}

type Fields = Record<string, unknown> & {
  metadata: { name: string; resourceVersion: string; uid: string; annotations?: Record<string, string> };
};

export function pathOf({ apiVersion, resource, namespace }: Subject): string {
  const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return namespace === undefined ? `${root}/${resource}` : `${root}/namespaces/${namespace}/${resource}`;
}

export function objectOf(subject: Subject, name: string): Record<string, unknown> {
  const { apiVersion, kind, body } = subject;
  const { metadata, ...rest } = body as { metadata?: object };
  return { apiVersion, kind, metadata: { ...metadata, name, labels: { test: "operations", ...subject.labels } }, ...rest };
}

/**
 * Everything that clients do with a kind: found in discovery, created, read, listed (in its namespace and everywhere), watched, patched,
 * replaced, with its status read, patched and replaced, deleted by name and by selector.
 */
export async function runOperations(api: RawApi, subject: Subject): Promise<void> {
  await expectDiscovered(api, subject);
  const path = pathOf(subject);
  const first = subject.name ?? "operations-a";
  const created = await send(api, "POST", { path, body: objectOf(subject, first), code: 201 });
  expect(created.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
  const one = `${path}/${first}`;
  expect((await send(api, "GET", { path: one })).metadata.uid).toBe(created.metadata.uid);
  await expectListed(api, subject, first);
  using watch = await api.watch(`${path}?labelSelector=test%3Doperations&resourceVersion=${created.metadata.resourceVersion}`);
  expect(watch.code).toBe(200);
  await changeObject(api, subject, one);
  if (subject.status !== undefined) await changeStatus(api, one, subject.status);
  await eventually(() => expect(watch.events.map(({ type }) => type)).toContain("MODIFIED"), 10_000);
  await send(api, "DELETE", { path: one });
  await expectGone(api, one);
  await eventually(() => expect(watch.events.at(-1)?.type).toBe("DELETED"), 10_000);
  await expectCollectionDeleted(api, subject);
}

interface Asked {
  readonly path: string;
  readonly body?: unknown;
  /** Defaults to 200; 202 will do as well. */
  readonly code?: number;
  readonly type?: string;
}

async function send(api: RawApi, method: string, { path, body, code = 200, type }: Asked): Promise<Fields> {
  const answer = await api.json<Fields>(method, path, body, type);
  expect([method, path, answer.code, answer.value["message"]]).toEqual([
    method,
    path,
    expect.toBeOneOf([code, 202]),
    answer.value["message"],
  ]);
  return answer.value;
}

async function expectDiscovered(api: RawApi, { apiVersion, kind, resource, namespace }: Subject): Promise<void> {
  const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const { value } = await api.json<{ resources: { name: string; kind: string; namespaced: boolean }[] }>("GET", root);
  expect(value.resources).toContainEqual(expect.objectContaining({ name: resource, kind, namespaced: namespace !== undefined }));
}

async function expectListed(api: RawApi, subject: Subject, name: string): Promise<void> {
  const everywhere = pathOf({ ...subject, namespace: undefined } as unknown as Subject);
  for (const path of [pathOf(subject), everywhere]) {
    const { value } = await api.json<{ kind: string; items: Fields[] }>("GET", `${path}?labelSelector=test%3Doperations`);
    expect(value.kind).toBe(`${subject.kind}List`);
    expect(value.items.map(({ metadata }) => metadata.name)).toEqual([name]);
  }
}

async function changeObject(api: RawApi, subject: Subject, one: string): Promise<void> {
  const patch = { metadata: { annotations: { patched: "true" } }, ...subject.change };
  const patched = await send(api, "PATCH", { path: one, body: patch, type: "application/merge-patch+json" });
  expect(patched.metadata.annotations?.["patched"]).toBe("true");
  if (subject.change !== undefined) expect(patched).toMatchObject(subject.change);
  const updated = await replace(api, one, (object) => {
    object.metadata.annotations = { ...object.metadata.annotations, updated: "true" };
  });
  expect(updated.metadata.annotations).toMatchObject({ patched: "true", updated: "true" });
  const stale = await api.json("PUT", one, patched);
  expect(stale.code).toBe(409);
}

async function changeStatus(api: RawApi, one: string, status: Record<string, unknown>): Promise<void> {
  const path = `${one}/status`;
  await send(api, "GET", { path });
  const patched = await send(api, "PATCH", {
    path,
    body: { metadata: { annotations: { statuspatched: "true" } }, status },
    type: "application/merge-patch+json",
  });
  expectStatus(patched["status"], status);
  const updated = await replace(api, path, () => {});
  expectStatus(updated["status"], status);
}

/** Controllers may have added conditions of their own. */
function expectStatus(found: unknown, { conditions, ...status }: Record<string, unknown>): void {
  expect(found).toMatchObject(status);
  if (!Array.isArray(conditions)) return;
  const expected = conditions.map((condition: object) => expect.objectContaining(condition) as unknown);
  expect((found as { conditions: unknown }).conditions).toEqual(expect.arrayContaining(expected));
}

/** Reads, changes and replaces, again when a controller was faster: the server itself writes the status of admission policies. */
async function replace(api: RawApi, path: string, change: (object: Fields) => void): Promise<Fields> {
  for (let attempts = 1; ; attempts++) {
    const object = await send(api, "GET", { path });
    change(object);
    const { code, value } = await api.json<Fields>("PUT", path, object);
    if (code === 409 && attempts < 5) continue;
    expect([code, value["message"]]).toEqual([200, value["message"]]);
    return value;
  }
}

async function expectGone(api: RawApi, one: string): Promise<void> {
  await eventually(async () => expect((await api.json("GET", one)).code).toBe(404), 20_000);
}

async function expectCollectionDeleted(api: RawApi, subject: Subject): Promise<void> {
  const path = pathOf(subject);
  const names = subject.name === undefined ? ["operations-b", "operations-c"] : [subject.name];
  for (const name of names) await send(api, "POST", { path, body: objectOf(subject, name), code: 201 });
  const selected = `${path}?labelSelector=test%3Doperations`;
  await send(api, "DELETE", { path: selected });
  await eventually(async () => {
    const { value } = await api.json<{ items: unknown[] }>("GET", selected);
    expect(value.items).toEqual([]);
  }, 20_000);
}
