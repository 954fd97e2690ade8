import { createSocket } from "node:dgram";
import { decode, encode, type DecodedPacket, type Question } from "dns-packet";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { resources, type Namespace, type Service } from "@coracle/api";
import { createSeededRandom, silentLogger, systemClock } from "@coracle/base";
import { createClient, createFakeTransport } from "@coracle/client";
import { createClusterDns, type ClusterDns } from "./cluster-dns.ts";

let dns: ClusterDns;
let port: number;
beforeEach(async () => {
  const transport = createFakeTransport({ clock: systemClock });
  transport.put(resources.namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } } as Namespace);
  const put = (name: string, spec: Service["spec"]): void =>
    void transport.put(resources.services, { apiVersion: "v1", kind: "Service", metadata: { name, namespace: "shop" }, spec } as Service);
  put("web", { clusterIP: "10.96.0.5", clusterIPs: ["10.96.0.5"], ports: [{ name: "http", port: 80, protocol: "TCP" }] });
  put("alias", { type: "ExternalName", externalName: "web.shop.svc.cluster.local" });
  put("outside", { type: "ExternalName", externalName: "example.com" });
  const client = createClient({ transport, clock: systemClock, log: silentLogger });
  dns = createClusterDns({
    client,
    clock: systemClock,
    random: createSeededRandom(1),
    log: silentLogger,
    host: "127.0.0.1",
    port: 0,
    upstreams: [],
  });
  port = await dns.start();
});
afterEach(() => dns.stop());

function ask(name: string, type: Question["type"]): Promise<DecodedPacket> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    socket.once("message", (message) => {
      socket.close();
      resolve(decode(message));
    });
    socket.send(encode({ type: "query", id: 7, flags: 1 << 8, questions: [{ type, name }] }), port, "127.0.0.1");
  });
}

describe("the cluster's DNS server", () => {
  it("follows external names that stay within the cluster", async () => {
    const { answers } = await ask("alias.shop.svc.cluster.local", "A");
    expect(answers).toMatchObject([
      { type: "CNAME", name: "alias.shop.svc.cluster.local", data: "web.shop.svc.cluster.local" },
      { type: "A", name: "web.shop.svc.cluster.local", data: "10.96.0.5" },
    ]);
  });

  it("gives the name alone where nobody outside answers", async () => {
    expect((await ask("outside.shop.svc.cluster.local", "A")).answers).toMatchObject([{ type: "CNAME", data: "example.com" }]);
  });

  it("describes the zone in answers that something is not there", async () => {
    const denied = (await ask("gone.shop.svc.cluster.local", "A")) as DecodedPacket & { rcode: string };
    expect(denied.rcode).toBe("NXDOMAIN");
    expect(denied.authorities).toMatchObject([{ type: "SOA", name: "cluster.local", ttl: 5, data: { minimum: 5 } }]);
    const empty = (await ask("web.shop.svc.cluster.local", "AAAA")) as DecodedPacket & { rcode: string };
    expect(empty).toMatchObject({ rcode: "NOERROR", answers: [], authorities: [{ type: "SOA" }] });
    expect((await ask("cluster.local", "SOA")).answers).toMatchObject([{ type: "SOA", name: "cluster.local" }]);
    expect((await ask("web.shop.svc.cluster.local", "A")).authorities).toEqual([]);
  });
});
