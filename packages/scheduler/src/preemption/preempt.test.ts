import { describe, expect, it } from "vitest";
import { createSeededRandom } from "@coracle/base";
import type { Node, Pod, PodDisruptionBudget } from "@coracle/api";
import { podInfo, SchedulerCache } from "../cache/scheduler-cache.ts";
import { schedule } from "../framework/cycle.ts";
import type { Plugin } from "../framework/plugin.ts";
import { nodePorts } from "../plugins/node-ports.ts";
import { nodeResourcesFit } from "../plugins/node-resources-fit.ts";
import { nodeUnschedulable } from "../plugins/node-unschedulable.ts";
import { preempt, type Preemption } from "./preempt.ts";

const plugins: Plugin[] = [nodeUnschedulable, nodePorts, nodeResourcesFit];

const node = (name: string, spec: Node["spec"] = {}): Node => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: { name },
  spec,
  status: { allocatable: { cpu: "4", memory: "8Gi", pods: "10" } },
});

interface PodOptions {
  readonly cpu: number;
  readonly priority: number;
  readonly policy?: string;
  readonly startTime?: string;
}

function pod(name: string, { cpu, priority, policy, startTime }: PodOptions): Pod {
  const containers = [{ name: "c", image: "i", resources: { requests: { cpu: String(cpu) } } }];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "a", uid: name, labels: { name } },
    spec: { containers, priority, ...(policy !== undefined && { preemptionPolicy: policy }) },
    ...(startTime !== undefined && { status: { startTime } }),
  };
}

const budgetFor = (name: string, disruptionsAllowed: number): PodDisruptionBudget => ({
  apiVersion: "policy/v1",
  kind: "PodDisruptionBudget",
  metadata: { name, namespace: "a" },
  spec: { selector: { matchLabels: { name } } },
  status: { disruptionsAllowed },
});

interface Scene {
  readonly nodes: readonly Node[];
  readonly placed: readonly (readonly [Pod, string])[];
  readonly budgets?: readonly PodDisruptionBudget[];
}

function run(candidate: Pod, { nodes, placed, budgets = [] }: Scene): Preemption {
  const cache = new SchedulerCache();
  for (const entry of nodes) cache.setNode(entry);
  for (const [other, nodeName] of placed) cache.setPod(other, nodeName);
  const info = podInfo(candidate);
  const decision = schedule(info, cache.snapshot(), { plugins, random: createSeededRandom(1), cursor: { index: 0 } });
  if (decision.type === "bind") throw new Error("it fits without preemption");
  return preempt(info, cache.snapshot(), {
    plugins,
    budgets,
    refusals: decision.refusals,
    offset: 0,
    nominated: candidate.status?.nominatedNodeName,
    rivals: () => [],
  });
}

const told = (result: Preemption): unknown =>
  result.type === "none" ? result.message : [result.node, result.victims.map(({ pod: { metadata } }) => metadata.name)];

describe("preempt", () => {
  it("removes as few and as unimportant pods as will do", () => {
    const placed = [
      [pod("low", { cpu: 2, priority: 1 }), "a"],
      [pod("middle", { cpu: 2, priority: 5 }), "a"],
    ] as const;
    expect(told(run(pod("p", { cpu: 2, priority: 10 }), { nodes: [node("a")], placed }))).toEqual(["a", ["low"]]);
    expect(told(run(pod("p", { cpu: 4, priority: 10 }), { nodes: [node("a")], placed }))).toEqual(["a", ["middle", "low"]]);
    expect(told(run(pod("p", { cpu: 2, priority: 5 }), { nodes: [node("a")], placed }))).toEqual(["a", ["low"]]);
  });

  it("chooses the node where the least is lost", () => {
    const nodes = [node("a"), node("b"), node("c")];
    const placed = [
      [pod("a1", { cpu: 4, priority: 5 }), "a"],
      [pod("b1", { cpu: 4, priority: 3, startTime: "2026-01-01T00:00:00Z" }), "b"],
      [pod("c1", { cpu: 4, priority: 3, startTime: "2026-01-02T00:00:00Z" }), "c"],
    ] as const;
    const candidate = pod("p", { cpu: 4, priority: 10 });
    // Of equal ones, what began last has done the least work.
    expect(told(run(candidate, { nodes, placed }))).toEqual(["c", ["c1"]]);
    expect(told(run(candidate, { nodes, placed, budgets: [budgetFor("b1", 0), budgetFor("c1", 0)] }))).toEqual(["a", ["a1"]]);
    expect(told(run(candidate, { nodes, placed, budgets: ["a1", "b1", "c1"].map((name) => budgetFor(name, 0)) }))).toEqual(["c", ["c1"]]);
  });

  it("says why it cannot help, as upstream words it", () => {
    const nodes = [node("a"), node("b", { unschedulable: true })];
    const placed = [[pod("a1", { cpu: 4, priority: 10 }), "a"]] as const;
    expect(told(run(pod("p", { cpu: 2, priority: 10 }), { nodes, placed }))).toBe(
      "0/2 nodes are available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling.",
    );
    expect(told(run(pod("p", { cpu: 9, priority: 100 }), { nodes, placed }))).toBe(
      "0/2 nodes are available: 2 Preemption is not helpful for scheduling.",
    );
    expect(told(run(pod("p", { cpu: 2, priority: 100, policy: "Never" }), { nodes, placed }))).toBe(
      "not eligible due to preemptionPolicy=Never.",
    );
  });

  it("waits while the pods that it removed are going", () => {
    const target = { type: "DisruptionTarget", status: "True", reason: "PreemptionByScheduler" };
    const going = pod("a1", { cpu: 4, priority: 1 });
    const leaving = {
      ...going,
      metadata: { ...going.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" },
      status: { conditions: [target] },
    };
    const waiting = { ...pod("p", { cpu: 2, priority: 10 }), status: { nominatedNodeName: "a" } };
    expect(told(run(waiting, { nodes: [node("a")], placed: [[leaving, "a"]] }))).toBe(
      "not eligible due to a terminating pod on the nominated node.",
    );
  });
});
