/** Deployments as the official suite proves them: rolling out, rolling over, recreating, scaling, cleaning up, status. */
import type { V1Deployment, V1Pod, V1ReplicaSet } from "@kubernetes/client-node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { RawApi, serverUnderTest, type ServerUnderTest } from "../src/api.ts";
import { official } from "./list.ts";
import { controllerUid, missingImage, nameOf, otherImage, pauseImage, podTemplate, seen, Workspace } from "./workspace.ts";

let server: ServerUnderTest;
let api: RawApi;

beforeAll(() => {
  server = serverUnderTest("deployments");
  api = new RawApi(server.kubeconfig);
});
afterAll(() => server[Symbol.dispose]());

const revision = "deployment.kubernetes.io/revision";
const labels = { name: "sample" };
const space = (): Promise<Workspace> => Workspace.open(api, "deployment");

function deployment(spec: Partial<V1Deployment["spec"]> = {}): Pick<V1Deployment, "spec"> {
  return { spec: { replicas: 1, selector: { matchLabels: labels }, template: podTemplate(labels), ...spec } };
}

/** A set that no Deployment made, but that one will adopt. */
async function createBareSet(workspace: Workspace, annotations: Record<string, string> = {}): Promise<V1ReplicaSet> {
  const own = { ...labels, pod: "bare" };
  const set = { metadata: { labels: own, annotations }, spec: { replicas: 1, selector: { matchLabels: own }, template: podTemplate(own) } };
  await workspace.replicaSets.create("bare", set);
  return workspace.replicaSets.until("bare", ({ status }) => expect(status?.readyReplicas).toBe(1));
}

function untilComplete(workspace: Workspace, name: string): Promise<V1Deployment> {
  return workspace.deployments.until(name, ({ metadata, spec, status }) => {
    const replicas = spec?.replicas;
    expect(status).toMatchObject({ replicas, updatedReplicas: replicas, availableReplicas: replicas });
    expect(status?.observedGeneration).toBe(metadata?.generation);
  });
}

/** The set that runs `image`. */
async function setOf(workspace: Workspace, image: string): Promise<V1ReplicaSet> {
  const sets = await workspace.replicaSets.untilList({}, (all) => expect(all.map(imageOf)).toContain(image));
  return sets.find((set) => imageOf(set) === image) as V1ReplicaSet;
}

const imageOf = ({ spec }: V1ReplicaSet | V1Deployment): string | undefined => spec?.template?.spec?.containers[0]?.image;
const setImage = (workspace: Workspace, image: string): Promise<V1Deployment> =>
  workspace.deployments.patch("web", { spec: { template: { spec: { containers: [{ name: "c", image }] } } } });

it(official("apps", "Deployment RollingUpdateDeployment should delete old pods and create new ones"), async () => {
  await using workspace = await space();
  // Revisions are 64 bits wide: more than a number of JavaScript holds exactly.
  const bare = await createBareSet(workspace, { [revision]: "3546343826724305832" });
  const { metadata } = await workspace.deployments.create("web", deployment());
  await workspace.deployments.until("web", (found) => expect(found.metadata?.annotations?.[revision]).toBe("3546343826724305833"));
  await untilComplete(workspace, "web");
  const sets = await workspace.replicaSets.untilList({}, (all) => {
    expect(all.find((set) => nameOf(set) === nameOf(bare))?.status?.replicas).toBe(0);
  });
  expect(sets).toHaveLength(2);
  expect(sets.map(controllerUid)).toEqual([metadata?.uid, metadata?.uid]);
  expect(new Set(sets.map((set) => set.metadata?.annotations?.[revision])).size).toBe(2);
});

