import { expect, test } from "vitest";
import type { ResourceDefinition, Schema, UnstructuredObject } from "@coracle/apimachinery";
import type { RegistryImplementation } from "../registry/registry.ts";
import { toyDefinition } from "../registry/toy-definitions.ts";
import { createToyServer, jsonBody, objectIn, toyAddress, toyContext } from "../registry/toy-server.ts";
import { defaultAdmissionPlugins, type DefaultPluginsOptions } from "./default-plugins.ts";

const anything: Schema = { type: "object", preserveUnknownFields: true };

/** A definition that lets everything through. */
function open(group: string, resource: string, kind: string, isNamespaced = true): ResourceDefinition {
  const [version] = toyDefinition().versions;
  const gvk = { group, version: "v1", kind };
  const subresources =
    resource === "pods"
      ? [
          { name: "binding", verbs: ["create"], kind: { group: "", version: "v1", kind: "Binding" } },
          { name: "eviction", verbs: ["create"], kind: { group: "policy", version: "v1", kind: "Eviction" } },
        ]
      : [{ name: "finalize", verbs: ["update"], kind: gvk }];
  const versions = [{ ...(version as NonNullable<typeof version>), schema: anything, subresources }];
  return toyDefinition({ group, resource, kind, isNamespaced, versions, storagePath: group === "" ? resource : `${group}/${resource}` });
}

const definitions = [
  open("", "namespaces", "Namespace", false),
  open("", "pods", "Pod"),
  open("", "services", "Service"),
  open("", "serviceaccounts", "ServiceAccount"),
  open("", "configmaps", "ConfigMap"),
  open("", "nodes", "Node", false),
  open("", "persistentvolumeclaims", "PersistentVolumeClaim"),
  open("storage.k8s.io", "storageclasses", "StorageClass", false),
  open("scheduling.k8s.io", "priorityclasses", "PriorityClass", false),
  open("policy", "poddisruptionbudgets", "PodDisruptionBudget"),
];

async function start(options?: DefaultPluginsOptions): Promise<RegistryImplementation> {
  const { registry } = await createToyServer({ definitions, admission: defaultAdmissionPlugins(options) });
  await add(registry, "namespaces", { name: "ns" });
  await add(registry, "serviceaccounts", { name: "default" });
  return registry;
}

async function add(
  registry: RegistryImplementation,
  resource: string,
  metadata: UnstructuredObject["metadata"],
  fields: Record<string, unknown> = {},
): Promise<UnstructuredObject> {
  const definition = definitions.find((each) => each.resource === resource) as ResourceDefinition;
  const address = { ...toyAddress, group: definition.group, resource, namespace: definition.isNamespaced ? "ns" : "" };
  const apiVersion = definition.group === "" ? "v1" : `${definition.group}/v1`;
  return objectIn(await registry.create(toyContext(), address, jsonBody({ apiVersion, kind: definition.kind, metadata, ...fields })));
}

const core = (resource: string, name: string, namespace = "ns") => ({ ...toyAddress, group: "", resource, name, namespace });

test("nothing is created where there is no namespace or a going one", async () => {
  const registry = await start();
  const elsewhere = registry.create(toyContext(), core("configmaps", "", "nowhere"), jsonBody({ metadata: { name: "a" } }));
  await expect(elsewhere).rejects.toThrow('namespaces "nowhere" not found');
  await add(registry, "namespaces", { name: "default" });
  await expect(registry.delete(toyContext(), core("namespaces", "default", ""), {})).rejects.toThrow(
    'namespaces "default" is forbidden: this namespace may not be deleted',
  );
  await add(registry, "namespaces", { name: "going", finalizers: ["a/b"] });
  await registry.delete(toyContext(), core("namespaces", "going", ""), {});
  const late = registry.create(toyContext(), core("configmaps", "", "going"), jsonBody({ metadata: { name: "a" } }));
  await expect(late).rejects.toMatchObject({
    message: 'configmaps "a" is forbidden: unable to create new content in namespace going because it is being terminated',
    status: { details: { causes: [{ reason: "NamespaceTerminating" }] } },
  });
});

