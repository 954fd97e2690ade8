/** The scheduler's rules and preemption, as the official suite proves them. Needs two nodes that nobody else uses. */
import type { V1Node, V1Pod, V1PodSpec, V1PriorityClass } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RawApi, serverUnderTest, type ServerUnderTest } from "../src/api.ts";
import { official } from "./list.ts";
import { Objects } from "./objects.ts";
import { nameOf, podSpec, Workspace } from "./workspace.ts";

let server: ServerUnderTest;
let api: RawApi;
let nodeNames: string[];

/** A resource of these tests' own, five of it on each node. */
const resource = "scheduling.k8s.io/foo";
const classes = { low: 1, medium: 100, high: 1000, p1: 1, p2: 2, p3: 3, p4: 4 } as const;
type ClassName = keyof typeof classes;
const className = (name: ClassName): string => `conformance-${name}`;

beforeAll(async () => {
  server = serverUnderTest("scheduling", "--nodes", "2");
  api = new RawApi(server.kubeconfig);
  await using workspace = await Workspace.open(api, "scheduling");
  nodeNames = (await workspace.nodes.list()).map(nameOf).sort();
  for (const name of nodeNames) {
    const amounts = { [resource]: "5" };
    await workspace.nodes.patch(name, { status: { capacity: amounts, allocatable: amounts } }, { subresource: "status" });
  }
  for (const [name, value] of Object.entries(classes)) {
    await workspace.priorityClasses.create(className(name as ClassName), { value } as V1PriorityClass);
  }
});
afterAll(async () => {
  const kind = { apiVersion: "scheduling.k8s.io/v1", kind: "PriorityClass", resource: "priorityclasses" };
  for (const name of Object.keys(classes)) await new Objects(api, kind).delete(className(name as ClassName));
  for (const name of nodeNames) {
    const status = { capacity: { [resource]: null }, allocatable: { [resource]: null } };
    await new Objects<V1Node>(api, { apiVersion: "v1", kind: "Node", resource: "nodes" }).patch(
      name,
      { status },
      { subresource: "status" },
    );
  }
  server[Symbol.dispose]();
});

interface Wanted extends Partial<V1PodSpec> {
  readonly amount?: number;
  readonly importance?: ClassName;
}

function spec({ amount, importance, ...more }: Wanted): V1PodSpec {
  const amounts = { [resource]: String(amount) };
  const resources = amount === undefined ? {} : { resources: { requests: amounts, limits: amounts } };
  return podSpec({
    containers: [{ name: "c", image: "registry.k8s.io/pause:3.10", ...resources }],
    ...(importance !== undefined && { priorityClassName: className(importance) }),
    ...more,
  });
}

const onNode = (name: string): Partial<V1PodSpec> => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values: [name] }] }],
      },
    },
  },
});

const untilRunning = (workspace: Workspace, name: string): Promise<V1Pod> =>
  workspace.pods.until(name, ({ status }) => expect(status?.phase).toBe("Running"));

async function expectUnschedulable(workspace: Workspace, name: string, message: string): Promise<void> {
  const { spec: found } = await workspace.pods.until(name, ({ status }) =>
    expect(status?.conditions).toContainEqual(
      expect.objectContaining({ type: "PodScheduled", status: "False", reason: "Unschedulable", message }),
    ),
  );
  expect(found?.nodeName ?? "").toBe("");
  await workspace.events.untilList({ fields: `involvedObject.name=${name}` }, (events) =>
    expect(events).toContainEqual(expect.objectContaining({ type: "Warning", reason: "FailedScheduling", message })),
  );
}

it(official("architecture", "Conformance Tests should have at least two untainted nodes"), async () => {
  const nodes = await new Objects<V1Node>(api, { apiVersion: "v1", kind: "Node", resource: "nodes" }).list();
  const usable = nodes.filter(({ spec: given, status }) => {
    const isReady = status?.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True");
    const isTainted = (given?.taints ?? []).some(({ effect }) => effect !== "PreferNoSchedule");
    return isReady === true && !isTainted && given?.unschedulable !== true;
  });
  expect(usable.length).toBeGreaterThanOrEqual(2);
});

