import { findCondition } from "@coracle/apimachinery";
import { resources, type Job, type JobSpec, type Pod } from "@coracle/api";
import { afterEach, describe, expect, it } from "vitest";
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts";
import { createJobController } from "./job-controller.ts";
import { indexOf } from "./job-progress.ts";

let cluster: TestCluster;
afterEach(() => cluster[Symbol.asyncDispose]());

const minuteMs = 60_000;

async function start(spec: Partial<JobSpec>): Promise<void> {
  cluster = await startTestCluster([createJobController]);
  cluster.transport.put(resources.jobs, {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "job", namespace: "a", uid: "uid-job" },
    spec: {
      parallelism: 1,
      selector: { matchLabels: { job: "job" } },
      template: { metadata: { labels: { job: "job" } }, spec: { restartPolicy: "Never", containers: [{ name: "main", image: "i" }] } },
      ...spec,
    },
  } as Job);
  await cluster.settle();
}

const job = (): Job => cluster.transport.get(resources.jobs, "a/job") as Job;
const condition = (type: string): unknown => {
  const found = findCondition(job().status?.conditions, type);
  return found?.status === "True" ? `${found.reason}: ${found.message}` : undefined;
};
const pods = (): readonly Pod[] => cluster.transport.objects(resources.pods);
const running = (): readonly Pod[] => pods().filter(({ status }) => status?.phase !== "Succeeded" && status?.phase !== "Failed");
const ofIndex = (index: number): Pod => running().find((pod) => indexOf(pod) === index) as Pod;
const runningIndexes = (): (number | undefined)[] => running().map(indexOf).sort();

async function end(pod: Pod, exitCode: number, conditions: { type: string; status: string }[] = []): Promise<void> {
  const finishedAt = new Date(cluster.clock.now()).toISOString();
  const current = cluster.transport.get(resources.pods, `a/${pod.metadata.name}`) as Pod;
  cluster.transport.put(resources.pods, {
    ...current,
    status: {
      phase: exitCode === 0 ? "Succeeded" : "Failed",
      containerStatuses: [{ name: "main", state: { terminated: { exitCode, finishedAt } } }],
      conditions,
    },
  } as Pod);
  await cluster.settle();
}

