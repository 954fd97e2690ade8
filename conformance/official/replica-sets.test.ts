/** ReplicaSets and ReplicationControllers as the official suite proves them. */
import type { V1Pod, V1ReplicaSet, V1ReplicationController } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RawApi, serverUnderTest, type ServerUnderTest } from "../src/api.ts";
import { official } from "./list.ts";
import type { Objects } from "./objects.ts";
import { controllerUid, nameOf, otherImage, podTemplate, seen, Workspace } from "./workspace.ts";

let server: ServerUnderTest;
let api: RawApi;

beforeAll(() => {
  server = serverUnderTest("replicas");
  api = new RawApi(server.kubeconfig);
});
afterAll(() => server[Symbol.dispose]());

const labels = { name: "sample" };
const space = (): Promise<Workspace> => Workspace.open(api, "replicas");
const replicaSet = (replicas = 1): Pick<V1ReplicaSet, "spec"> => ({
  spec: { replicas, selector: { matchLabels: labels }, template: podTemplate(labels) },
});
const controller = (replicas = 1): Pick<V1ReplicationController, "spec"> => ({
  spec: { replicas, selector: labels, template: podTemplate(labels) },
});

type Replicated = V1ReplicaSet & V1ReplicationController;

/** Both kinds, seen alike. */
const asReplicated = (objects: unknown): Objects<Replicated> => objects as Objects<Replicated>;

async function expectAdoption(workspace: Workspace, kind: Objects<Replicated>, object: object): Promise<void> {
  const template = podTemplate(labels);
  await workspace.pods.create("orphan", { metadata: { labels }, spec: template.spec } as V1Pod);
  const { metadata } = await kind.create("web", object as Replicated);
  await workspace.pods.until("orphan", (pod) => expect(controllerUid(pod)).toBe(metadata?.uid));
  await kind.until("web", ({ status }) => expect(status?.replicas).toBe(1));
  expect(await workspace.pods.list()).toHaveLength(1);
}

async function expectRelease(workspace: Workspace, name: string, ownerUid: string | undefined): Promise<void> {
  await workspace.pods.patch(name, { metadata: { labels: { name: "not-matching" } } });
  await workspace.pods.until(name, (pod) => expect(controllerUid(pod)).toBeUndefined());
  await workspace.pods.untilList({ selector: "name=sample" }, (pods) => expect(pods.map(controllerUid)).toEqual([ownerUid]));
}

async function expectScale(kind: Objects<Replicated>, object: object): Promise<void> {
  await kind.create("web", object as Replicated);
  await kind.until("web", ({ status }) => expect(status?.readyReplicas).toBe(1));
  const scale = await kind.get("web", "scale");
  expect(scale).toMatchObject({ kind: "Scale", spec: { replicas: 1 }, status: { replicas: 1, selector: "name=sample" } });
  const changed = await kind.update(
    "web",
    (found) => {
      delete found.metadata?.resourceVersion;
      found.spec = { replicas: 2 } as Replicated["spec"] & object;
    },
    "scale",
  );
  expect(changed.spec).toEqual({ replicas: 2 });
  await kind.until("web", ({ spec, status }) => expect([spec?.replicas, status?.readyReplicas]).toEqual([2, 2]));
}

describe("ReplicaSets", () => {
  it(official("apps", "ReplicaSet should adopt matching pods on creation and release no longer matching pods"), async () => {
    await using workspace = await space();
    await expectAdoption(workspace, asReplicated(workspace.replicaSets), replicaSet());
    await expectRelease(workspace, "orphan", (await workspace.replicaSets.get("web")).metadata?.uid);
  });

  it(official("apps", "ReplicaSet Replicaset should have a working scale subresource"), async () => {
    await using workspace = await space();
    const { replicaSets } = workspace;
    await expectScale(asReplicated(replicaSets), replicaSet());
    await replicaSets.patch("web", { spec: { replicas: 4 } }, { subresource: "scale" });
    expect((await replicaSets.get("web")).spec?.replicas).toBe(4);
  });

  it(official("apps", "ReplicaSet Replace and Patch tests"), async () => {
    await using workspace = await space();
    const { replicaSets } = workspace;
    using watch = await replicaSets.watch();
    await replicaSets.create("web", replicaSet());
    await replicaSets.until("web", ({ status }) => expect(status?.readyReplicas).toBe(1));
    await replicaSets.update("web", ({ spec }) => void (spec !== undefined && (spec.replicas = 2)));
    await replicaSets.until("web", ({ status }) => expect(status?.readyReplicas).toBe(2));
    const template = { spec: { terminationGracePeriodSeconds: 3, containers: [{ name: "c", image: otherImage }] } };
    await replicaSets.patch("web", { metadata: { labels: { "test-rs": "patched" } }, spec: { replicas: 3, template } });
    await replicaSets.until("web", ({ status }) => expect(status?.readyReplicas).toBe(3));
    await seen<V1ReplicaSet>(
      watch,
      "MODIFIED",
      ({ metadata, spec, status }) =>
        metadata?.labels?.["test-rs"] === "patched" &&
        status?.readyReplicas === 3 &&
        spec?.template?.spec?.containers[0]?.image === otherImage &&
        spec.template.spec.terminationGracePeriodSeconds === 3,
    );
  });

  it(official("apps", "ReplicaSet should list and delete a collection of ReplicaSets"), async () => {
    await using workspace = await space();
    const { replicaSets } = workspace;
    await replicaSets.create("web", { metadata: { labels: { e2e: workspace.namespace } }, ...replicaSet(3) });
    await replicaSets.until("web", ({ status }) => expect(status?.readyReplicas).toBe(3));
    const selector = `e2e=${workspace.namespace}`;
    expect(await replicaSets.list({ selector, isEverywhere: true })).toHaveLength(1);
    await replicaSets.deleteCollection(selector);
    await replicaSets.untilList({ selector, isEverywhere: true }, (sets) => expect(sets).toEqual([]));
    await workspace.pods.untilList({}, (pods) => expect(pods).toEqual([]));
  });

  it(official("apps", "ReplicaSet should validate Replicaset Status endpoints"), async () => {
    await using workspace = await space();
    const { replicaSets } = workspace;
    await replicaSets.create("web", replicaSet());
    await replicaSets.until("web", ({ status }) => expect(status?.readyReplicas).toBe(1));
    using watch = await replicaSets.watch();
    expect((await replicaSets.get("web", "status")).status?.replicas).toBe(1);
    const condition = { type: "StatusUpdate", status: "True", reason: "E2E", message: "Set from a test" };
    await replicaSets.update("web", ({ status }) => void (status !== undefined && (status.conditions = [condition])), "status");
    const has = (type: string) => (found: V1ReplicaSet) => found.status?.conditions?.some((entry) => entry.type === type) ?? false;
    await seen(watch, "MODIFIED", has("StatusUpdate"));
    const patch = { status: { conditions: [{ type: "StatusPatched", status: "True" }] } };
    await replicaSets.patch("web", patch, { type: "merge", subresource: "status" });
    await seen(watch, "MODIFIED", has("StatusPatched"));
  });
});

