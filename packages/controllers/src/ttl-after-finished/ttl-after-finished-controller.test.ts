import { resources, type Job } from "@coracle/api";
import { afterEach, expect, it } from "vitest";
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts";
import { createTtlAfterFinishedController } from "./ttl-after-finished-controller.ts";

let cluster: TestCluster;
afterEach(() => cluster[Symbol.asyncDispose]());

const putJob = (name: string, ttl: number | undefined, condition: string | undefined): void => {
  const lastTransitionTime = new Date(cluster.clock.now()).toISOString();
  cluster.transport.put(resources.jobs, {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name, namespace: "a" },
    spec: { ttlSecondsAfterFinished: ttl },
    status: { conditions: condition === undefined ? [] : [{ type: condition, status: "True", lastTransitionTime }] },
  } as Job);
};
/** Those that are deleted wait for the garbage collector to delete their pods. */
const names = (): string[] =>
  cluster.transport
    .objects(resources.jobs)
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata }) => metadata.name ?? "");

it("deletes finished Jobs when their time has gone by, and no others", async () => {
  cluster = await startTestCluster([createTtlAfterFinishedController]);
  putJob("complete", 60, "Complete");
  putJob("failed", 10, "Failed");
  putJob("at-once", 0, "Complete");
  putJob("running", 10, undefined);
  putJob("suspended", 10, "Suspended");
  putJob("kept", undefined, "Complete");
  await cluster.settle();
  expect(names()).toEqual(["complete", "failed", "kept", "running", "suspended"]);
  await cluster.clock.advance(10_000);
  expect(names()).toEqual(["complete", "kept", "running", "suspended"]);
  putJob("complete", 100, "Complete");
  await cluster.clock.advance(60_000);
  expect(names()).toContain("complete");
  await cluster.clock.advance(60_000);
  expect(names()).toEqual(["kept", "running", "suspended"]);
});