describe("podFailurePolicy", () => {
  const podFailurePolicy = {
    rules: [
      { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
      { action: "FailJob", onExitCodes: { containerName: "main", operator: "In", values: [42] } },
      { action: "Count", onExitCodes: { operator: "NotIn", values: [7] } },
    ],
  };

  it("does not count what it ignores, and starts again", async () => {
    await start({ completions: 1, backoffLimit: 0, podFailurePolicy, podReplacementPolicy: "Failed" });
    await end(running()[0] as Pod, 137, [{ type: "DisruptionTarget", status: "True" }]);
    expect(job().status?.failed ?? 0).toBe(0);
    expect(running()).toHaveLength(1);
    await end(running()[0] as Pod, 0);
    expect(condition("Complete")).toBe("CompletionsReached: Reached expected number of succeeded pods");
    expect(pods().every((pod) => pod.metadata.finalizers === undefined || pod.metadata.finalizers.length === 0)).toBe(true);
  });

  it("fails the Job at once where it says so", async () => {
    await start({ completions: 3, parallelism: 1, backoffLimit: 6, podFailurePolicy });
    const [pod] = running();
    await end(pod as Pod, 42);
    const message = `Container main for pod a/${pod?.metadata.name} failed with exit code 42 matching FailJob rule at index 1`;
    expect(condition("FailureTarget")).toBe(`PodFailurePolicy: ${message}`);
    expect(condition("Failed")).toBe(`PodFailurePolicy: ${message}`);
    expect(running()).toEqual([]);
  });

  it("counts the rest towards the limit", async () => {
    await start({ completions: 1, backoffLimit: 0, podFailurePolicy });
    await end(running()[0] as Pod, 1);
    expect(condition("Failed")).toBe("BackoffLimitExceeded: Job has reached the specified backoff limit");
    expect(job().status?.failed).toBe(1);
  });
});

describe("backoffLimitPerIndex", () => {
  it("lets each index fail for itself, and carries its count on", async () => {
    await start({ completionMode: "Indexed", completions: 3, parallelism: 3, backoffLimitPerIndex: 1 });
    expect(runningIndexes()).toEqual([0, 1, 2]);
    expect(ofIndex(0).metadata.annotations).toMatchObject({ "batch.kubernetes.io/job-index-failure-count": "0" });
    await end(ofIndex(0), 1);
    // The others go on; this one waits for its turn.
    expect(runningIndexes()).toEqual([1, 2]);
    expect(pods()).toHaveLength(3);
    await cluster.clock.advance(11_000);
    expect(runningIndexes()).toEqual([0, 1, 2]);
    expect(ofIndex(0).metadata.annotations).toMatchObject({ "batch.kubernetes.io/job-index-failure-count": "1" });
    await end(ofIndex(0), 1);
    expect(job().status?.failedIndexes).toBe("0");
    await cluster.clock.advance(10 * minuteMs);
    expect(runningIndexes()).toEqual([1, 2]);
    await end(ofIndex(1), 0);
    await end(ofIndex(2), 0);
    expect(condition("Failed")).toBe("FailedIndexes: Job has failed indexes");
    expect(job().status).toMatchObject({ completedIndexes: "1,2", failedIndexes: "0", succeeded: 2, failed: 2 });
  });

  it("fails the Job when too many indexes have failed", async () => {
    await start({ completionMode: "Indexed", completions: 4, parallelism: 4, backoffLimitPerIndex: 0, maxFailedIndexes: 1 });
    await end(ofIndex(1), 0);
    await end(ofIndex(2), 0);
    await end(ofIndex(0), 1);
    expect(condition("FailureTarget")).toBeUndefined();
    await end(ofIndex(3), 1);
    expect(condition("FailureTarget")).toBe("MaxFailedIndexesExceeded: Job has exceeded the specified maximal number of failed indexes");
    expect(job().status?.failedIndexes).toBe("0,3");
  });

  it("fails an index at once where the policy says so", async () => {
    const rules = [{ action: "FailIndex", onExitCodes: { operator: "In", values: [42] } }];
    await start({ completionMode: "Indexed", completions: 2, parallelism: 2, backoffLimitPerIndex: 5, podFailurePolicy: { rules } });
    await end(ofIndex(1), 42);
    expect(job().status?.failedIndexes).toBe("1");
    await cluster.clock.advance(10 * minuteMs);
    expect(runningIndexes()).toEqual([0]);
  });
});

describe("successPolicy", () => {
  it("ends the Job when enough of the indexes have succeeded", async () => {
    const successPolicy = { rules: [{ succeededIndexes: "0,2-3", succeededCount: 2 }] };
    await start({ completionMode: "Indexed", completions: 5, parallelism: 5, successPolicy });
    await end(ofIndex(1), 0);
    await end(ofIndex(4), 0);
    await end(ofIndex(2), 0);
    expect(condition("SuccessCriteriaMet")).toBeUndefined();
    await end(ofIndex(0), 0);
    expect(condition("SuccessCriteriaMet")).toBe("SuccessPolicy: Matched rules at index 0");
    for (const pod of running()) await end(pod, 143);
    expect(condition("Complete")).toBe("SuccessPolicy: Matched rules at index 0");
    expect(condition("Failed")).toBeUndefined();
    expect(job().status?.completedIndexes).toBe("0-2,4");
  });
});

describe("podReplacementPolicy", () => {
  const deleteFirst = async (): Promise<void> => {
    const [pod] = running();
    // It is on a node, so that it takes its time to go.
    cluster.transport.put(resources.pods, { ...pod, spec: { ...pod?.spec, nodeName: "n" } } as Pod);
    await cluster.client.resource(resources.pods, "a").delete(pod?.metadata.name ?? "");
    await cluster.settle();
  };

  it("waits for pods that are on their way out with Failed", async () => {
    await start({ completions: 1, podReplacementPolicy: "Failed" });
    await deleteFirst();
    await cluster.clock.advance(minuteMs);
    expect(job().status).toMatchObject({ terminating: 1 });
    expect(job().status?.failed ?? 0).toBe(0);
    expect(running()).toHaveLength(1);
    await end(running()[0] as Pod, 143);
    await cluster.clock.advance(minuteMs);
    expect(job().status?.failed).toBe(1);
    expect(running()).toHaveLength(1);
  });

  it("replaces them at once otherwise", async () => {
    await start({ completions: 1, podReplacementPolicy: "TerminatingOrFailed" });
    await deleteFirst();
    await cluster.clock.advance(minuteMs);
    expect(job().status?.failed).toBe(1);
    expect(running().filter((pod) => pod.metadata.deletionTimestamp === undefined)).toHaveLength(1);
  });
});

describe("suspending a Job", () => {
  it("ends its pods without counting them as failures, and starts new ones afterwards", async () => {
    await start({ completions: 3, parallelism: 3, backoffLimit: 0 });
    const put = async (suspend: boolean): Promise<void> => {
      cluster.transport.put(resources.jobs, { ...job(), spec: { ...job().spec, suspend } } as Job);
      await cluster.settle();
      await cluster.clock.advance(minuteMs);
    };
    await put(true);
    expect(running()).toEqual([]);
    expect(condition("Suspended")).toBe("JobSuspended: Job suspended");
    expect(job().status?.failed ?? 0).toBe(0);
    expect(job().status?.startTime).toBeUndefined();
    await put(false);
    expect(running()).toHaveLength(3);
    expect(condition("Suspended")).toBeUndefined();
    expect(job().status?.startTime).toBeDefined();
  });
});