describe("ReplicationControllers", () => {
  it(official("apps", "ReplicationController should surface a failure condition on a common issue like exceeded quota"), async () => {
    await using workspace = await space();
    await workspace.resourceQuotas.create("two", { spec: { hard: { pods: "2" } } });
    await workspace.resourceQuotas.until("two", ({ status }) => expect(status?.hard).toEqual({ pods: "2" }));
    const { replicationControllers } = workspace;
    await replicationControllers.create("web", controller(3));
    const { status } = await replicationControllers.until("web", (found) => expect(found.status?.conditions).toHaveLength(1));
    expect(status?.conditions?.[0]).toMatchObject({
      type: "ReplicaFailure",
      status: "True",
      reason: "FailedCreate",
      message: expect.stringMatching(
        /^pods "web-\w{5}" is forbidden: exceeded quota: two, requested: pods=1, used: pods=2, limited: pods=2$/u,
      ),
    });
    await replicationControllers.patch("web", { spec: { replicas: 2 } });
    await replicationControllers.until("web", (found) => {
      expect(found.status?.conditions ?? []).toEqual([]);
      expect(found.status?.observedGeneration).toBe(found.metadata?.generation);
    });
  });

  it(official("apps", "ReplicationController should adopt matching pods on creation"), async () => {
    await using workspace = await space();
    await expectAdoption(workspace, asReplicated(workspace.replicationControllers), controller());
  });

  it(official("apps", "ReplicationController should release no longer matching pods"), async () => {
    await using workspace = await space();
    const { metadata } = await workspace.replicationControllers.create("web", controller());
    const [pod] = await workspace.pods.untilList({}, (pods) => expect(pods).toHaveLength(1));
    await expectRelease(workspace, nameOf(pod as V1Pod), metadata?.uid);
  });

  it(official("apps", "ReplicationController should get and update a ReplicationController scale"), async () => {
    await using workspace = await space();
    await expectScale(asReplicated(workspace.replicationControllers), controller());
  });

  it(official("apps", "ReplicationController should test the lifecycle of a ReplicationController"), async () => {
    await using workspace = await space();
    const { replicationControllers } = workspace;
    using watch = await replicationControllers.watch({ selector: "static=true" });
    await replicationControllers.create("web", { metadata: { labels: { static: "true" } }, ...controller() });
    await seen<V1ReplicationController>(watch, "ADDED", (found) => nameOf(found) === "web");
    await seen<V1ReplicationController>(watch, "MODIFIED", ({ status }) => status?.readyReplicas === 1);
    await replicationControllers.patch("web", { metadata: { labels: { changed: "patched" } } });
    await seen<V1ReplicationController>(watch, "MODIFIED", ({ metadata }) => metadata?.labels?.["changed"] === "patched");
    await replicationControllers.patch("web", { status: { readyReplicas: 0, availableReplicas: 0 } }, { subresource: "status" });
    await replicationControllers.until("web", ({ status }) => expect(status).toMatchObject({ readyReplicas: 1, availableReplicas: 1 }));
    expect((await replicationControllers.get("web", "status")).kind).toBe("ReplicationController");
    await replicationControllers.patch("web", { spec: { replicas: 2 } }, { subresource: "scale" });
    await seen<V1ReplicationController>(watch, "MODIFIED", ({ status }) => status?.availableReplicas === 2);
    await replicationControllers.update("web", ({ status }) => void (status !== undefined && (status.availableReplicas = 1)), "status");
    await seen<V1ReplicationController>(watch, "MODIFIED", ({ status }) => status?.availableReplicas === 1 && status.replicas === 2);
    const selector = "static=true,changed=patched";
    expect((await replicationControllers.list({ selector, isEverywhere: true })).map(nameOf)).toEqual(["web"]);
    await replicationControllers.deleteCollection(selector);
    await seen<V1ReplicationController>(watch, "DELETED", (found) => nameOf(found) === "web");
  });
});