it(official("apps", "Deployment RecreateDeployment should delete old pods and create new ones"), async () => {
  await using workspace = await space();
  await workspace.deployments.create("web", deployment({ strategy: { type: "Recreate" } }));
  await untilComplete(workspace, "web");
  const { resourceVersion } = await workspace.pods.listWithVersion();
  using watch = await workspace.pods.watch({ resourceVersion });
  await setImage(workspace, otherImage);
  await workspace.deployments.until("web", ({ metadata, status }) => {
    expect(metadata?.annotations?.[revision]).toBe("2");
    expect(status?.observedGeneration).toBe(metadata?.generation);
  });
  await untilComplete(workspace, "web");
  const imageOfPod = ({ spec }: V1Pod): string | undefined => spec?.containers[0]?.image;
  await seen<V1Pod>(watch, "MODIFIED", (pod) => imageOfPod(pod) === otherImage);
  const told = watch.events.map(({ type, object }) => [type, imageOfPod(object as unknown as V1Pod)]);
  const lastOfOld = told.findLastIndex(([, image]) => image === pauseImage);
  const firstOfNew = told.findIndex(([, image]) => image === otherImage);
  expect(told[lastOfOld]?.[0]).toBe("DELETED");
  expect(firstOfNew).toBeGreaterThan(lastOfOld);
});

it(official("apps", "Deployment deployment should delete old replica sets"), async () => {
  await using workspace = await space();
  await createBareSet(workspace);
  const { resourceVersion } = await workspace.pods.listWithVersion();
  using watch = await workspace.pods.watch({ resourceVersion });
  await workspace.deployments.create("web", deployment({ revisionHistoryLimit: 0 }));
  await untilComplete(workspace, "web");
  await workspace.replicaSets.untilGone("bare");
  expect(await workspace.replicaSets.list()).toHaveLength(1);
  await seen<V1Pod>(watch, "DELETED", ({ metadata }) => metadata?.labels?.["pod"] === "bare");
  expect(watch.events.filter(({ type }) => type === "ADDED")).toHaveLength(1);
});

it(official("apps", "Deployment deployment should support rollover"), async () => {
  await using workspace = await space();
  await createBareSet(workspace);
  const rollingUpdate = { maxUnavailable: 0, maxSurge: 1 };
  const stuck = { minReadySeconds: 3, strategy: { type: "RollingUpdate", rollingUpdate }, template: podTemplate(labels, missingImage) };
  await workspace.deployments.create("web", deployment(stuck));
  await workspace.deployments.until("web", ({ metadata, status }) => {
    expect(status?.updatedReplicas).toBe(1);
    expect(metadata?.annotations?.[revision]).toBe("1");
  });
  expect((await workspace.replicaSets.get("bare")).spec?.replicas).toBe(1);
  expect((await setOf(workspace, missingImage)).spec?.replicas).toBe(1);
  await setImage(workspace, otherImage);
  await untilComplete(workspace, "web");
  expect((await workspace.deployments.get("web")).metadata?.annotations?.[revision]).toBe("2");
  for (const name of ["bare", nameOf(await setOf(workspace, missingImage))]) {
    const { spec, status } = await workspace.replicaSets.get(name);
    expect([spec?.replicas, status?.replicas]).toEqual([0, 0]);
  }
});

it(official("apps", "Deployment Deployment should have a working scale subresource"), async () => {
  await using workspace = await space();
  await workspace.deployments.create("web", deployment());
  await untilComplete(workspace, "web");
  const scale = await workspace.deployments.get("web", "scale");
  expect(scale).toMatchObject({
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    spec: { replicas: 1 },
    status: { replicas: 1, selector: "name=sample" },
  });
  const changed = await workspace.deployments.update(
    "web",
    (object) => {
      delete object.metadata?.resourceVersion;
      object.spec = { replicas: 2 } as V1Deployment["spec"] & object;
    },
    "scale",
  );
  expect(changed.spec).toEqual({ replicas: 2 });
  expect((await workspace.deployments.get("web")).spec?.replicas).toBe(2);
  await workspace.deployments.patch("web", { spec: { replicas: 4 } }, { subresource: "scale" });
  expect((await workspace.deployments.get("web")).spec?.replicas).toBe(4);
  await untilComplete(workspace, "web");
});

