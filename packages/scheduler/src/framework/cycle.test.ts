import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSeededRandom } from "@coracle/base";
import type { Node, Pod } from "@coracle/api";
import { podInfo, SchedulerCache } from "../cache/scheduler-cache.ts";
import { nodeAffinity } from "../plugins/node-affinity.ts";
import { nodePorts } from "../plugins/node-ports.ts";
import { nodeResourcesBalancedAllocation, nodeResourcesFit } from "../plugins/node-resources-fit.ts";
import { nodeUnschedulable } from "../plugins/node-unschedulable.ts";
import { taintToleration } from "../plugins/taint-toleration.ts";
import { feasibleNodesToFind, filterNode, schedule, type Decision } from "./cycle.ts";
import type { Plugin } from "./plugin.ts";

const plugins: Plugin[] = [nodeUnschedulable, taintToleration, nodeAffinity, nodePorts, nodeResourcesFit, nodeResourcesBalancedAllocation];

function node(name: string, more: { cpu?: string; labels?: Record<string, string>; spec?: Node["spec"] } = {}): Node {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, labels: { "kubernetes.io/hostname": name, ...more.labels } },
    ...(more.spec !== undefined && { spec: more.spec }),
    status: { allocatable: { cpu: more.cpu ?? "4", memory: "8Gi", pods: "10" } },
  };
}

function pod(name: string, spec: Partial<NonNullable<Pod["spec"]>> & { cpu?: string } = {}): Pod {
  const { cpu, ...rest } = spec;
  const containers = [{ name: "main", image: "x", ...(cpu !== undefined && { resources: { requests: { cpu } } }) }];
  return { apiVersion: "v1", kind: "Pod", metadata: { name, namespace: "default", uid: name }, spec: { containers, ...rest } };
}

function decide(candidate: Pod, nodes: readonly Node[], placed: readonly [Pod, string][] = [], seed = 1): Decision {
  const cache = new SchedulerCache();
  for (const entry of nodes) cache.setNode(entry);
  for (const [other, nodeName] of placed) cache.setPod(other, nodeName);
  return schedule(podInfo(candidate), cache.snapshot(), { plugins, random: createSeededRandom(seed), cursor: { index: 0 } });
}

const chosen = (decision: Decision): string => (decision.type === "bind" ? decision.node.name : decision.message);

describe("schedule", () => {
  it("says why no node will do, as upstream words it", () => {
    const nodes = [
      node("a", { cpu: "1" }),
      node("b", { cpu: "1" }),
      node("c", { spec: { unschedulable: true } }),
      node("d", { spec: { taints: [{ key: "k", value: "v", effect: "NoSchedule" }] } }),
    ];
    expect(chosen(decide(pod("p", { cpu: "2" }), nodes))).toBe(
      "0/4 nodes are available: 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable, 2 Insufficient cpu.",
    );
    expect(chosen(decide(pod("p", { nodeSelector: { disk: "ssd" } }), [node("a")]))).toBe(
      "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.",
    );
    expect(chosen(decide(pod("p"), []))).toBe("no nodes available to schedule pods");
  });

  it("spreads to the emptiest node", () => {
    const placed: [Pod, string][] = [
      [pod("x", { cpu: "2" }), "a"],
      [pod("y", { cpu: "1" }), "b"],
    ];
    expect(chosen(decide(pod("p", { cpu: "500m" }), [node("a"), node("b"), node("c")], placed))).toBe("c");
    // Pods that ask for nothing spread too.
    expect(chosen(decide(pod("p"), [node("a"), node("b")], [[pod("x"), "a"]]))).toBe("b");
  });

  it("obeys affinity, tolerations, host ports and the limit of pods", () => {
    const zone = { nodeSelectorTerms: [{ matchExpressions: [{ key: "zone", operator: "NotIn", values: ["x"] }] }] };
    const nodes = [node("a", { labels: { zone: "x" } }), node("b", { labels: { zone: "y" } })];
    expect(chosen(decide(pod("p", { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: zone } } }), nodes))).toBe(
      "b",
    );
    const tainted = node("t", { spec: { taints: [{ key: "k", value: "v", effect: "NoExecute" }] } });
    expect(chosen(decide(pod("p", { tolerations: [{ key: "k", operator: "Equal", value: "v" }] }), [tainted]))).toBe("t");
    expect(decide(pod("p", { tolerations: [{ key: "k", operator: "Equal", value: "other" }] }), [tainted]).type).toBe("unschedulable");
    const withPort = (name: string): Pod => pod(name, { containers: [{ name: "m", ports: [{ containerPort: 80, hostPort: 80 }] }] });
    expect(chosen(decide(withPort("p"), [node("a")], [[withPort("q"), "a"]]))).toBe(
      "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.",
    );
    const full = Array.from({ length: 10 }, (_, index): [Pod, string] => [pod(`f${index}`), "a"]);
    expect(chosen(decide(pod("p"), [node("a")], full))).toBe("0/1 nodes are available: 1 Too many pods.");
  });

  it("binds only where every filter passes, and leaves pending only what fits nowhere", () => {
    const amount = fc.integer({ min: 0, max: 5 });
    const scene = fc.record({
      nodes: fc.array(fc.record({ cpu: amount, cordoned: fc.boolean(), used: amount }), { maxLength: 6 }),
      wanted: amount,
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(scene, ({ nodes, wanted, seed }) => {
        const all = nodes.map(({ cpu, cordoned }, index) => node(`n${index}`, { cpu: String(cpu), spec: { unschedulable: cordoned } }));
        const placed = nodes.map(({ used }, index): [Pod, string] => [pod(`u${index}`, { cpu: String(used) }), `n${index}`]);
        const fits = nodes.map(({ cpu, cordoned, used }) => !cordoned && (wanted === 0 || cpu - used >= wanted));
        const decision = decide(pod("p", { cpu: String(wanted) }), all, placed, seed);
        if (decision.type === "bind")
          return (
            fits[Number(decision.node.name.slice(1))] === true &&
            filterNode(podInfo(pod("p", { cpu: String(wanted) })), decision.node, decision.states, plugins) === undefined
          );
        return fits.every((fit) => !fit);
      }),
    );
  });
});

it("looks at fewer of many nodes, as upstream does", () => {
  expect([50, 100, 1000, 5000, 10_000].map(feasibleNodesToFind)).toEqual([50, 100, 420, 500, 500]);
});
