import { resources, type CronJob, type CronJobSpec, type Event, type Job } from "@coracle/api";
import { afterEach, describe, expect, it } from "vitest";
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts";
import { createCronJobController } from "./cronjob-controller.ts";

let cluster: TestCluster;
afterEach(() => cluster[Symbol.asyncDispose]());

const minuteMs = 60_000;
/** Where virtual clocks begin is no round time. */
const createdMs = Math.ceil(Date.parse("2030-01-01T00:00:00Z") / minuteMs) * minuteMs;

async function start(spec: Partial<CronJobSpec> = {}, createdAgoMs = 0): Promise<void> {
  cluster = await startTestCluster([createCronJobController]);
  await cluster.clock.advance(createdMs - cluster.clock.now() + 1000);
  const template = { spec: { restartPolicy: "Never", containers: [{ name: "c", image: "i" }] } };
  cluster.transport.put(resources.cronJobs, {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: {
      name: "tick",
      namespace: "a",
      uid: "uid-tick",
      creationTimestamp: new Date(cluster.clock.now() - createdAgoMs).toISOString(),
    },
    spec: {
      schedule: "* * * * *",
      jobTemplate: { metadata: { labels: { of: "tick" } }, spec: { template } },
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 1,
      ...spec,
    },
  } as CronJob);
  await cluster.settle();
}

const current = (): CronJob => cluster.transport.get(resources.cronJobs, "a/tick") as CronJob;
const jobs = (): readonly Job[] => cluster.transport.objects(resources.jobs);
const names = (): string[] => jobs().map(({ metadata }) => metadata.name ?? "");
const reasons = (): string[] => cluster.transport.objects(resources.events).map((event) => (event as Event).reason ?? "");
const jobAfter = (minutes: number): string => `tick-${createdMs / minuteMs + minutes}`;

async function finish(job: Job, type: "Complete" | "Failed"): Promise<void> {
  const time = new Date(cluster.clock.now()).toISOString();
  const status = { startTime: time, conditions: [{ type, status: "True" }], ...(type === "Complete" && { completionTime: time }) };
  cluster.transport.put(resources.jobs, { ...job, status });
  await cluster.settle();
}

describe("a CronJob", () => {
  it("starts a Job at each time, named after it, and notes it", async () => {
    await start();
    expect(names()).toEqual([]);
    await cluster.clock.advance(minuteMs);
    expect(names()).toEqual([jobAfter(1)]);
    const [job] = jobs();
    expect(job?.metadata).toMatchObject({
      labels: { of: "tick" },
      annotations: { "batch.kubernetes.io/cronjob-scheduled-timestamp": "2030-01-01T00:01:00Z" },
      ownerReferences: [{ kind: "CronJob", name: "tick", controller: true, blockOwnerDeletion: true }],
    });
    expect(current().status).toMatchObject({ lastScheduleTime: "2030-01-01T00:01:00Z", active: [{ kind: "Job", name: jobAfter(1) }] });
    await cluster.clock.advance(2 * minuteMs);
    expect(names()).toEqual([jobAfter(1), jobAfter(2), jobAfter(3)]);
  });

  it("forgets Jobs that finished or went missing, and keeps as many as its history says", async () => {
    await start({ successfulJobsHistoryLimit: 1, failedJobsHistoryLimit: 0 });
    await cluster.clock.advance(minuteMs);
    await finish(jobs()[0] as Job, "Complete");
    expect(current().status?.active).toBeUndefined();
    expect(current().status?.lastSuccessfulTime).toBe(jobs()[0]?.status?.completionTime);
    await cluster.clock.advance(minuteMs);
    await finish(jobs().find(({ metadata }) => metadata.name === jobAfter(2)) as Job, "Complete");
    expect(names()).toEqual([jobAfter(2)]);
    await cluster.clock.advance(minuteMs);
    await finish(jobs().find(({ metadata }) => metadata.name === jobAfter(3)) as Job, "Failed");
    expect(names()).toEqual([jobAfter(2)]);
    await cluster.clock.advance(minuteMs);
    await cluster.client.resource(resources.jobs, "a").delete(jobAfter(4));
    await cluster.settle();
    expect(current().status?.active).toBeUndefined();
    await cluster.clock.advance(1000);
    expect(reasons()).toEqual(expect.arrayContaining(["SuccessfulCreate", "SawCompletedJob", "SuccessfulDelete", "MissingJob"]));
  });

  it("starts nothing beside a running Job where that is forbidden", async () => {
    await start({ concurrencyPolicy: "Forbid" });
    await cluster.clock.advance(3 * minuteMs);
    expect(names()).toEqual([jobAfter(1)]);
    await finish(jobs()[0] as Job, "Complete");
    // The latest time that was missed meanwhile.
    expect(names()).toEqual([jobAfter(1), jobAfter(3)]);
    await cluster.clock.advance(1000);
    expect(reasons()).toContain("JobAlreadyActive");
  });

  it("replaces a running Job where that is asked for", async () => {
    await start({ concurrencyPolicy: "Replace" });
    await cluster.clock.advance(2 * minuteMs);
    expect(names()).toEqual([jobAfter(2)]);
    expect(current().status?.active).toMatchObject([{ name: jobAfter(2) }]);
  });

  it("starts the latest missed Job only, and none when the deadline is over", async () => {
    await start({ schedule: "0 * * * *" }, 200 * 60 * minuteMs);
    expect(names()).toEqual([jobAfter(0)]);
    await cluster.clock.advance(1000);
    expect(reasons()).toContain("TooManyMissedTimes");
    await cluster[Symbol.asyncDispose]();
    await start({ schedule: "30 * * * *", startingDeadlineSeconds: 60 }, 5 * 60 * minuteMs);
    expect(names()).toEqual([]);
    await cluster.clock.advance(30 * minuteMs);
    expect(names()).toEqual([jobAfter(30)]);
  });

  it("rests while it is suspended, and starts what is due afterwards", async () => {
    await start({ suspend: true });
    await cluster.clock.advance(3 * minuteMs);
    expect(names()).toEqual([]);
    const { spec, ...rest } = current();
    cluster.transport.put(resources.cronJobs, { ...rest, spec: { ...spec, suspend: false } } as CronJob);
    await cluster.settle();
    expect(names()).toEqual([jobAfter(3)]);
  });

  it.each([
    [{ timeZone: "Mars/Olympus" }, "UnknownTimeZone"],
    [{ schedule: "nonsense" }, "UnparseableSchedule"],
    [{ schedule: "0 0 31 2 *" }, "InvalidSchedule"],
  ])("says what is wrong with %j", async (spec, reason) => {
    await start(spec);
    await cluster.clock.advance(2 * minuteMs);
    expect(names()).toEqual([]);
    expect(reasons()).toContain(reason);
  });

  it("takes a Job for its own that it started and forgot", async () => {
    await start({ suspend: true });
    const { spec, ...rest } = current();
    await cluster.client.resource(resources.jobs, "a").create({
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: {
        name: jobAfter(1),
        namespace: "a",
        ownerReferences: [{ apiVersion: "batch/v1", kind: "CronJob", name: "tick", uid: "uid-tick", controller: true }],
      },
    } as Job);
    await cluster.clock.advance(minuteMs);
    cluster.transport.put(resources.cronJobs, { ...rest, spec: { ...spec, suspend: false } } as CronJob);
    await cluster.settle();
    expect(names()).toEqual([jobAfter(1)]);
    expect(current().status).toMatchObject({ active: [{ name: jobAfter(1) }], lastScheduleTime: "2030-01-01T00:01:00Z" });
  });
});
