/** When CronJobs start Jobs, and beside which. The smallest step of a schedule is a minute: the tests wait side by side. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../src/coracle.ts";
import { official } from "./list.ts";
import type { Thing } from "./calls.ts";
import { Scene } from "./scene.ts";

let scene: Scene;
beforeAll(() => {
  scene = new Scene("cron");
});
afterAll(() => scene[Symbol.dispose]());

interface CronJob extends Thing {
  status: { active?: { name: string }[]; lastScheduleTime?: string };
}

const patienceMs = 300_000;

/** The path of a CronJob that is due every minute, and whose Jobs last longer than that. */
async function createCronJob(spec: object): Promise<{ readonly path: string; readonly jobs: string }> {
  const space = `/apis/batch/v1/namespaces/${await scene.newNamespace()}`;
  const containers = [{ name: "c", image: "registry.example/busybox:1", command: ["sleep", "300"] }];
  const template = { spec: { restartPolicy: "OnFailure", containers } };
  await scene.expect(201, `POST ${space}/cronjobs`, {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: { name: "tick" },
    spec: { schedule: "*/1 * * * ?", jobTemplate: { spec: { parallelism: 1, completions: 1, template } }, ...spec },
  });
  return { path: `${space}/cronjobs/tick`, jobs: `${space}/jobs` };
}

const activeOf = async (path: string): Promise<string[]> =>
  ((await scene.expect<CronJob>(200, `GET ${path}`)).status.active ?? []).map(({ name }) => name);
const jobsIn = async (path: string): Promise<string[]> =>
  (await scene.expect<{ items: Thing[] }>(200, `GET ${path}`)).items.map(({ metadata }) => metadata.name);

/** Until a minute is over, and what is due then had ten seconds to happen. */
async function nextMinute(): Promise<void> {
  const untilMs = (Math.floor(Date.now() / 60_000) + 1) * 60_000 + 10_000;
  await new Promise((resolve) => setTimeout(resolve, untilMs - Date.now()));
}

describe.concurrent("CronJobs", { timeout: patienceMs + 60_000 }, () => {
  it(official("apps", "CronJob should schedule multiple jobs concurrently"), async () => {
    const { path, jobs } = await createCronJob({ concurrencyPolicy: "Allow" });
    await eventually(async () => expect((await activeOf(path)).length).toBeGreaterThan(1), patienceMs);
    const active = await activeOf(path);
    expect(await jobsIn(jobs)).toEqual(expect.arrayContaining(active));
  });

  it(official("apps", "CronJob should not schedule jobs when suspended [Slow]"), async () => {
    const { path, jobs } = await createCronJob({ concurrencyPolicy: "Allow", suspend: true });
    await nextMinute();
    expect([await activeOf(path), await jobsIn(jobs)]).toEqual([[], []]);
  });

  it(official("apps", "CronJob should not schedule new jobs when ForbidConcurrent [Slow]"), async () => {
    const { path, jobs } = await createCronJob({ concurrencyPolicy: "Forbid" });
    await eventually(async () => expect(await activeOf(path)).toHaveLength(1), patienceMs);
    const first = await activeOf(path);
    await nextMinute();
    expect([await activeOf(path), await jobsIn(jobs)]).toEqual([first, first]);
  });

  it(official("apps", "CronJob should replace jobs when ReplaceConcurrent"), async () => {
    const { path, jobs } = await createCronJob({ concurrencyPolicy: "Replace" });
    await eventually(async () => expect(await activeOf(path)).toHaveLength(1), patienceMs);
    const [first] = await activeOf(path);
    await eventually(async () => {
      const active = await activeOf(path);
      expect(active).toHaveLength(1);
      expect(active).not.toContain(first);
    }, patienceMs);
    await eventually(async () => expect(await jobsIn(jobs)).not.toContain(first), patienceMs);
  });
});