describe("rules", () => {
  it(official("scheduling", "SchedulerPredicates [Serial] validates resource limits of pods that are allowed to run"), async () => {
    await using workspace = await Workspace.open(api, "predicates");
    for (const [index, name] of nodeNames.entries())
      await workspace.pods.create(`filler-${index}`, { spec: spec({ amount: 4, ...onNode(name) }) });
    for (const index of nodeNames.keys()) await untilRunning(workspace, `filler-${index}`);
    await workspace.pods.create("additional", { spec: spec({ amount: 2 }) });
    await expectUnschedulable(
      workspace,
      "additional",
      `0/2 nodes are available: 2 Insufficient ${resource}. preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod.`,
    );
    await workspace.pods.delete("filler-0");
    await untilRunning(workspace, "additional");
  });

  it(official("scheduling", "SchedulerPredicates [Serial] validates that NodeSelector is respected if not matching"), async () => {
    await using workspace = await Workspace.open(api, "predicates");
    await workspace.pods.create("restricted", { spec: spec({ nodeSelector: { label: "nonempty" } }) });
    await expectUnschedulable(
      workspace,
      "restricted",
      "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.",
    );
  });

  it(official("scheduling", "SchedulerPredicates [Serial] validates that NodeSelector is respected if matching"), async () => {
    await using workspace = await Workspace.open(api, "predicates");
    const [, node = ""] = nodeNames;
    await workspace.nodes.patch(node, { metadata: { labels: { "kubernetes.io/e2e-42": "42" } } });
    await workspace.pods.create("with-labels", { spec: spec({ nodeSelector: { "kubernetes.io/e2e-42": "42" } }) });
    expect((await untilRunning(workspace, "with-labels")).spec?.nodeName).toBe(node);
    await workspace.nodes.patch(node, { metadata: { labels: { "kubernetes.io/e2e-42": null } } });
  });

  it(
    official(
      "scheduling",
      "SchedulerPredicates [Serial] validates that there exists conflict between pods with same hostPort and protocol but one using 0.0.0.0 hostIP",
    ),
    async () => {
      await using workspace = await Workspace.open(api, "predicates");
      const [node = ""] = nodeNames;
      const withPort = (hostIP: string): V1PodSpec => {
        const ports = [{ containerPort: 8080, hostPort: 54322, protocol: "TCP", ...(hostIP !== "" && { hostIP }) }];
        return spec({ ...onNode(node), containers: [{ name: "c", image: "registry.k8s.io/pause:3.10", ports }] });
      };
      await workspace.pods.create("pod4", { spec: withPort("") });
      await untilRunning(workspace, "pod4");
      await workspace.pods.create("pod5", { spec: withPort("127.0.0.1") });
      await expectUnschedulable(
        workspace,
        "pod5",
        "0/2 nodes are available: 1 node(s) didn't have free ports for the requested pod ports, 1 node(s) didn't match Pod's node affinity/selector. preemption: 0/2 nodes are available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling.",
      );
    },
  );
});

