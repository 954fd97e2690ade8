/** StatefulSets as the official suite proves them, as far as controllers go. */
import type { V1StatefulSet } from "@kubernetes/client-node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { RawApi, serverUnderTest, type ServerUnderTest } from "../src/api.ts";
import { official } from "./list.ts";
import { isPodReady, nameOf, otherImage, podTemplate, seen, Workspace } from "./workspace.ts";

let server: ServerUnderTest;
let api: RawApi;

beforeAll(() => {
  server = serverUnderTest("stateful");
  api = new RawApi(server.kubeconfig);
});
afterAll(() => server[Symbol.dispose]());

const labels = { name: "sample" };

async function create(workspace: Workspace, replicas: number, setLabels: Record<string, string> = {}): Promise<V1StatefulSet> {
  const service = { spec: { clusterIP: "None", selector: labels, ports: [{ port: 80, name: "http" }] } };
  await workspace.services.create("test", service);
  const spec = { replicas, serviceName: "test", selector: { matchLabels: labels }, template: podTemplate(labels) };
  await workspace.statefulSets.create("ss", { metadata: { labels: setLabels }, spec });
  return untilReady(workspace, replicas);
}

function untilReady(workspace: Workspace, replicas: number): Promise<V1StatefulSet> {
  return workspace.statefulSets.until("ss", ({ metadata, status }) => {
    expect(status).toMatchObject({ replicas, readyReplicas: replicas, availableReplicas: replicas });
    expect(status?.observedGeneration).toBe(metadata?.generation);
    expect(status?.updateRevision).toBe(status?.currentRevision);
  });
}

it(official("apps", "StatefulSet Basic StatefulSet functionality [StatefulSetBasic] should have a working scale subresource"), async () => {
  await using workspace = await Workspace.open(api, "stateful");
  const { statefulSets } = workspace;
  await create(workspace, 1);
  const scale = await statefulSets.get("ss", "scale");
  expect(scale).toMatchObject({ kind: "Scale", spec: { replicas: 1 }, status: { replicas: 1, selector: "name=sample" } });
  const changed = await statefulSets.update(
    "ss",
    (object) => {
      delete object.metadata?.resourceVersion;
      object.spec = { replicas: 2 } as V1StatefulSet["spec"] & object;
    },
    "scale",
  );
  expect(changed.spec).toEqual({ replicas: 2 });
  expect((await statefulSets.get("ss")).spec?.replicas).toBe(2);
  await statefulSets.patch("ss", { spec: { replicas: 4 } }, { subresource: "scale" });
  expect((await statefulSets.get("ss")).spec?.replicas).toBe(4);
  await untilReady(workspace, 4);
  expect((await workspace.pods.list()).map(nameOf).sort()).toEqual(["ss-0", "ss-1", "ss-2", "ss-3"]);
});

it(
  official(
    "apps",
    "StatefulSet Basic StatefulSet functionality [StatefulSetBasic] should list, patch and delete a collection of StatefulSets",
  ),
  async () => {
    await using workspace = await Workspace.open(api, "stateful");
    const { statefulSets } = workspace;
    const before = await create(workspace, 1);
    const template = { spec: { terminationGracePeriodSeconds: 1, containers: [{ name: "c", image: otherImage }] } };
    const patched = await statefulSets.patch("ss", { metadata: { labels: { "test-ss": "patched" } }, spec: { replicas: 2, template } });
    expect(Number(patched.metadata?.resourceVersion)).toBeGreaterThan(Number(before.metadata?.resourceVersion));
    expect(patched.spec?.replicas).toBe(2);
    await untilReady(workspace, 2);
    const pods = await workspace.pods.list();
    expect(pods.map(({ spec }) => spec?.containers[0]?.image)).toEqual([otherImage, otherImage]);
    expect(pods.every(isPodReady)).toBe(true);
    const selector = "test-ss=patched";
    expect((await statefulSets.list({ selector, isEverywhere: true })).map(nameOf)).toEqual(["ss"]);
    await statefulSets.deleteCollection(selector, { gracePeriodSeconds: 1 });
    await statefulSets.untilList({ selector, isEverywhere: true }, (found) => expect(found).toEqual([]));
    await workspace.pods.untilList({}, (found) => expect(found).toEqual([]));
  },
);

it(
  official("apps", "StatefulSet Basic StatefulSet functionality [StatefulSetBasic] should validate Statefulset Status endpoints"),
  async () => {
    await using workspace = await Workspace.open(api, "stateful");
    const { statefulSets } = workspace;
    await create(workspace, 1, { e2e: "testing" });
    using watch = await statefulSets.watch({ selector: "e2e=testing" });
    expect((await statefulSets.get("ss", "status")).status).toMatchObject({ replicas: 1, collisionCount: 0 });
    const condition = { type: "StatusUpdate", status: "True", reason: "E2E", message: "Set from a test" };
    await statefulSets.update("ss", ({ status }) => void (status !== undefined && (status.conditions = [condition])), "status");
    const has = (type: string) => (found: V1StatefulSet) => found.status?.conditions?.some((entry) => entry.type === type) ?? false;
    await seen(watch, "MODIFIED", has("StatusUpdate"));
    const patch = { status: { conditions: [{ type: "StatusPatched", status: "True" }] } };
    await statefulSets.patch("ss", patch, { type: "merge", subresource: "status" });
    await seen(watch, "MODIFIED", has("StatusPatched"));
  },
);