test("a namespace goes when its content is gone", async () => {
  const registry = await start();
  const made = await add(registry, "namespaces", { name: "temp" }, { spec: { finalizers: ["kubernetes"] } });
  const { view } = await registry.delete(toyContext(), core("namespaces", "temp", ""), {});
  const going = objectIn(view);
  expect(going.metadata.deletionTimestamp).toBeDefined();
  const finalize = { ...core("namespaces", "temp", ""), subresource: "finalize" };
  await registry.update(toyContext(), finalize, jsonBody({ ...going, spec: { finalizers: [] } }));
  await expect(registry.get(toyContext(), core("namespaces", "temp", ""), {})).rejects.toThrow("not found");
  expect(made.metadata.uid).toBe(going.metadata.uid);
});

test("a pod gets its account, token, tolerations and priority", async () => {
  const registry = await start();
  await add(registry, "priorityclasses", { name: "high" }, { value: 100 });
  const pod = await add(registry, "pods", { name: "p" }, { spec: { containers: [{ name: "c" }], priorityClassName: "high" } });
  const spec = pod["spec"] as Record<string, unknown>;
  expect(spec).toMatchObject({ serviceAccountName: "default", priority: 100, preemptionPolicy: "PreemptLowerPriority" });
  const [volume] = spec["volumes"] as { name: string }[];
  expect(volume?.name).toMatch(/^kube-api-access-[a-z0-9]{5}$/);
  expect(spec["containers"]).toMatchObject([
    { volumeMounts: [{ name: volume?.name, mountPath: "/var/run/secrets/kubernetes.io/serviceaccount", readOnly: true }] },
  ]);
  expect(spec["tolerations"]).toHaveLength(2);
  await expect(add(registry, "pods", { name: "q" }, { spec: { serviceAccountName: "other" } })).rejects.toThrow(
    'pods "q" is forbidden: error looking up service account ns/other: serviceaccount "other" not found',
  );
  await expect(add(registry, "pods", { name: "q" }, { spec: { priorityClassName: "none" } })).rejects.toThrow(
    "no PriorityClass with name none was found",
  );
});

test("a pod is bound once", async () => {
  const registry = await start();
  await add(registry, "pods", { name: "p" });
  const binding = jsonBody({ apiVersion: "v1", kind: "Binding", metadata: { name: "p" }, target: { kind: "Node", name: "n" } });
  const address = { ...core("pods", "p"), subresource: "binding" };
  expect(await registry.create(toyContext(), address, binding)).toMatchObject({ status: "Success", code: 201 });
  const bound = objectIn(await registry.get(toyContext(), core("pods", "p"), {}));
  expect(bound).toMatchObject({ spec: { nodeName: "n" }, status: { conditions: [{ type: "PodScheduled", status: "True" }] } });
  await expect(registry.create(toyContext(), address, binding)).rejects.toThrow(
    'Operation cannot be fulfilled on pods "p": pod p is already assigned to node "n"',
  );
});

test("an eviction respects the disruption budget", async () => {
  const registry = await start();
  const ready = { phase: "Running", conditions: [{ type: "Ready", status: "True" }] };
  await add(registry, "pods", { name: "p", labels: { app: "x" } }, { status: ready });
  await add(registry, "pods", { name: "ill", labels: { app: "x" } }, { status: { phase: "Running" } });
  await add(registry, "pods", { name: "ended", labels: { app: "x" } }, { status: { phase: "Failed" } });
  const budget = {
    spec: { selector: { matchLabels: { app: "x" } } },
    status: { disruptionsAllowed: 0, desiredHealthy: 1, currentHealthy: 1 },
  };
  await add(registry, "poddisruptionbudgets", { name: "b" }, budget);
  const address = { ...core("pods", "p"), subresource: "eviction" };
  const eviction = jsonBody({ apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "p" } });
  await expect(registry.create(toyContext(), address, eviction)).rejects.toMatchObject({
    code: 429,
    message: "Cannot evict pod as it would violate the pod's disruption budget.",
    status: {
      details: { causes: [{ reason: "DisruptionBudget", message: "The disruption budget b needs 1 healthy pods and has 1 currently" }] },
    },
  });
  // What is not healthy anyway goes while enough others are.
  for (const name of ["ill", "ended"]) {
    const body = jsonBody({ apiVersion: "policy/v1", kind: "Eviction", metadata: { name } });
    expect(await registry.create(toyContext(), { ...address, name }, body)).toMatchObject({ status: "Success", code: 201 });
  }
  const other = jsonBody({ apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "other" } });
  await expect(registry.create(toyContext(), address, other)).rejects.toThrow("name in URL does not match name in Eviction object");
});

