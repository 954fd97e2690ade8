/** Pods go with their ReplicationController, before it or not at all, as is asked; and in which order a namespace empties. */
import type { V1Pod, V1ReplicationController } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RawApi, serverUnderTest, type ServerUnderTest } from "../src/api.ts";
import { eventually } from "../src/coracle.ts";
import { official } from "./list.ts";
import { nameOf, podSpec, podTemplate, Workspace } from "./workspace.ts";

let server: ServerUnderTest;
let api: RawApi;

beforeAll(() => {
  server = serverUnderTest("garbage");
  api = new RawApi(server.kubeconfig);
});
afterAll(() => server[Symbol.dispose]());

/** For as long a mistake would show. */
const patienceMs = 3_000;
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, patienceMs));

async function createController(workspace: Workspace, name: string, replicas: number): Promise<V1ReplicationController> {
  const labels = { owner: name };
  await workspace.replicationControllers.create(name, { spec: { replicas, selector: labels, template: podTemplate(labels) } });
  return workspace.replicationControllers.until(name, ({ status }) => expect(status?.replicas).toBe(replicas));
}

describe("objects with owners", () => {
  it(official("api-machinery", "Garbage collector should delete pods created by rc when not orphaning"), async () => {
    await using workspace = await Workspace.open(api, "gc");
    const { metadata } = await createController(workspace, "rc", 2);
    await workspace.replicationControllers.delete("rc", { propagationPolicy: "Background", preconditions: { uid: metadata?.uid } });
    await workspace.pods.untilList({}, (pods) => expect(pods).toEqual([]));
    expect(await workspace.replicationControllers.list()).toEqual([]);
  });

  it(official("api-machinery", "Garbage collector should orphan pods created by rc if delete options say so [Serial]"), async () => {
    await using workspace = await Workspace.open(api, "gc");
    const { metadata } = await createController(workspace, "rc", 20);
    await workspace.replicationControllers.delete("rc", { propagationPolicy: "Orphan", preconditions: { uid: metadata?.uid } });
    await workspace.replicationControllers.untilGone("rc");
    await pause();
    const pods = await workspace.pods.list();
    expect(pods.map((pod) => pod.metadata?.deletionTimestamp)).toEqual(Array.from({ length: 20 }));
    expect(pods.map((pod) => pod.metadata?.ownerReferences ?? [])).toEqual(Array.from({ length: 20 }, () => []));
  });

  it(
    official(
      "api-machinery",
      "Garbage collector should keep the rc around until all its pods are deleted if the deleteOptions says so [Serial]",
    ),
    async () => {
      await using workspace = await Workspace.open(api, "gc");
      await createController(workspace, "rc", 20);
      const [held] = (await workspace.pods.list()) as [V1Pod];
      await workspace.pods.patch(nameOf(held), { metadata: { finalizers: ["example.com/hold"] } });
      await workspace.replicationControllers.delete("rc", { propagationPolicy: "Foreground" });
      await workspace.pods.untilList({}, (pods) => expect(pods.map(nameOf)).toEqual([nameOf(held)]));
      const { metadata } = await workspace.replicationControllers.get("rc");
      expect([metadata?.finalizers, metadata?.deletionTimestamp]).toEqual([["foregroundDeletion"], expect.any(String)]);
      await workspace.pods.patch(nameOf(held), { metadata: { finalizers: null } }, { type: "merge" });
      await workspace.replicationControllers.untilGone("rc");
      expect(await workspace.pods.list()).toEqual([]);
    },
  );
});

describe("namespaces that go", () => {
  it(official("api-machinery", "OrderedNamespaceDeletion namespace deletion should delete pod first"), async () => {
    await using workspace = await Workspace.open(api, "gc");
    const { namespaces, namespace } = workspace;
    await workspace.pods.create("pod", { spec: podSpec(), metadata: { finalizers: ["example.com/hold"] } });
    await workspace.pods.until("pod", ({ status }) => expect(status?.phase).toBe("Running"));
    await workspace.configMaps.create("config", { data: { key: "value" } });
    await namespaces.delete(namespace);
    await namespaces.until(namespace, ({ status }) => {
      expect(status?.phase).toBe("Terminating");
      expect(status?.conditions?.map(({ type }) => type)).toContain("NamespaceDeletionContentFailure");
    });
    await workspace.pods.until("pod", ({ metadata }) => expect(metadata?.deletionTimestamp).toBeDefined());
    await pause();
    expect(await workspace.configMaps.has("config")).toBe(true);
    await workspace.pods.patch("pod", { metadata: { finalizers: null } }, { type: "merge" });
    await workspace.pods.untilGone("pod");
    await eventually(async () => expect(await namespaces.has(namespace)).toBe(false));
  });
});