describe("preemption", () => {
  /** Two pods that use four of five on each node; the very first alone is of low priority. */
  async function fill(workspace: Workspace): Promise<string[]> {
    const names: string[] = [];
    for (const node of nodeNames) {
      for (const index of [0, 1]) {
        const name = `${node}-${index}`;
        names.push(name);
        await workspace.pods.create(name, {
          spec: spec({ amount: 2, importance: names.length === 1 ? "low" : "medium", ...onNode(node) }),
        });
      }
    }
    for (const name of names) await untilRunning(workspace, name);
    return names;
  }

  it(official("scheduling", "SchedulerPreemption [Serial] validates basic preemption works"), async () => {
    await using workspace = await Workspace.open(api, "preemption");
    const [victim = "", ...others] = await fill(workspace);
    await workspace.pods.create("preemptor", { spec: spec({ amount: 2, importance: "high" }) });
    const { spec: placed } = await untilRunning(workspace, "preemptor");
    expect(placed?.nodeName).toBe(nodeNames[0]);
    expect(await workspace.pods.has(victim)).toBe(false);
    const left = await workspace.pods.list();
    expect(left.map(nameOf).sort()).toEqual([...others, "preemptor"].sort());
    expect(left.map(({ metadata }) => metadata?.deletionTimestamp)).toEqual(left.map(() => undefined));
  });

  it(official("scheduling", "SchedulerPreemption [Serial] validates lower priority pod preemption by critical pod"), async () => {
    await using workspace = await Workspace.open(api, "preemption");
    const [victim = "", ...others] = await fill(workspace);
    const system = new Objects<V1Pod>(api, { apiVersion: "v1", kind: "Pod", resource: "pods" }, "kube-system");
    await system.create("critical-pod", { spec: spec({ amount: 2, priorityClassName: "system-cluster-critical" }) });
    try {
      await system.until("critical-pod", ({ status }) => expect(status?.phase).toBe("Running"));
      expect(await workspace.pods.has(victim)).toBe(false);
      expect((await workspace.pods.list()).map(nameOf).sort()).toEqual(others.sort());
    } finally {
      await system.delete("critical-pod", { gracePeriodSeconds: 0 });
      await system.untilGone("critical-pod");
    }
  });

  it(official("scheduling", "SchedulerPreemption [Serial] validates pod disruption condition is added to the preempted pod"), async () => {
    await using workspace = await Workspace.open(api, "preemption");
    const [node = ""] = nodeNames;
    const finalizers = ["example.com/hold"];
    await workspace.pods.create("victim", { metadata: { finalizers }, spec: spec({ amount: 4, importance: "low", ...onNode(node) }) });
    await untilRunning(workspace, "victim");
    const { metadata } = await workspace.pods.create("preemptor", { spec: spec({ amount: 4, importance: "high", ...onNode(node) }) });
    await workspace.pods.until("preemptor", ({ status }) => expect(status?.nominatedNodeName).toBe(node));
    await workspace.pods.until("victim", (pod) => {
      expect(pod.metadata?.deletionTimestamp).toBeDefined();
      expect(pod.status?.conditions).toContainEqual(
        expect.objectContaining({
          type: "DisruptionTarget",
          status: "True",
          reason: "PreemptionByScheduler",
          message: "default-scheduler: preempting to accommodate a higher priority pod",
        }),
      );
    });
    await workspace.events.untilList({ fields: "involvedObject.name=victim" }, (events) =>
      expect(events).toContainEqual(
        expect.objectContaining({ reason: "Preempted", message: `Preempted by pod ${metadata?.uid} on node ${node}` }),
      ),
    );
    await workspace.pods.patch("victim", { metadata: { finalizers: null } }, { type: "merge" });
    await untilRunning(workspace, "preemptor");
  });

  it(
    official("scheduling", "SchedulerPreemption [Serial] PreemptionExecutionPath runs ReplicaSets to verify preemption running path"),
    async () => {
      await using workspace = await Workspace.open(api, "preemption");
      const [node = ""] = nodeNames;
      const [tenths] = [{ [resource]: "1000" }];
      await workspace.nodes.patch(node, { status: { capacity: tenths, allocatable: tenths } }, { subresource: "status" });
      using watch = await workspace.pods.watch();
      for (const [name, importance, amount] of [
        ["rs-pod1", "p1", 200],
        ["rs-pod2", "p2", 300],
        ["rs-pod3", "p3", 450],
      ] as const) {
        const labels = { name };
        const template = { metadata: { labels }, spec: spec({ amount, importance, nodeSelector: { "kubernetes.io/hostname": node } }) };
        await workspace.replicaSets.create(name, { spec: { replicas: 1, selector: { matchLabels: labels }, template } });
        await workspace.replicaSets.until(name, ({ status }) => expect(status?.readyReplicas).toBe(1));
      }
      await workspace.pods.create("pod4", {
        spec: spec({ amount: 500, importance: "p4", nodeSelector: { "kubernetes.io/hostname": node } }),
      });
      await untilRunning(workspace, "pod4");
      const made = (prefix: string): number =>
        watch.events.filter(({ type, object }) => type === "ADDED" && (object.metadata.name ?? "").startsWith(prefix)).length;
      await workspace.pods.untilList({}, () => expect([made("rs-pod1"), made("rs-pod2"), made("rs-pod3")]).toEqual([2, 2, 1]));
      // Nobody is preempted in a circle.
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      expect([made("rs-pod1"), made("rs-pod2"), made("rs-pod3")]).toEqual([2, 2, 1]);
    },
  );
});
