/** DaemonSets and their ControllerRevisions as the official suite proves them. Needs two nodes. */
import type { V1ControllerRevision, V1DaemonSet, V1Node, V1Pod } from "@kubernetes/client-node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { RawApi, serverUnderTest, type ServerUnderTest } from "../src/api.ts";
import { official } from "./list.ts";
import {
  controllerUid,
  isPodReady,
  missingImage,
  nameOf,
  otherImage,
  pauseImage,
  podSpec,
  podTemplate,
  seen,
  Workspace,
} from "./workspace.ts";

let server: ServerUnderTest;
let api: RawApi;

beforeAll(() => {
  server = serverUnderTest("daemons", "--nodes", "2");
  api = new RawApi(server.kubeconfig);
});
afterAll(() => server[Symbol.dispose]());

const labels = { name: "sample" };
const hashLabel = "controller-revision-hash";
const daemonSet = (): Pick<V1DaemonSet, "spec"> => ({ spec: { selector: { matchLabels: labels }, template: podTemplate(labels) } });
const setImage = (workspace: Workspace, image: string): Promise<V1DaemonSet> =>
  workspace.daemonSets.patch("ds", { spec: { template: { spec: { containers: [{ name: "c", image }] } } } });

async function schedulableNodes(workspace: Workspace): Promise<V1Node[]> {
  const nodes = await workspace.nodes.list();
  return nodes.filter(({ spec }) => spec?.unschedulable !== true && (spec?.taints ?? []).length === 0);
}

/** One ready pod on each of `nodes`, and no other; the status tells the same. */
async function untilRunsOn(workspace: Workspace, nodes: readonly string[]): Promise<V1Pod[]> {
  const count = nodes.length;
  await workspace.daemonSets.until("ds", ({ status }) => {
    expect(status).toMatchObject({ desiredNumberScheduled: count, currentNumberScheduled: count, numberReady: count });
  });
  return workspace.pods.untilList({ selector: "name=sample" }, (pods) => {
    expect(pods.filter(isPodReady).map(({ spec }) => spec?.nodeName)).toHaveLength(count);
    expect(pods.map(({ spec }) => spec?.nodeName).sort()).toEqual([...nodes].sort());
  });
}

async function createEverywhere(workspace: Workspace, object: Partial<V1DaemonSet> = {}): Promise<V1Pod[]> {
  await workspace.daemonSets.create("ds", { ...daemonSet(), ...object });
  return untilRunsOn(workspace, (await schedulableNodes(workspace)).map(nameOf));
}

const revisions = (workspace: Workspace, count: number): Promise<V1ControllerRevision[]> =>
  workspace.controllerRevisions.untilList({ selector: "name=sample" }, (found) => expect(found).toHaveLength(count));

it(official("apps", "Daemon set [Serial] should run and stop simple daemon"), async () => {
  await using workspace = await Workspace.open(api, "daemon");
  const [pod] = await createEverywhere(workspace);
  await workspace.pods.delete(nameOf(pod as V1Pod));
  await workspace.pods.untilGone(nameOf(pod as V1Pod));
  await untilRunsOn(workspace, (await schedulableNodes(workspace)).map(nameOf));
});

it(official("apps", "Daemon set [Serial] should run and stop complex daemon"), async () => {
  await using workspace = await Workspace.open(api, "daemon");
  const node = nameOf((await schedulableNodes(workspace))[0] as V1Node);
  const paint = (color: string | null): Promise<V1Node> => workspace.nodes.patch(node, { metadata: { labels: { color } } });
  const spec = {
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: podSpec({ nodeSelector: { color: "blue" } }) },
  };
  await workspace.daemonSets.create("ds", { spec } as V1DaemonSet);
  await untilRunsOn(workspace, []);
  await paint("blue");
  await untilRunsOn(workspace, [node]);
  await paint("green");
  await untilRunsOn(workspace, []);
  const change = { template: { spec: { nodeSelector: { color: "green" } } }, updateStrategy: { type: "RollingUpdate" } };
  await workspace.daemonSets.patch("ds", { spec: change });
  await untilRunsOn(workspace, [node]);
  await paint(null);
  await untilRunsOn(workspace, []);
});

it(official("apps", "Daemon set [Serial] should retry creating failed daemon pods"), async () => {
  await using workspace = await Workspace.open(api, "daemon");
  const [pod] = await createEverywhere(workspace);
  await workspace.pods.update(nameOf(pod as V1Pod), ({ status }) => void (status !== undefined && (status.phase = "Failed")), "status");
  await workspace.pods.untilGone(nameOf(pod as V1Pod));
  await untilRunsOn(workspace, (await schedulableNodes(workspace)).map(nameOf));
});

