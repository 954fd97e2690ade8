import { describe, expect, it } from "vitest";
import { createSeededRandom, silentLogger, VirtualClock } from "@coracle/base";
import { resources, type Node, type Pod } from "@coracle/api";
import { createClient, createFakeTransport } from "@coracle/client";
import { podInfo, SchedulerCache } from "../cache/scheduler-cache.ts";
import { schedule, type Decision } from "../framework/cycle.ts";
import { preempt } from "../preemption/preempt.ts";
import { createInterPodAffinity } from "./inter-pod-affinity.ts";
import { podTopologySpread } from "./pod-topology-spread.ts";

const clock = new VirtualClock();
const transport = createFakeTransport({ clock });
for (const [name, team] of [
  ["a", "x"],
  ["b", "y"],
] as const)
  transport.put(resources.namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name, labels: { team } } });
const client = createClient({ transport, clock, log: silentLogger });
const plugins = [podTopologySpread, createInterPodAffinity({ client })];

const node = (name: string, zone: string): Node => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: { name, labels: { "kubernetes.io/hostname": name, zone } },
});
const nodes = [node("a1", "a"), node("a2", "a"), node("b1", "b")];

type Spec = Partial<NonNullable<Pod["spec"]>>;
const pod = (name: string, app: string, spec: Spec = {}, namespace = "a"): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace, uid: name, labels: { app } },
  spec: { containers: [], ...spec },
});

type Placed = readonly (readonly [Pod, string])[];

function cacheOf(placed: Placed): SchedulerCache {
  const cache = new SchedulerCache();
  for (const entry of nodes) cache.setNode(entry);
  for (const [other, nodeName] of placed) cache.setPod(other, nodeName);
  return cache;
}

async function decide(candidate: Pod, placed: Placed = []): Promise<Decision> {
  await client.informer(resources.namespaces).waitForSync();
  return schedule(podInfo(candidate), cacheOf(placed).snapshot(), { plugins, random: createSeededRandom(1), cursor: { index: 0 } });
}

const chosen = async (candidate: Pod, placed: Placed = []): Promise<string> => {
  const decision = await decide(candidate, placed);
  return decision.type === "bind" ? decision.node.name : decision.message;
};

const near = (app: string, topologyKey: string, more: object = {}): object => ({
  labelSelector: { matchLabels: { app } },
  topologyKey,
  ...more,
});
const affinity = (...required: object[]): Spec =>
  ({ affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } } }) as Spec;
const antiAffinity = (...required: object[]): Spec =>
  ({ affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } } }) as Spec;

