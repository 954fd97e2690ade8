import { silentLogger, systemClock } from "@coracle/base";
import type { ResourceDefinition, UnstructuredObject } from "@coracle/apimachinery";
import { createMemoryStore } from "@coracle/storage";
import { describe, expect, it } from "vitest";
import { createRegistry, systemContext, type ObjectView, type ResourceAddress } from "../registry/index.ts";
import { createCustomResourceLifecycle, customResourceDefinitionStrategy, definitionAddress } from "./index.ts";
import { fooCrd } from "./testing-crd.ts";
import type { CustomResourceDefinition } from "./types.ts";

const kind = { group: "apiextensions.k8s.io", version: "v1", kind: "CustomResourceDefinition" };
const crdDefinition: ResourceDefinition = {
  group: kind.group,
  resource: "customresourcedefinitions",
  singular: "customresourcedefinition",
  kind: kind.kind,
  listKind: `${kind.kind}List`,
  shortNames: ["crd"],
  categories: [],
  isNamespaced: false,
  verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
  versions: [
    {
      version: "v1",
      isServed: true,
      isStorage: true,
      schema: { type: "any", preserveUnknownFields: true },
      columns: [],
      subresources: [{ name: "status", verbs: ["get", "patch", "update"], kind }],
      selectableFields: {},
    },
  ],
  storagePath: "apiextensions.k8s.io/customresourcedefinitions",
  strategy: customResourceDefinitionStrategy,
  isCustom: false,
};

const foos: ResourceAddress = { group: "example.com", version: "v1", resource: "foos", namespace: "default", name: "", subresource: "" };

async function setUp() {
  const store = createMemoryStore({ clock: systemClock });
  const registry = await createRegistry({ store, definitions: [crdDefinition], shouldFreeze: true });
  const lifecycle = createCustomResourceLifecycle({
    registry,
    clock: systemClock,
    logger: silentLogger,
    onDefinitions: (definitions) => registry.setCustomDefinitions(definitions),
  });
  await lifecycle.start();
  const stop = (): void => {
    lifecycle[Symbol.dispose]();
    registry[Symbol.dispose]();
  };
  return { registry, stop };
}

async function eventually(check: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await check()) return;
    await systemClock.sleep(5);
  }
  throw new Error("it did not come true");
}

function asObject(crd: CustomResourceDefinition): UnstructuredObject {
  return crd as unknown as UnstructuredObject;
}

describe("custom resources in the registry", () => {
  it("are served within milliseconds, keep to their schema, and go with their definition", async () => {
    const { registry, stop } = await setUp();
    const get = async (): Promise<CustomResourceDefinition> =>
      (await registry.get(systemContext, definitionAddress("foos.example.com"), {})).object as unknown as CustomResourceDefinition;
    const startedMs = performance.now();
    await registry.create(systemContext, definitionAddress(), { type: "object", object: asObject(fooCrd()) });
    await eventually(
      async () => (await get()).status?.conditions?.some(({ type, status }) => type === "Established" && status === "True") === true,
    );
    expect(performance.now() - startedMs).toBeLessThan(1000);

    const foo = { apiVersion: "example.com/v1", kind: "Foo", metadata: { name: "a" }, spec: { color: "red", odd: 1 }, status: { x: 1 } };
    const body = { type: "object", object: foo as unknown as UnstructuredObject } as const;
    const { object: created } = (await registry.create(systemContext, foos, body)) as ObjectView;
    expect(created).toMatchObject({ spec: { replicas: 1, color: "red" }, metadata: { generation: 1 } });
    expect(created).not.toHaveProperty("status");
    expect(created["spec"]).not.toHaveProperty("odd");
    const selected = await registry.list(systemContext, foos, { fieldSelector: "spec.color=blue" });
    expect(selected.items).toEqual([]);
    const bad = { ...foo, metadata: { name: "b" }, spec: { replicas: "many" } };
    await expect(registry.create(systemContext, foos, { type: "object", object: bad as unknown as UnstructuredObject })).rejects.toThrow(
      'Foo.example.com "b" is invalid: [spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string", .spec.replicas: Invalid value: 0: .spec.replicas accessor error: many is of the type string, expected int64]',
    );

    await registry.delete(systemContext, definitionAddress("foos.example.com"), {});
    await eventually(async () => {
      const { items } = await registry.list(systemContext, definitionAddress(), {});
      return items.length === 0 && registry.lookup("example.com", "v1", "foos") === undefined;
    });
    await registry.create(systemContext, definitionAddress(), { type: "object", object: asObject(fooCrd()) });
    await eventually(async () => registry.lookup("example.com", "v1", "foos") !== undefined);
    expect((await registry.list(systemContext, foos, {})).items).toEqual([]);
    stop();
  });

  it("follow a change of their definition", async () => {
    const { registry, stop } = await setUp();
    await registry.create(systemContext, definitionAddress(), { type: "object", object: asObject(fooCrd()) });
    await eventually(async () => registry.lookup("example.com", "v1", "foos") !== undefined);
    const crd = structuredClone(
      (await registry.get(systemContext, definitionAddress("foos.example.com"), {})).object,
    ) as unknown as CustomResourceDefinition;
    const [v1] = crd.spec.versions;
    crd.spec.versions = [
      { ...(v1 as NonNullable<typeof v1>), storage: false },
      { ...(v1 as NonNullable<typeof v1>), name: "v2" },
    ];
    delete crd.metadata.resourceVersion;
    const current = await registry.get(systemContext, definitionAddress("foos.example.com"), {});
    Object.assign(crd.metadata, { resourceVersion: current.object.metadata.resourceVersion });
    const { view } = await registry.update(systemContext, definitionAddress("foos.example.com"), { type: "object", object: asObject(crd) });
    expect(view.object["status"]).toMatchObject({ storedVersions: ["v1", "v2"] });
    expect(view.object.metadata.generation).toBe(2);
    await eventually(async () => registry.lookup("example.com", "v2", "foos") !== undefined);
    stop();
  });
});
