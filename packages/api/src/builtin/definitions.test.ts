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

test("a status update keeps the rest, a main update keeps the status and counts the generation", () => {
  const strategy = builtInDefinitions().find(({ resource }) => resource === "deployments")?.strategy;
  const old = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "a", generation: 3 },
    spec: { replicas: 1 },
    status: { replicas: 1 },
  };
  const context = { now: "", nowMs: 0, subresource: "", user: { name: "u", groups: [] }, isDryRun: false };
  const changed = () => ({ ...structuredClone(old), spec: { replicas: 2 }, status: { replicas: 2 } });
  const main = changed();
  strategy?.prepareForUpdate?.(main, old, context);
  expect(main).toMatchObject({ metadata: { generation: 4 }, spec: { replicas: 2 }, status: { replicas: 1 } });
  const status = changed();
  strategy?.prepareForUpdate?.(status, old, { ...context, subresource: "status" });
  expect(status).toMatchObject({ metadata: { generation: 3 }, spec: { replicas: 1 }, status: { replicas: 2 } });
});
