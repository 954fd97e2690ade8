import { expect, it } from "vitest";
import { jsonBody, toyContext } from "../registry/toy-server.ts";
import { createNamespaceAutoProvision, namespaceExists } from "./namespace-existence.ts";
import { startToyCluster, type ToyCluster } from "./toy-cluster.ts";

const configMaps = { group: "", version: "v1", resource: "configmaps", namespace: "new", name: "", subresource: "" };
const body = jsonBody({ metadata: { name: "m" } });

it("NamespaceExists refuses writes where there is no namespace", async () => {
  const { registry } = await startToyCluster([namespaceExists]);
  await expect(registry.create(toyContext(), configMaps, body)).rejects.toThrow('namespaces "new" not found');
  await registry.create(toyContext(), { ...configMaps, namespace: "ns" }, body);
});

it("NamespaceAutoProvision makes the namespace, but not to try", async () => {
  let cluster: ToyCluster | undefined;
  const made: string[] = [];
  const provision = createNamespaceAutoProvision(async (name) => {
    made.push(name);
    await cluster?.create("Namespace", { metadata: { name } });
  });
  cluster = await startToyCluster([provision, namespaceExists]);
  await expect(cluster.registry.create(toyContext({ isDryRun: true }), configMaps, body)).rejects.toThrow('namespaces "new" not found');
  await cluster.registry.create(toyContext(), configMaps, body);
  await cluster.registry.create(toyContext(), { ...configMaps, namespace: "ns" }, body);
  expect(made).toEqual(["new"]);
  expect((await cluster.get("Namespace", "new")).metadata.name).toBe("new");
});
