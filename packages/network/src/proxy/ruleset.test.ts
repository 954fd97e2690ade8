import { describe, expect, it } from "vitest";
import type { EndpointSlice, Service } from "@coracle/api";
import { computeRoutes, type ServiceRoute } from "./model.ts";
import { buildRuleset, changeScript, emptyRuleset } from "./ruleset.ts";

const web: Service = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web", namespace: "d" },
  spec: {
    type: "NodePort",
    clusterIP: "10.96.0.5",
    clusterIPs: ["10.96.0.5"],
    ports: [{ name: "http", port: 80, nodePort: 30080, protocol: "TCP" }],
  },
};
type Condition = NonNullable<NonNullable<EndpointSlice["endpoints"]>[number]["conditions"]>;
const slice = (...endpoints: [string, Condition][]): EndpointSlice => ({
  apiVersion: "discovery.k8s.io/v1",
  kind: "EndpointSlice",
  metadata: { name: "web-1", namespace: "d" },
  addressType: "IPv4",
  ports: [{ name: "http", port: 8080 }],
  endpoints: endpoints.map(([address, conditions]) => ({ addresses: [address], conditions })),
});
const routes = (...endpoints: [string, Condition][]): ServiceRoute[] =>
  computeRoutes([web], () => [slice(...endpoints)], { nodeName: "n" });
const addresses = (list: readonly ServiceRoute[]): string[] =>
  list.flatMap((route) => route.endpoints.map((endpoint) => `${endpoint.ip}:${endpoint.port}`));
const options = { clusterCidr: "10.244.0.0/16", masqueradeAll: false };

describe("computeRoutes", () => {
  it("takes ready endpoints, and those that still serve only when none is ready", () => {
    const leaving = { ready: false, serving: true, terminating: true };
    expect(addresses(routes(["10.244.0.3", { ready: true }], ["10.244.0.2", { ready: true }], ["10.244.0.4", leaving]))).toEqual([
      "10.244.0.2:8080",
      "10.244.0.3:8080",
    ]);
    expect(addresses(routes(["10.244.0.4", leaving], ["10.244.0.5", { ready: false, serving: false, terminating: true }]))).toEqual([
      "10.244.0.4:8080",
    ]);
  });

  it("leaves headless and external services out", () => {
    const headless = { ...web, spec: { ...web.spec, clusterIP: "None", clusterIPs: ["None"] } };
    const external = { ...web, spec: { ...web.spec, type: "ExternalName" } };
    expect(computeRoutes([headless, external], () => [], { nodeName: "n" })).toEqual([]);
  });
});

describe("changeScript", () => {
  const before = buildRuleset(routes(["10.244.0.2", { ready: true }], ["10.244.0.3", { ready: true }]), options);

  it("makes everything at first, nothing when nothing changed, and takes everything away", () => {
    const script = changeScript("t", emptyRuleset, before);
    expect(script).toMatch(/add element ip t service_ips { 10\.96\.0\.5 \. tcp \. 80 : goto svc_/);
    expect(script).toMatch(/add element ip t service_nodeports { tcp \. 30080 : goto ext_svc_/);
    expect(script).toMatch(/numgen random mod 2/);
    expect(changeScript("t", before, before)).toBe("");
    const removal = changeScript("t", before, emptyRuleset);
    expect(removal).toMatch(/delete element ip t service_ips { 10\.96\.0\.5/);
    expect(removal.match(/delete chain/g)).toHaveLength(before.chains.size);
    // Elements lead to chains: they go first.
    expect(removal.indexOf("delete element")).toBeLessThan(removal.indexOf("delete chain"));
  });

  it("touches only the chains that change when an endpoint goes", () => {
    const script = changeScript("t", before, buildRuleset(routes(["10.244.0.3", { ready: true }]), options));
    expect(script.match(/flush chain/g)).toHaveLength(2);
    expect(script.match(/delete chain/g)).toHaveLength(1);
    expect(script).not.toMatch(/element/);
  });

  it("refuses connections to services without endpoints", () => {
    const script = changeScript("t", before, buildRuleset(routes(), options));
    expect(script).toMatch(/add element ip t no_endpoint_ips { 10\.96\.0\.5 \. tcp \. 80 }/);
    expect(script).toMatch(/delete element ip t service_ips/);
  });
});
