import { expect, test } from "vitest";
import { builtInDefinitions } from "./definitions.ts";

test("definitions carry the storage paths of etcd and no resource twice", () => {
  const definitions = builtInDefinitions();
  const byName = new Map(definitions.map((definition) => [`${definition.resource}.${definition.group}`, definition]));
  expect(byName.size).toBe(definitions.length);
  expect(byName.get("services.")?.storagePath).toBe("services/specs");
  expect(byName.get("nodes.")?.storagePath).toBe("minions");
  expect(byName.get("events.")?.versions[0]?.version).toBe("v1");
});

test("events of both groups share their storage, autoscalers are stored in the newest of their versions", () => {
  const definitions = builtInDefinitions();
  const events = definitions.filter(({ kind }) => kind === "Event");
  expect(events.map(({ group, storagePath }) => [group, storagePath])).toEqual([
    ["", "events"],
    ["events.k8s.io", "events"],
  ]);
  const autoscaler = definitions.find(({ resource }) => resource === "horizontalpodautoscalers");
  expect(autoscaler?.versions.map(({ version, isStorage }) => [version, isStorage])).toEqual([
    ["v2", true],
    ["v1", false],
    ["v2beta2", false],
    ["v2beta1", false],
  ]);
  for (const { kind, versions } of definitions)
    expect(
      versions.filter(({ isStorage }) => isStorage),
      kind,
    ).toHaveLength(1);
});

test("field selectors read defaults and fields of another name", () => {
  const fieldOf = (resource: string, label: string, object: object) =>
    builtInDefinitions()
      .find((definition) => definition.resource === resource)
      ?.versions[0]?.selectableFields[label]?.({ apiVersion: "", kind: "", metadata: {}, ...object });
  expect(fieldOf("nodes", "spec.unschedulable", {})).toBe("false");
  expect(fieldOf("jobs", "status.successful", { status: { succeeded: 2 } })).toBe("2");
  expect(fieldOf("events", "source", { reportingComponent: "kubelet" })).toBe("kubelet");
  expect(fieldOf("pods", "spec.nodeName", { spec: { nodeName: "n" } })).toBe("n");
});

test("a status update keeps the rest, a main update keeps the status and counts the generation", () => {
  const strategy = builtInDefinitions().find(({ resource }) => resource === "deployments")?.strategy;
  const old = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "a", generation: 3 },
    spec: { replicas: 1 },
    status: { replicas: 1 },
  };
  const context = { now: "", nowMs: 0, subresource: "", apiVersion: "apps/v1", user: { name: "u", groups: [] }, isDryRun: false };
  const changed = () => ({ ...structuredClone(old), spec: { replicas: 2 }, status: { replicas: 2 } });
  const main = changed();
  strategy?.prepareForUpdate?.(main, old, context);
  expect(main).toMatchObject({ metadata: { generation: 4 }, spec: { replicas: 2 }, status: { replicas: 1 } });
  const status = changed();
  strategy?.prepareForUpdate?.(status, old, { ...context, subresource: "status" });
  expect(status).toMatchObject({ metadata: { generation: 3 }, spec: { replicas: 1 }, status: { replicas: 2 } });
});

test("an approval changes the status, a main update of the same kind does not", () => {
  const strategy = builtInDefinitions().find(({ resource }) => resource === "certificatesigningrequests")?.strategy;
  const old = { apiVersion: "certificates.k8s.io/v1", kind: "CertificateSigningRequest", metadata: { name: "a" }, status: {} };
  const context = { now: "", nowMs: 0, subresource: "", apiVersion: old.apiVersion, user: { name: "u", groups: [] }, isDryRun: false };
  const status = { conditions: [{ type: "Approved", status: "True" }] };
  const approved = { ...structuredClone(old), status };
  strategy?.prepareForUpdate?.(approved, old, { ...context, subresource: "approval" });
  expect(approved.status).toEqual(status);
  strategy?.prepareForUpdate?.(approved, old, context);
  expect(approved.status).toEqual({});
});
