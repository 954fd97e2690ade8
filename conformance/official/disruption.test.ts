/** PodDisruptionBudgets and the evictions they forbid, as the official suite proves them. */
import type { V1Pod, V1PodDisruptionBudget } from "@kubernetes/client-node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { RawApi, serverUnderTest, type ServerUnderTest } from "../src/api.ts";
import { eventually } from "../src/coracle.ts";
import { official } from "./list.ts";
import { hasCondition, isPodReady, podSpec, seen, Workspace } from "./workspace.ts";

let server: ServerUnderTest;
let api: RawApi;

beforeAll(() => {
  server = serverUnderTest("disruption");
  api = new RawApi(server.kubeconfig);
});
afterAll(() => server[Symbol.dispose]());

const labels = { foo: "bar" };
const budget = (minAvailable: number | string): Pick<V1PodDisruptionBudget, "spec"> => ({
  spec: { minAvailable, selector: { matchLabels: labels } },
});

function untilObserved(workspace: Workspace, check: (budget: V1PodDisruptionBudget) => void = () => {}): Promise<V1PodDisruptionBudget> {
  return workspace.disruptionBudgets.until("foo", (found) => {
    expect(found.status?.observedGeneration).toBe(found.metadata?.generation);
    check(found);
  });
}

async function createPods(workspace: Workspace, ...names: string[]): Promise<void> {
  for (const name of names) await workspace.pods.create(name, { metadata: { labels }, spec: podSpec() });
  await workspace.pods.untilList({ selector: "foo=bar" }, (pods) =>
    expect(pods.filter(isPodReady).length).toBeGreaterThanOrEqual(names.length),
  );
}

interface Refusal {
  message: string;
  reason: string;
  details?: { causes?: { reason: string; message: string }[] };
}

function evict(workspace: Workspace, name: string): Promise<{ code: number; value: Refusal }> {
  const { namespace } = workspace;
  const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace } };
  return api.json<Refusal>("POST", `/api/v1/namespaces/${namespace}/pods/${name}/eviction`, eviction);
}

async function expectBlocked(workspace: Workspace, name: string, cause: string): Promise<void> {
  const { code, value } = await evict(workspace, name);
  expect([code, value.reason, value.message, value.details?.causes]).toEqual([
    429,
    "TooManyRequests",
    "Cannot evict pod as it would violate the pod's disruption budget.",
    [{ reason: "DisruptionBudget", message: cause }],
  ]);
  expect(await workspace.pods.has(name)).toBe(true);
}

it(official("apps", "DisruptionController should create a PodDisruptionBudget"), async () => {
  await using workspace = await Workspace.open(api, "pdb");
  const { disruptionBudgets } = workspace;
  await disruptionBudgets.create("foo", { metadata: { labels: { specialLabel: "foo" } }, ...budget("1%") });
  await untilObserved(workspace);
  const updated = await disruptionBudgets.update("foo", ({ spec }) => void (spec !== undefined && (spec.minAvailable = "2%")));
  expect(updated.spec?.minAvailable).toBe("2%");
  await untilObserved(workspace);
  const patched = await disruptionBudgets.patch("foo", { spec: { minAvailable: "3%" } });
  expect(patched.spec?.minAvailable).toBe("3%");
  await untilObserved(workspace);
  await disruptionBudgets.deleteCollection("specialLabel=foo");
  await disruptionBudgets.untilGone("foo");
});

it(
  official(
    "apps",
    "DisruptionController Listing PodDisruptionBudgets for all namespaces should list and delete a collection of PodDisruptionBudgets",
  ),
  async () => {
    await using workspace = await Workspace.open(api, "pdb");
    await using other = await Workspace.open(api, "pdb");
    const tag = { list: workspace.namespace };
    const selector = `list=${workspace.namespace}`;
    for (const name of ["foo", "bar"]) await workspace.disruptionBudgets.create(name, { metadata: { labels: tag }, ...budget(2) });
    await other.disruptionBudgets.create("foo", { metadata: { labels: tag }, ...budget(2) });
    expect(await workspace.disruptionBudgets.list({ selector, isEverywhere: true })).toHaveLength(3);
    await workspace.disruptionBudgets.deleteCollection(selector);
    await workspace.disruptionBudgets.untilList({ selector }, (found) => expect(found).toEqual([]));
    expect(await workspace.disruptionBudgets.list({ selector, isEverywhere: true })).toHaveLength(1);
  },
);

