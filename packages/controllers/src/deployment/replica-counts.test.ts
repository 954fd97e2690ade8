import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Deployment, ReplicaSet } from "@coracle/api";
import { newSetReplicas, oldSetReplicas, proportionalReplicas, rollingLimits, wantedReplicas } from "./replica-counts.ts";

type Limit = number | string;
const deployment = (replicas: number, maxSurge: Limit = "25%", maxUnavailable: Limit = "25%"): Deployment =>
  ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "d" },
    spec: { replicas, strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge, maxUnavailable } } },
  }) as unknown as Deployment;
const set = (name: string, replicas: number, available: number, annotations: Record<string, string> = {}): ReplicaSet =>
  ({
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: { name, uid: name, annotations, creationTimestamp: "2026-01-01T00:00:00Z" },
    spec: { replicas },
    status: { replicas, availableReplicas: available },
  }) as unknown as ReplicaSet;

describe("rollingLimits", () => {
  it.each([
    [10, "25%", "25%", { maxSurge: 3, maxUnavailable: 2 }],
    [1, "25%", "25%", { maxSurge: 1, maxUnavailable: 0 }],
    [4, 0, 0, { maxSurge: 0, maxUnavailable: 1 }],
    [2, 0, 5, { maxSurge: 0, maxUnavailable: 2 }],
  ])("of %i replicas, %s and %s", (replicas, surge, unavailable, expected) => {
    expect(rollingLimits(deployment(replicas, surge, unavailable))).toEqual(expected);
  });
});

describe("a rolling update", () => {
  const limit = fc.oneof(
    fc.integer({ min: 0, max: 6 }),
    fc.integer({ min: 0, max: 100 }).map((percent) => `${percent}%`),
  );
  const scene = fc.record({
    replicas: fc.integer({ min: 1, max: 12 }),
    surge: limit,
    unavailable: limit,
    slow: fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }),
  });

  it("never goes above the surge nor below what must be available, and ends", () => {
    fc.assert(
      fc.property(scene, ({ replicas, surge, unavailable, slow }) => {
        const wanted = deployment(replicas, surge, unavailable);
        const { maxSurge, maxUnavailable } = rollingLimits(wanted);
        let old = { size: replicas, available: replicas };
        let next = { size: 0, available: 0 };
        for (const isSlow of [...slow, ...Array.from({ length: 40 }, () => false)]) {
          const newSet = set("new", next.size, next.available);
          next = { ...next, size: newSetReplicas(wanted, newSet, [newSet, set("old", old.size, old.available)]) };
          const size =
            oldSetReplicas(wanted, set("new", next.size, next.available), [set("old", old.size, old.available)]).get("old") ?? old.size;
          old = { size, available: Math.min(size, old.available) };
          expect(old.size + next.size).toBeLessThanOrEqual(replicas + maxSurge);
          expect(old.available + next.available).toBeGreaterThanOrEqual(replicas - maxUnavailable);
          // One pod becomes available at a time, or none.
          if (!isSlow && next.available < next.size) next = { ...next, available: next.available + 1 };
        }
        expect([old.size, next.size]).toEqual([0, replicas]);
      }),
    );
  });

  it("takes first what is not available anyway", () => {
    expect(oldSetReplicas(deployment(10, 0, 2), set("new", 0, 0), [set("a", 6, 6), set("b", 4, 2)])).toEqual(new Map([["b", 2]]));
  });
});

describe("scaling in the middle of a rolling update", () => {
  it("shares the difference out in proportion", () => {
    const annotations = { "deployment.kubernetes.io/max-replicas": "10" };
    const sizes = proportionalReplicas(deployment(20, 0, 1), [set("a", 6, 6, annotations), set("b", 4, 4, annotations)]);
    expect([...sizes]).toEqual([
      ["a", 12],
      ["b", 8],
    ]);
  });

  it("always adds up", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 40 }),
        fc.array(fc.integer({ min: 1, max: 15 }), { minLength: 2, maxLength: 4 }),
        (replicas, sizes) => {
          const total = sizes.reduce((sum, size) => sum + size, 0);
          const sets = sizes.map((size, index) => set(`s${index}`, size, size, { "deployment.kubernetes.io/max-replicas": String(total) }));
          const wanted = deployment(replicas, 0, 1);
          const result = [...proportionalReplicas(wanted, sets).values()].reduce((sum, size) => sum + size, 0);
          expect(result).toBe(wantedReplicas(wanted));
        },
      ),
    );
  });
});
