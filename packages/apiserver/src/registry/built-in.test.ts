import { expect, test } from "vitest";
import { builtInDefinitions } from "@coracle/api";
import type { UnstructuredObject } from "@coracle/apimachinery";
import { defaultAdmissionPlugins } from "../admission/default-plugins.ts";
import { createToyServer, jsonBody, objectIn, toyContext } from "./toy-server.ts";

test("built-in kinds go the same way", async () => {
  const { registry } = await createToyServer({ definitions: builtInDefinitions(), admission: defaultAdmissionPlugins() });
  const add = async (resource: string, namespace: string, object: object): Promise<UnstructuredObject> => {
    const address = { group: "", version: "v1", resource, namespace, name: "", subresource: "" };
    return objectIn(await registry.create(toyContext(), address, jsonBody(object)));
  };
  await add("namespaces", "", { metadata: { name: "ns" } });
  await add("serviceaccounts", "ns", { metadata: { name: "default" } });
  const pod = await add("pods", "ns", { metadata: { name: "p" }, spec: { containers: [{ name: "c", image: "busybox" }] } });
  expect(pod).toMatchObject({ apiVersion: "v1", kind: "Pod", spec: { serviceAccountName: "default", restartPolicy: "Always" } });
  const owned = JSON.stringify(pod.metadata.managedFields);
  expect(owned).toContain("f:restartPolicy");
  expect(owned).not.toContain("f:tolerations");
  const address = { group: "", version: "v1", resource: "pods", namespace: "ns", name: "p", subresource: "status" };
  const patch = { contentType: "application/strategic-merge-patch+json", body: jsonBody({ status: { phase: "Running" } }), force: false };
  const { view } = await registry.patch(toyContext(), address, patch);
  expect(view.object).toMatchObject({ spec: pod["spec"], status: { phase: "Running" } });
  const { items } = await registry.list(toyContext(), { ...address, name: "", subresource: "" }, { fieldSelector: "status.phase=Running" });
  expect(items).toHaveLength(1);
});
