import { describe, expect, it } from "vitest";
import type { EndpointSlice, Service } from "@coracle/api";
import { authorityOf, resolveChain, resolveName, type ZoneSource } from "./records.ts";

const service = (name: string, spec: Service["spec"]): Service => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: "shop" },
  ...(spec !== undefined && { spec }),
});
const services = new Map([
  ["web", service("web", { clusterIP: "10.96.0.5", ports: [{ name: "http", port: 80, protocol: "TCP" }] })],
  ["db", service("db", { clusterIP: "None", ports: [{ name: "sql", port: 5432, protocol: "TCP" }] })],
  ["inside", service("inside", { type: "ExternalName", externalName: "web.shop.svc.cluster.local" })],
  ["twice", service("twice", { type: "ExternalName", externalName: "inside.shop.svc.cluster.local" })],
  ["nowhere", service("nowhere", { type: "ExternalName", externalName: "gone.shop.svc.cluster.local" })],
  ["loop", service("loop", { type: "ExternalName", externalName: "loop.shop.svc.cluster.local" })],
  ["outside", service("outside", { type: "ExternalName", externalName: "example.com" })],
]);
const slice: EndpointSlice = {
  apiVersion: "discovery.k8s.io/v1",
  kind: "EndpointSlice",
  metadata: { name: "db-1", namespace: "shop" },
  addressType: "IPv4",
  ports: [{ name: "sql", port: 5432 }],
  endpoints: [
    { addresses: ["10.244.0.2"], hostname: "db-0", conditions: { ready: true } },
    { addresses: ["10.244.0.3"], hostname: "db-1", conditions: { ready: false } },
  ],
};
const source: ZoneSource = {
  service: (namespace, name) => (namespace === "shop" ? services.get(name) : undefined),
  hasNamespace: (namespace) => namespace === "shop",
  slices: (key) => (key === "shop/db" ? [slice] : []),
  nameOf: (address) => (address === "10.96.0.5" ? "web.shop.svc.cluster.local" : undefined),
};
const ask = (name: string, type = "A"): unknown => {
  const answer = resolveName(name, type, "cluster.local", source);
  return answer === undefined ? undefined : answer.rcode === "NXDOMAIN" ? "NXDOMAIN" : answer.answers.map((record) => record.data);
};

describe("resolveName", () => {
  it("knows services by their cluster IP, in any case, with and without the last dot", () => {
    expect(ask("web.shop.svc.cluster.local")).toEqual(["10.96.0.5"]);
    expect(ask("WEB.Shop.svc.cluster.local.")).toEqual(["10.96.0.5"]);
    expect(ask("web.shop.svc.cluster.local", "AAAA")).toEqual([]);
  });

  it("knows the ready endpoints of headless services, and each by its host name", () => {
    expect(ask("db.shop.svc.cluster.local")).toEqual(["10.244.0.2"]);
    expect(ask("db-0.db.shop.svc.cluster.local")).toEqual(["10.244.0.2"]);
    expect(ask("db-1.db.shop.svc.cluster.local")).toBe("NXDOMAIN");
  });

  it("knows named ports", () => {
    expect(ask("_http._tcp.web.shop.svc.cluster.local", "SRV")).toEqual([
      { port: 80, target: "web.shop.svc.cluster.local", priority: 0, weight: 100 },
    ]);
    expect(ask("_sql._tcp.db.shop.svc.cluster.local", "SRV")).toEqual([
      { port: 5432, target: "db-0.db.shop.svc.cluster.local", priority: 0, weight: 100 },
    ]);
    expect(ask("_ftp._tcp.web.shop.svc.cluster.local", "SRV")).toBe("NXDOMAIN");
  });

  it("knows pods by address, external names, and addresses backwards", () => {
    expect(ask("10-244-0-9.shop.pod.cluster.local")).toEqual(["10.244.0.9"]);
    expect(ask("10-244-0-999.shop.pod.cluster.local")).toBe("NXDOMAIN");
    expect(ask("outside.shop.svc.cluster.local")).toEqual(["example.com"]);
    expect(ask("5.0.96.10.in-addr.arpa", "PTR")).toEqual(["web.shop.svc.cluster.local"]);
  });

  it("denies what is not there, and leaves other names to others", () => {
    expect(ask("none.shop.svc.cluster.local")).toBe("NXDOMAIN");
    expect(ask("web.other.svc.cluster.local")).toBe("NXDOMAIN");
    expect(ask("shop.svc.cluster.local")).toEqual([]);
    expect(ask("example.com")).toBeUndefined();
    expect(ask("1.2.3.4.in-addr.arpa", "PTR")).toBeUndefined();
  });
});

describe("resolveChain", () => {
  const follow = (name: string, type = "A"): unknown => {
    const chain = resolveChain(`${name}.shop.svc.cluster.local`, type, "cluster.local", source);
    return [chain?.rcode, chain?.answers.map((record) => record.data), chain?.outside];
  };

  it("follows external names within the zone, and tells those that lead out of it", () => {
    expect(follow("outside")).toEqual(["NOERROR", ["example.com"], "example.com"]);
    expect(follow("outside", "CNAME")).toEqual(["NOERROR", ["example.com"], undefined]);
    expect(follow("inside")).toEqual(["NOERROR", ["web.shop.svc.cluster.local", "10.96.0.5"], undefined]);
    expect(follow("twice")).toEqual(["NOERROR", ["inside.shop.svc.cluster.local", "web.shop.svc.cluster.local", "10.96.0.5"], undefined]);
    expect(follow("nowhere")).toEqual(["NXDOMAIN", ["gone.shop.svc.cluster.local"], undefined]);
    expect(follow("web")).toEqual(["NOERROR", ["10.96.0.5"], undefined]);
  });

  it("comes to an end where names go in circles", () => {
    expect((follow("loop") as [string, string[]])[1].length).toBeLessThan(20);
  });

  it("knows what the zone is", () => {
    expect(resolveChain("cluster.local", "NS", "cluster.local", source)?.answers).toEqual([
      { type: "NS", name: "cluster.local", data: "ns.dns.cluster.local" },
    ]);
    expect(authorityOf("cluster.local", 7)).toEqual({
      type: "SOA",
      name: "cluster.local",
      data: {
        mname: "ns.dns.cluster.local",
        rname: "hostmaster.cluster.local",
        serial: 7,
        refresh: 7200,
        retry: 1800,
        expire: 86_400,
        minimum: 5,
      },
    });
  });
});
