/** CronJobs, the policies of Jobs, and disruption budgets, as kubectl sees them. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Coracle, eventually, Kubectl, oldestAndNewestKubectl } from "./src/coracle.ts";

const coracle = new Coracle();
let kubectl: Kubectl;
beforeAll(() => {
  const cluster = coracle.up("batch", "--ephemeral", "--runtime", "simulated", "--nodes", "2", "--port", "0");
  const newest = oldestAndNewestKubectl().at(-1);
  if (newest === undefined) throw new Error("no kubectl");
  kubectl = new Kubectl(newest, cluster.kubeconfig);
});
afterAll(() => coracle[Symbol.dispose]());

interface Job {
  metadata: { name: string; annotations?: Record<string, string> };
  status: { conditions?: { type: string; status: string; reason: string; message: string }[]; failed?: number; failedIndexes?: string };
}

function createJob(name: string, script: string, spec: object = {}): void {
  const template = { spec: { restartPolicy: "Never", containers: [{ name: "main", image: "busybox", command: ["sh", "-c", script] }] } };
  kubectl.pipe(
    JSON.stringify({ apiVersion: "batch/v1", kind: "Job", metadata: { name }, spec: { template, ...spec } }),
    "create",
    "-f",
    "-",
  );
}
const condition = (name: string, type: string): string | undefined => {
  const found = kubectl.json<Job>("get", "job", name).status.conditions?.find((each) => each.type === type && each.status === "True");
  return found && `${found.reason}: ${found.message}`;
};

describe("Jobs", () => {
  it("are deleted with their pods when their time has gone by", async () => {
    createJob("brief", "true", { ttlSecondsAfterFinished: 2 });
    kubectl.run("wait", "--for=condition=Complete", "job/brief", "--timeout=30s");
    await eventually(() => expect(kubectl.run("get", "jobs,pods", "-l", "job-name=brief", "--ignore-not-found", "-o", "name")).toBe(""));
    await eventually(() => expect(kubectl.run("get", "job", "brief", "--ignore-not-found")).toBe(""));
  });

  it("fail at once where their failure policy says so", async () => {
    const rules = [{ action: "FailJob", onExitCodes: { operator: "In", values: [42] } }];
    createJob("fatal", "exit 42", { backoffLimit: 6, podFailurePolicy: { rules } });
    await eventually(() =>
      expect(condition("fatal", "Failed")).toMatch(
        /^PodFailurePolicy: Container main for pod default\/fatal-\w+ failed with exit code 42 matching FailJob rule at index 0$/,
      ),
    );
    expect(kubectl.json<Job>("get", "job", "fatal").status.failed).toBe(1);
  });

  it("fail index by index, and succeed by policy", async () => {
    const indexed = { completionMode: "Indexed", completions: 3, parallelism: 3 };
    createJob("indexes", "exit 1", { ...indexed, backoffLimitPerIndex: 0 });
    await eventually(() => expect(condition("indexes", "Failed")).toBe("FailedIndexes: Job has failed indexes"));
    expect(kubectl.json<Job>("get", "job", "indexes").status.failedIndexes).toBe("0-2");
    createJob("early", "true", { ...indexed, successPolicy: { rules: [{ succeededCount: 1 }] } });
    await eventually(() => expect(condition("early", "Complete")).toBe("SuccessPolicy: Matched rules at index 0"));
  });
});

describe("CronJobs", () => {
  it("start a Job each minute, and keep their history", { timeout: 240_000 }, async () => {
    kubectl.run("create", "cronjob", "tick", "--image=busybox", "--schedule=* * * * *", "--", "true");
    kubectl.run("patch", "cronjob", "tick", "-p", '{"spec":{"successfulJobsHistoryLimit":1,"timeZone":"Asia/Kolkata"}}');
    const jobs = (): Job[] =>
      kubectl.json<{ items: Job[] }>("get", "jobs").items.filter(({ metadata }) => metadata.name.startsWith("tick-"));
    await eventually(() => expect(jobs()).toHaveLength(1), 90_000);
    const [first] = jobs();
    expect(first?.metadata.name).toMatch(/^tick-\d{8}$/);
    expect(first?.metadata.annotations?.["batch.kubernetes.io/cronjob-scheduled-timestamp"]).toMatch(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:00\+05:30$/,
    );
    expect(kubectl.run("get", "cronjob", "tick", "-o", "jsonpath={.status.lastScheduleTime}")).toMatch(/:00Z$/);
    expect(kubectl.run("get", "events", "--field-selector", "involvedObject.name=tick")).toMatch(
      /SuccessfulCreate +cronjob\/tick +Created job tick-/,
    );
    await eventually(() => expect(jobs().some(({ metadata }) => metadata.name !== first?.metadata.name)).toBe(true), 90_000);
    await eventually(() => expect(jobs()).toHaveLength(1));
    expect(kubectl.run("create", "job", "by-hand", "--from=cronjob/tick")).toMatch(/created/);
    kubectl.run("delete", "cronjob", "tick");
    await eventually(() => expect(jobs()).toEqual([]));
  });
});

describe("PodDisruptionBudgets", () => {
  it("hold evictions back that would take too much, and let drains through", async () => {
    kubectl.run("create", "deployment", "web", "--image=nginx", "--replicas=2");
    kubectl.run("create", "poddisruptionbudget", "web", "--selector=app=web", "--min-available=2");
    kubectl.run("rollout", "status", "deployment/web", "--timeout=30s");
    const allowed = (): string => kubectl.run("get", "pdb", "web", "-o", "jsonpath={.status.disruptionsAllowed}/{.status.currentHealthy}");
    await eventually(() => expect(allowed()).toBe("0/2"));
    const name = kubectl.run("get", "pods", "-l", "app=web", "-o", "jsonpath={.items[0].metadata.name}");
    const eviction = JSON.stringify({ apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace: "default" } });
    const refused = kubectl.try(["create", "--raw", `/api/v1/namespaces/default/pods/${name}/eviction`, "-f", "-"], { input: eviction });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("Cannot evict pod as it would violate the pod's disruption budget.");
    kubectl.run("scale", "deployment/web", "--replicas=4");
    await eventually(() => expect(allowed()).toBe("2/4"));
    const node = kubectl.run("get", "pods", "-l", "app=web", "-o", "jsonpath={.items[0].spec.nodeName}");
    expect(kubectl.run("drain", node, "--ignore-daemonsets", "--force", "--timeout=90s")).toMatch(/drained/);
    await eventually(() => expect(allowed()).toBe("2/4"));
    const left = kubectl.run("get", "pods", "-l", "app=web", "--field-selector", `spec.nodeName=${node}`, "-o", "name");
    expect(left).toBe("");
  });
});