it(official("apps", "DisruptionController should observe PodDisruptionBudget status updated"), async () => {
  await using workspace = await Workspace.open(api, "pdb");
  await workspace.disruptionBudgets.create("foo", budget(1));
  await createPods(workspace, "rs-0", "rs-1", "rs-2");
  const { status } = await untilObserved(workspace, (found) => expect(found.status?.disruptionsAllowed).toBe(2));
  expect(status).toMatchObject({ currentHealthy: 3, desiredHealthy: 1, expectedPods: 3 });
  expect(status?.conditions).toEqual([
    expect.objectContaining({ type: "DisruptionAllowed", status: "True", reason: "SufficientPods", message: "" }),
  ]);
});

it(official("apps", "DisruptionController should update/patch PodDisruptionBudget status"), async () => {
  await using workspace = await Workspace.open(api, "pdb");
  const { disruptionBudgets } = workspace;
  await disruptionBudgets.create("foo", budget(1));
  await createPods(workspace, "rs-0");
  await untilObserved(workspace, ({ status }) => expect(status?.currentHealthy).toBe(1));
  const disruptedPods = { "rs-0": new Date().toISOString().replace(/\.\d+/u, "") };
  const updated = await disruptionBudgets.update(
    "foo",
    ({ status }) => void (status !== undefined && Object.assign(status, { disruptedPods })),
    "status",
  );
  expect(updated.status?.disruptedPods).toEqual(disruptedPods);
  await untilObserved(workspace, ({ status }) => expect(status?.currentHealthy).toBe(0));
  const patched = await disruptionBudgets.patch("foo", { status: { disruptedPods: null } }, { type: "merge", subresource: "status" });
  expect(patched.status?.disruptedPods).toBeUndefined();
  await untilObserved(workspace, ({ status }) => expect(status?.currentHealthy).toBe(1));
});

it(official("apps", "DisruptionController should block an eviction until the PDB is updated to allow it"), async () => {
  await using workspace = await Workspace.open(api, "pdb");
  const { disruptionBudgets, pods } = workspace;
  await disruptionBudgets.create("foo", budget(3));
  await createPods(workspace, "rs-0", "rs-1", "rs-2");
  await untilObserved(workspace, ({ status }) => expect(status?.currentHealthy).toBe(3));
  await expectBlocked(workspace, "rs-0", "The disruption budget foo needs 3 healthy pods and has 3 currently");
  await disruptionBudgets.update("foo", ({ spec }) => void (spec !== undefined && (spec.minAvailable = 2)));
  await untilObserved(workspace, ({ status }) => expect(status?.disruptionsAllowed).toBe(1));
  using watch = await pods.watch();
  expect((await evict(workspace, "rs-0")).code).toBe(201);
  await pods.untilGone("rs-0");
  const announced = { type: "DisruptionTarget", status: "True", reason: "EvictionByEvictionAPI", message: "Eviction API: evicting" };
  await seen<V1Pod>(watch, "MODIFIED", hasCondition(announced));
  await createPods(workspace, "rs-3");
  await disruptionBudgets.patch("foo", { spec: { minAvailable: 3 } });
  await untilObserved(workspace, ({ status }) => expect([status?.currentHealthy, status?.disruptionsAllowed]).toEqual([3, 0]));
  await expectBlocked(workspace, "rs-1", "The disruption budget foo needs 3 healthy pods and has 3 currently");
  await disruptionBudgets.delete("foo");
  await eventually(async () => expect((await evict(workspace, "rs-1")).code).toBe(201));
  await pods.untilGone("rs-1");
});
