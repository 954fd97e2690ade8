/** Jobs as the official suite proves them, as far as the controller goes. */
import type { V1Job, V1Pod } from "@kubernetes/client-node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { RawApi, serverUnderTest, type ServerUnderTest } from "../src/api.ts";
import { official } from "./list.ts";
import { controllerUid, nameOf, seen, Workspace } from "./workspace.ts";

let server: ServerUnderTest;
let api: RawApi;

beforeAll(() => {
  server = serverUnderTest("jobs");
  api = new RawApi(server.kubeconfig);
});
afterAll(() => server[Symbol.dispose]());

const job = (command: string, suspend = false): Pick<V1Job, "spec"> => ({
  spec: {
    suspend,
    parallelism: 2,
    completions: 4,
    backoffLimit: 6,
    template: {
      spec: {
        restartPolicy: "Never",
        terminationGracePeriodSeconds: 1,
        containers: [{ name: "c", image: "busybox:1.36", command: ["sh", "-c", command] }],
      },
    },
  },
});
const forever = job("sleep 100000");

async function createRunning(workspace: Workspace): Promise<V1Job> {
  await workspace.jobs.create("job", forever);
  await workspace.pods.untilList({ selector: "job-name=job" }, (pods) =>
    expect(pods.map(({ status }) => status?.phase)).toEqual(["Running", "Running"]),
  );
  return workspace.jobs.until("job", ({ status }) => expect(status?.active).toBe(2));
}

it(official("apps", "Job should delete a job"), async () => {
  await using workspace = await Workspace.open(api, "job");
  await createRunning(workspace);
  await workspace.jobs.delete("job", { propagationPolicy: "Foreground" });
  await workspace.jobs.untilGone("job");
  expect(await workspace.pods.list({ selector: "job-name=job" })).toEqual([]);
});

it(official("apps", "Job should adopt matching orphans and release non-matching pods"), async () => {
  await using workspace = await Workspace.open(api, "job");
  const { metadata } = await createRunning(workspace);
  const name = nameOf((await workspace.pods.list({ selector: "job-name=job" }))[0] as V1Pod);
  await workspace.pods.patch(name, { metadata: { ownerReferences: null } }, { type: "merge" });
  await workspace.pods.until(name, (pod) => expect(controllerUid(pod)).toBe(metadata?.uid));
  await workspace.pods.update(name, (pod) => {
    if (pod.metadata !== undefined) pod.metadata.labels = {};
  });
  await workspace.pods.until(name, (pod) => expect(controllerUid(pod)).toBeUndefined());
});

it(official("apps", "Job should apply changes to a job status"), async () => {
  await using workspace = await Workspace.open(api, "job");
  await createRunning(workspace);
  const condition = { type: "CustomConditionType", status: "True", lastTransitionTime: "2026-01-01T00:00:00Z" };
  const patch = { metadata: { annotations: { patchedstatus: "true" } }, status: { conditions: [condition] } };
  const patched = await workspace.jobs.patch("job", patch, { type: "merge", subresource: "status" });
  expect(patched.status?.conditions).toContainEqual(expect.objectContaining(condition));
  expect(patched.metadata?.annotations?.["patchedstatus"]).toBe("true");
  const later = "2026-01-02T00:00:00Z";
  const updated = await workspace.jobs.update(
    "job",
    ({ status }) => {
      const found = status?.conditions?.find(({ type }) => type === condition.type);
      if (found !== undefined) found.lastTransitionTime = later as unknown as Date;
    },
    "status",
  );
  expect(updated.status?.conditions).toContainEqual(expect.objectContaining({ ...condition, lastTransitionTime: later }));
  const { metadata } = await workspace.jobs.get("job");
  expect((await workspace.jobs.get("job", "status")).metadata?.uid).toBe(metadata?.uid);
});

it(official("apps", "Job should manage the lifecycle of a job"), async () => {
  await using workspace = await Workspace.open(api, "job");
  const selector = `job=${workspace.namespace}`;
  const { jobs } = workspace;
  using watch = await jobs.watch({ selector });
  await jobs.create("job", { metadata: { labels: { job: workspace.namespace } }, ...job("exit 0", true) });
  await jobs.patch("job", { metadata: { labels: { changed: "patched" } } });
  await seen<V1Job>(watch, "MODIFIED", ({ metadata }) => metadata?.labels?.["changed"] === "patched");
  expect(await workspace.pods.list()).toEqual([]);
  await jobs.update("job", ({ metadata, spec }) => {
    if (metadata !== undefined) metadata.annotations = { ...metadata.annotations, updated: "true" };
    if (spec !== undefined) spec.suspend = false;
  });
  await seen<V1Job>(watch, "MODIFIED", ({ metadata }) => metadata?.annotations?.["updated"] === "true");
  expect(await jobs.list({ selector, isEverywhere: true })).toHaveLength(1);
  const done = await jobs.until("job", ({ status }) => expect(status?.succeeded).toBe(4));
  await jobs.until("job", ({ status }) =>
    expect(status?.conditions).toContainEqual(expect.objectContaining({ type: "Complete", status: "True" })),
  );
  expect(done.metadata?.uid).toBeDefined();
  await jobs.deleteCollection(selector, { propagationPolicy: "Background" });
  await seen<V1Job>(watch, "DELETED", (found) => nameOf(found) === "job");
  expect(await jobs.list({ selector, isEverywhere: true })).toEqual([]);
});