it(official("apps", "Daemon set [Serial] should update pod when spec was updated and update strategy is RollingUpdate"), async () => {
  await using workspace = await Workspace.open(api, "daemon");
  const pods = await createEverywhere(workspace);
  const [first] = await revisions(workspace, 1);
  expect(first?.revision).toBe(1);
  expect(new Set(pods.map(({ metadata }) => metadata?.labels?.[hashLabel]))).toEqual(new Set([first?.metadata?.labels?.[hashLabel]]));
  await setImage(workspace, otherImage);
  await workspace.pods.untilList({}, (found) => {
    expect(found.map(({ spec }) => spec?.containers[0]?.image)).toEqual(pods.map(() => otherImage));
  });
  const updated = await untilRunsOn(workspace, (await schedulableNodes(workspace)).map(nameOf));
  const second = (await revisions(workspace, 2)).find(({ revision }) => revision === 2);
  expect(new Set(updated.map(({ metadata }) => metadata?.labels?.[hashLabel]))).toEqual(new Set([second?.metadata?.labels?.[hashLabel]]));
});

it(official("apps", "Daemon set [Serial] should rollback without unnecessary restarts"), async () => {
  await using workspace = await Workspace.open(api, "daemon");
  const before = await createEverywhere(workspace);
  expect(before.length).toBeGreaterThan(1);
  await setImage(workspace, missingImage);
  const imageOf = ({ spec }: V1Pod): string | undefined => spec?.containers[0]?.image;
  const during = await workspace.pods.untilList({}, (pods) => expect(pods.map(imageOf)).toContain(missingImage));
  const kept = during.filter((pod) => imageOf(pod) === pauseImage && pod.metadata?.deletionTimestamp === undefined);
  expect(kept.length).toBeGreaterThan(0);
  await setImage(workspace, pauseImage);
  const after = await untilRunsOn(workspace, (await schedulableNodes(workspace)).map(nameOf));
  expect(after.map(imageOf)).toEqual(before.map(() => pauseImage));
  expect(after.map(nameOf)).toEqual(expect.arrayContaining(kept.map(nameOf)));
});

it(official("apps", "Daemon set [Serial] should list and delete a collection of DaemonSets"), async () => {
  await using workspace = await Workspace.open(api, "daemon");
  await createEverywhere(workspace, { metadata: { labels: { set: workspace.namespace } } });
  const selector = `set=${workspace.namespace}`;
  expect(await workspace.daemonSets.list({ selector, isEverywhere: true })).toHaveLength(1);
  await workspace.daemonSets.deleteCollection(selector);
  await workspace.daemonSets.untilList({ selector, isEverywhere: true }, (found) => expect(found).toEqual([]));
  await workspace.pods.untilList({}, (pods) => expect(pods).toEqual([]));
});

it(official("apps", "Daemon set [Serial] should verify changes to a daemon set status"), async () => {
  await using workspace = await Workspace.open(api, "daemon");
  const { daemonSets } = workspace;
  await createEverywhere(workspace);
  using watch = await daemonSets.watch();
  expect((await daemonSets.get("ds", "status")).status?.numberMisscheduled).toBe(0);
  const condition = { type: "StatusUpdate", status: "True", reason: "E2E", message: "Set from a test" };
  await daemonSets.update("ds", ({ status }) => void (status !== undefined && (status.conditions = [condition])), "status");
  const has = (type: string) => (found: V1DaemonSet) => found.status?.conditions?.some((entry) => entry.type === type) ?? false;
  await seen(watch, "MODIFIED", has("StatusUpdate"));
  const patch = { status: { conditions: [{ type: "StatusPatched", status: "True" }] } };
  await daemonSets.patch("ds", patch, { type: "merge", subresource: "status" });
  await seen(watch, "MODIFIED", has("StatusPatched"));
});

it(official("apps", "ControllerRevision [Serial] should manage the lifecycle of a ControllerRevision"), async () => {
  await using workspace = await Workspace.open(api, "daemon");
  const { controllerRevisions, daemonSets } = workspace;
  await createEverywhere(workspace, { metadata: { labels } });
  const { metadata } = await daemonSets.get("ds");
  const [initial] = (await revisions(workspace, 1)) as [V1ControllerRevision];
  expect(controllerUid(initial)).toBe(metadata?.uid);
  const patched = await controllerRevisions.patch(nameOf(initial), { metadata: { labels: { changed: "patched" } } });
  expect(patched.metadata?.labels?.["changed"]).toBe("patched");
  const { data, revision } = initial;
  const { ownerReferences = [] } = initial.metadata ?? {};
  const own = { labels: { ...labels, [hashLabel]: "abc" }, ownerReferences };
  await controllerRevisions.create("ds-abc", { metadata: own, ...(data !== undefined && { data }), revision: revision + 1 });
  await revisions(workspace, 2);
  await controllerRevisions.delete(nameOf(initial));
  const [current] = (await revisions(workspace, 1)) as [V1ControllerRevision];
  await controllerRevisions.update(nameOf(current), (object) => {
    if (object.metadata !== undefined) object.metadata.labels = { ...object.metadata.labels, changed: "updated" };
  });
  await daemonSets.patch("ds", { spec: { template: { spec: { terminationGracePeriodSeconds: 2 } } } });
  await revisions(workspace, 2);
  await controllerRevisions.deleteCollection("changed=updated");
  expect((await revisions(workspace, 1))[0]?.revision).toBe(3);
});