test("services get addresses and ports of their own", async () => {
  const registry = await start({ services: { serviceCidr: "10.0.0.0/29", nodePorts: { first: 30_000, last: 30_001 } } });
  const first = await add(registry, "services", { name: "a" }, { spec: { type: "NodePort", ports: [{ port: 80 }] } });
  const spec = first["spec"] as { clusterIP: string; clusterIPs: string[]; ports: { nodePort: number }[] };
  expect(spec).toMatchObject({ clusterIPs: [spec.clusterIP], ipFamilies: ["IPv4"], ipFamilyPolicy: "SingleStack" });
  expect(["10.0.0.0", "10.0.0.1", "10.0.0.7"]).not.toContain(spec.clusterIP);
  await expect(add(registry, "services", { name: "b" }, { spec: { clusterIP: spec.clusterIP } })).rejects.toThrow(
    `Service "b" is invalid: spec.clusterIPs: Invalid value: ["${spec.clusterIP}"]: failed to allocate IP ${spec.clusterIP}: provided IP is already allocated`,
  );
  const taken = add(
    registry,
    "services",
    { name: "b" },
    { spec: { type: "NodePort", ports: [{ port: 80, nodePort: spec.ports[0]?.nodePort }] } },
  );
  await expect(taken).rejects.toThrow("provided port is already allocated");
  const headless = await add(registry, "services", { name: "h" }, { spec: { clusterIP: "None", selector: { a: "b" } } });
  expect(headless["spec"]).toMatchObject({ clusterIPs: ["None"] });
  const sent = { apiVersion: "v1", kind: "Service", metadata: { name: "a" }, spec: { type: "NodePort", ports: [{ port: 80 }] } };
  const updated = objectIn((await registry.update(toyContext(), core("services", "a"), jsonBody(sent))).view);
  expect(updated["spec"]).toEqual(first["spec"]);
  await registry.delete(toyContext(), core("services", "a"), {});
  await add(registry, "services", { name: "c" }, { spec: { clusterIP: spec.clusterIP } });
});

test("claims get the default class and a protection", async () => {
  const registry = await start();
  const annotations = { "storageclass.kubernetes.io/is-default-class": "true" };
  await add(registry, "storageclasses", { name: "standard", annotations });
  const claim = await add(registry, "persistentvolumeclaims", { name: "c" });
  expect(claim).toMatchObject({ metadata: { finalizers: ["kubernetes.io/pvc-protection"] }, spec: { storageClassName: "standard" } });
});

test("a node keeps to itself", async () => {
  const registry = await start();
  const user = { name: "system:node:n1", groups: ["system:nodes"] };
  const other = registry.create(toyContext({ user }), core("nodes", "", ""), jsonBody({ metadata: { name: "n2" } }));
  await expect(other).rejects.toThrow('nodes "n2" is forbidden: node "n1" is not allowed to modify node "n2"');
  const own = objectIn(await registry.create(toyContext({ user }), core("nodes", "", ""), jsonBody({ metadata: { name: "n1" } })));
  expect(own["spec"]).toEqual({ taints: [{ key: "node.kubernetes.io/not-ready", effect: "NoSchedule" }] });
});
