import type { Endpoint, EndpointSlice, Service } from "@coracle/api";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planSlices, type EndpointGroup, type SlicePlan } from "./plan-slices.ts";

const service = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web", namespace: "a", uid: "u1", labels: { app: "web" } },
  spec: { clusterIP: "10.0.0.1" },
} as Service;

function endpoint(name: string, ready = true): Endpoint {
  return { addresses: [`10.1.0.${name}`], conditions: { ready }, targetRef: { kind: "Pod", namespace: "a", name } };
}

const http = [{ name: "", port: 80, protocol: "TCP" }] as EndpointGroup["ports"];

let sequence = 0;

/** What the API server has after a plan was carried out. */
function carryOut(existing: readonly EndpointSlice[], plan: SlicePlan): EndpointSlice[] {
  const gone = new Set(plan.remove.map(({ metadata }) => metadata.name));
  const updated = new Map(plan.update.map((slice) => [slice.metadata.name, slice]));
  const kept = existing.filter(({ metadata }) => !gone.has(metadata.name)).map((slice) => updated.get(slice.metadata.name) ?? slice);
  return [...kept, ...plan.create.map((slice) => ({ ...slice, metadata: { ...slice.metadata, name: `web-${sequence++}` } }))];
}

function run(existing: readonly EndpointSlice[], groups: readonly EndpointGroup[], max = 3): { plan: SlicePlan; slices: EndpointSlice[] } {
  const plan = planSlices({ service, addressType: "IPv4", groups, existing, maxEndpointsPerSlice: max });
  return { plan, slices: carryOut(existing, plan) };
}

const names = (slices: readonly EndpointSlice[]): string[][] =>
  slices.map(({ endpoints }) => (endpoints ?? []).map(({ targetRef }) => targetRef?.name ?? ""));

describe("planSlices", () => {
  it("gives a Service without endpoints one empty slice and leaves it alone", () => {
    const { plan, slices } = run([], []);
    expect(plan.create).toMatchObject([
      {
        metadata: {
          generateName: "web-",
          namespace: "a",
          labels: {
            app: "web",
            "kubernetes.io/service-name": "web",
            "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
          },
          ownerReferences: [{ apiVersion: "v1", kind: "Service", name: "web", uid: "u1", controller: true, blockOwnerDeletion: true }],
        },
        addressType: "IPv4",
        endpoints: [],
        ports: [],
      },
    ]);
    expect(run(slices, []).plan).toEqual({ create: [], update: [], remove: [] });
  });

  it("fills the empty slice instead of making another, and empties it again", () => {
    const empty = run([], []).slices;
    const filled = run(empty, [{ ports: http, endpoints: [endpoint("1")] }]);
    expect(filled.plan).toMatchObject({ create: [], remove: [], update: [{ metadata: { name: empty[0]?.metadata.name }, ports: http }] });
    const again = run(filled.slices, []);
    expect(again.plan).toMatchObject({ create: [], remove: [], update: [{ endpoints: [], ports: [] }] });
  });

  it("keeps endpoints where they are and puts new ones into slices that change anyway", () => {
    const first = run([], [{ ports: http, endpoints: ["1", "2", "3", "4", "5"].map((name) => endpoint(name)) }]).slices;
    expect(names(first)).toEqual([
      ["1", "2", "3"],
      ["4", "5"],
    ]);
    const { plan, slices } = run(first, [{ ports: http, endpoints: ["1", "3", "4", "5", "6"].map((name) => endpoint(name)) }]);
    expect([plan.create.length, plan.update.length, plan.remove.length]).toEqual([0, 1, 0]);
    expect(names(slices)).toEqual([
      ["1", "3", "6"],
      ["4", "5"],
    ]);
  });

  it("updates a slice when a condition of an endpoint or a label of the Service changes", () => {
    const first = run([], [{ ports: http, endpoints: [endpoint("1")] }]).slices;
    expect(run(first, [{ ports: http, endpoints: [endpoint("1", false)] }]).plan.update).toHaveLength(1);
    const relabelled = { ...service, metadata: { ...service.metadata, labels: { app: "other" } } };
    const groups = [{ ports: http, endpoints: [endpoint("1")] }];
    const plan = planSlices({ service: relabelled, addressType: "IPv4", groups, existing: first, maxEndpointsPerSlice: 3 });
    expect(plan.update[0]?.metadata.labels).toMatchObject({ app: "other" });
  });

  it("deletes slices of an earlier Service of the name", () => {
    const old = run([], []).slices.map((slice) => ({ ...slice, metadata: { ...slice.metadata, ownerReferences: [] } }));
    const { plan } = run(old, []);
    expect([plan.create.length, plan.update.length, plan.remove.length]).toEqual([1, 0, 1]);
  });

  it("holds exactly the wanted endpoints whatever was there, within the limit, and is then content", () => {
    const set = fc.uniqueArray(fc.nat(30), { maxLength: 20 });
    fc.assert(
      fc.property(fc.array(set, { minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: 5 }), (steps, max) => {
        let slices: EndpointSlice[] = [];
        for (const numbers of steps) {
          // Odd endpoints are reached on another port.
          const ofPort = (parity: number): Endpoint[] =>
            numbers.filter((n) => n % 2 === parity).map((n) => endpoint(String(n), n % 3 === 0));
          const groups = [
            { ports: http, endpoints: ofPort(0) },
            { ports: [{ name: "x", port: 81, protocol: "TCP" }] as EndpointGroup["ports"], endpoints: ofPort(1) },
          ].filter(({ endpoints }) => endpoints.length > 0);
          ({ slices } = run(slices, groups, max));
          const numbersHeld = names(slices)
            .flat()
            .map(Number)
            .sort((a, b) => a - b);
          expect(numbersHeld).toEqual(numbers.toSorted((a, b) => a - b));
          expect(slices.length).toBeGreaterThan(0);
          expect(Math.max(...names(slices).map((held) => held.length))).toBeLessThanOrEqual(max);
          const { plan } = run(slices, groups, max);
          expect([plan.create.length, plan.update.length, plan.remove.length]).toEqual([0, 0, 0]);
        }
      }),
    );
  });
});