describe("InterPodAffinity", () => {
  it("puts a pod where the pods are that it wants, by zone or host", async () => {
    expect(await chosen(pod("p", "web", affinity(near("db", "zone"))), [[pod("d", "db"), "b1"]])).toBe("b1");
    expect(await chosen(pod("p", "web", affinity(near("db", "zone"))))).toBe(
      "0/3 nodes are available: 3 node(s) didn't match pod affinity rules.",
    );
    // The first of a kind that wants its own company.
    expect((await decide(pod("p", "web", affinity(near("web", "zone"))))).type).toBe("bind");
  });

  it("keeps a pod from those that it avoids, and from those that avoid it", async () => {
    const everywhere = nodes.map(({ metadata }, index) => [pod(`w${index}`, "web"), metadata.name ?? ""] as const);
    const apart = antiAffinity(near("web", "kubernetes.io/hostname"));
    expect(await chosen(pod("p", "web", apart), everywhere.slice(0, 2))).toBe("b1");
    expect(await chosen(pod("p", "web", apart), everywhere)).toBe(
      "0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules.",
    );
    const loner = [[pod("l", "loner", antiAffinity(near("web", "zone"))), "a1"]] as const;
    expect(await chosen(pod("p", "web"), loner)).toBe("b1");
    expect(
      await chosen(pod("p", "web", { nodeName: "a2" }), [...loner, [pod("m", "loner", antiAffinity(near("web", "zone"))), "b1"]]),
    ).toBe("0/3 nodes are available: 3 node(s) didn't satisfy existing pods anti-affinity rules.");
  });

  it("minds namespaces: its own, those named, those selected by label", async () => {
    const placed = [[pod("d", "db", {}, "b"), "b1"]] as const;
    expect(await chosen(pod("p", "web", affinity(near("db", "zone"))), placed)).toContain("didn't match pod affinity rules");
    expect(await chosen(pod("p", "web", affinity(near("db", "zone", { namespaces: ["b"] }))), placed)).toBe("b1");
    const selected = near("db", "zone", { namespaceSelector: { matchLabels: { team: "y" } } });
    expect(await chosen(pod("p", "web", affinity(selected)), placed)).toBe("b1");
  });

  it("prefers the company it likes", async () => {
    const preferred = [{ weight: 10, podAffinityTerm: near("db", "zone") }];
    const spec = { affinity: { podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: preferred } } } as Spec;
    expect(await chosen(pod("p", "web", spec), [[pod("d", "db"), "b1"]])).toBe("b1");
  });

  it("is told by preemption that the one it avoids may go", async () => {
    const candidate = podInfo(pod("p", "web", { ...antiAffinity(near("db", "zone")), priority: 10 }));
    const placed = nodes.map(({ metadata }) => [pod(`d-${metadata.name}`, "db", { priority: 1 }), metadata.name ?? ""] as const);
    const snapshot = cacheOf(placed).snapshot();
    const decision = schedule(candidate, snapshot, { plugins, random: createSeededRandom(1), cursor: { index: 0 } });
    if (decision.type !== "unschedulable") throw new Error("it fits");
    const result = preempt(candidate, snapshot, {
      plugins,
      budgets: [],
      refusals: decision.refusals,
      offset: 0,
      nominated: undefined,
      rivals: () => [],
    });
    // In zone a the other node's pod would still be there.
    expect(result).toMatchObject({ type: "nominate", node: "b1", victims: [{ key: "a/d-b1" }] });
  });
});

describe("PodTopologySpread", () => {
  const spread = (whenUnsatisfiable: string, more: object = {}): Spec =>
    ({
      topologySpreadConstraints: [
        { maxSkew: 1, topologyKey: "zone", whenUnsatisfiable, labelSelector: { matchLabels: { app: "web" } }, ...more },
      ],
    }) as Spec;

  it("keeps the difference between zones within the skew", async () => {
    expect(await chosen(pod("p", "web", spread("DoNotSchedule")), [[pod("w", "web"), "a1"]])).toBe("b1");
    const far = spread("DoNotSchedule", { minDomains: 3 });
    expect(
      await chosen(pod("p", "web", far), [
        [pod("w", "web"), "a1"],
        [pod("v", "web"), "b1"],
      ]),
    ).toBe("0/3 nodes are available: 3 node(s) didn't match pod topology spread constraints.");
    expect(await chosen(pod("p", "web", spread("DoNotSchedule", { topologyKey: "rack" })))).toBe(
      "0/3 nodes are available: 3 node(s) didn't match pod topology spread constraints (missing required label).",
    );
  });

  it("does not count pods that are going, of other namespaces or of other kinds", async () => {
    const going = pod("w", "web");
    const placed = [
      [{ ...going, metadata: { ...going.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } }, "a1"],
      [pod("o", "web", {}, "b"), "a2"],
      [pod("d", "db"), "a1"],
      [pod("v", "web"), "b1"],
    ] as const;
    expect(await chosen(pod("p", "web", spread("DoNotSchedule")), placed)).toMatch(/^a/u);
  });

  it("prefers the emptiest zone where it need not insist", async () => {
    expect(await chosen(pod("p", "web", spread("ScheduleAnyway")), [[pod("w", "web"), "a1"]])).toBe("b1");
  });
});