it(official("apps", "Deployment deployment should support proportional scaling"), async () => {
  await using workspace = await space();
  await workspace.deployments.create("web", deployment({ replicas: 10, strategy: { rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } } }));
  await untilComplete(workspace, "web");
  const first = nameOf(await setOf(workspace, pauseImage));
  await setImage(workspace, missingImage);
  const second = nameOf(await setOf(workspace, missingImage));
  const replicasOf = async (name: string, replicas: number): Promise<V1ReplicaSet> =>
    workspace.replicaSets.until(name, ({ spec, status }) => expect([spec?.replicas, status?.replicas]).toEqual([replicas, replicas]));
  await replicasOf(first, 8);
  expect((await replicasOf(second, 5)).status?.availableReplicas ?? 0).toBe(0);
  expect((await workspace.deployments.get("web")).status?.availableReplicas).toBeGreaterThanOrEqual(8);
  await workspace.deployments.patch("web", { spec: { replicas: 30 } });
  await replicasOf(first, 20);
  await replicasOf(second, 13);
});

it(official("apps", "Deployment should run the lifecycle of a Deployment"), async () => {
  await using workspace = await space();
  using watch = await workspace.deployments.watch({ selector: "static=true" });
  await workspace.deployments.create("web", { metadata: { labels: { static: "true" } }, ...deployment({ replicas: 2 }) });
  await seen<V1Deployment>(watch, "ADDED", (found) => nameOf(found) === "web");
  await seen<V1Deployment>(watch, "MODIFIED", ({ status }) => status?.readyReplicas === 2);
  const template = { spec: { terminationGracePeriodSeconds: 2, containers: [{ name: "c", image: otherImage }] } };
  await workspace.deployments.patch("web", { metadata: { labels: { changed: "patched" } }, spec: { replicas: 1, template } });
  await seen<V1Deployment>(
    watch,
    "MODIFIED",
    (found) =>
      imageOf(found) === otherImage &&
      found.status?.readyReplicas === 1 &&
      found.status.updatedReplicas === 1 &&
      (found.status.unavailableReplicas ?? 0) === 0,
  );
  expect((await workspace.deployments.list({ selector: "static=true", isEverywhere: true })).map(nameOf)).toContain("web");
  await workspace.deployments.update("web", ({ metadata, spec }) => {
    if (metadata !== undefined) metadata.labels = { ...metadata.labels, changed: "updated" };
    if (spec !== undefined) Object.assign(spec, deployment({ replicas: 2 }).spec);
  });
  expect(imageOf(await workspace.deployments.get("web", "status"))).toBe(pauseImage);
  await untilComplete(workspace, "web");
  await workspace.deployments.patch("web", { status: { readyReplicas: 0, availableReplicas: 0 } }, { subresource: "status" });
  await seen<V1Deployment>(
    watch,
    "MODIFIED",
    (found) => found.metadata?.labels?.["changed"] === "updated" && (found.status?.readyReplicas ?? 0) === 0,
  );
  // The controller puts it right again.
  await untilComplete(workspace, "web");
  await workspace.deployments.deleteCollection("static=true", { gracePeriodSeconds: 1 });
  await seen<V1Deployment>(watch, "DELETED", (found) => nameOf(found) === "web");
});

it(official("apps", "Deployment should validate Deployment Status endpoints"), async () => {
  await using workspace = await space();
  await workspace.deployments.create("web", { metadata: { labels: { e2e: "testing" } }, ...deployment() });
  await untilComplete(workspace, "web");
  using watch = await workspace.deployments.watch({ selector: "e2e=testing" });
  expect((await workspace.deployments.get("web", "status")).status?.conditions?.map(({ type }) => type)).toContain("Available");
  const condition = { type: "StatusUpdate", status: "True", reason: "E2E", message: "Set from a test" };
  await workspace.deployments.update("web", ({ status }) => void status?.conditions?.push(condition), "status");
  const has = (type: string) => (found: V1Deployment) => found.status?.conditions?.some((entry) => entry.type === type) ?? false;
  await seen(watch, "MODIFIED", has("StatusUpdate"));
  const patch = { status: { conditions: [{ type: "StatusPatched", status: "True" }] } };
  await workspace.deployments.patch("web", patch, { type: "merge", subresource: "status" });
  await seen(watch, "MODIFIED", has("StatusPatched"));
});
