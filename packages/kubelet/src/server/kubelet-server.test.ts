import { request } from "node:https";
import { createSeededRandom, silentLogger, systemClock } from "@coracle/base";
import { resources, type Pod } from "@coracle/api";
import { createCertificateAuthority, dayMs, issueCertificate } from "@coracle/certificates";
import { createClient, createFakeTransport } from "@coracle/client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createKubelet, type Kubelet } from "../kubelet.ts";
import { createSimulatedRuntime } from "../runtime/simulated/simulated-runtime.ts";
import { createKubeletServer, type KubeletServer } from "./kubelet-server.ts";

const validity = { notBeforeMs: systemClock.now() - dayMs, notAfterMs: systemClock.now() + dayMs };
const authority = createCertificateAuthority({ commonName: "kubernetes", ...validity });
const issue = (commonName: string, usages: readonly ("client" | "server")[]) => {
  const { certificatePem: cert, privateKeyPem: key = "" } = issueCertificate(authority, {
    ...validity,
    commonName,
    usages,
    ipAddresses: ["127.0.0.1"],
  });
  return { cert, key };
};

let kubelet: Kubelet;
let server: KubeletServer;
let port: number;

beforeAll(async () => {
  const clock = systemClock;
  const random = createSeededRandom(1);
  const transport = createFakeTransport({ clock });
  const client = createClient({ transport, clock, log: silentLogger });
  transport.put(resources.pods, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web", namespace: "default", annotations: { "simulated.coracle.dev/app.log-lines": "3" } },
    spec: { nodeName: "node-1", restartPolicy: "Always", containers: [{ name: "app", image: "nginx" }] },
  } as Pod);
  const runtime = createSimulatedRuntime({ clock, random, podCidr: "10.244.0.0/24" });
  const common = { client, runtime, clock, random, log: silentLogger, events: { record: () => undefined } };
  const network = { nodeAddress: "127.0.0.1", podCidr: "", clusterDns: [], clusterDomain: "cluster.local", server: undefined };
  kubelet = createKubelet({ nodeName: "node-1", rootDirectory: "/nonexistent", ...common, ...network });
  await kubelet.start();
  const clientCa = authority.certificatePem;
  server = createKubeletServer({
    kubelets: () => [kubelet],
    tls: issue("node-1", ["server"]),
    clientCa,
    clientNames: ["kube-apiserver"],
    clock,
    log: silentLogger,
  });
  port = await server.listen(0, "127.0.0.1");
  while (transport.get(resources.pods, "default/web")?.status?.phase !== "Running") await clock.sleep(5);
});

afterAll(async () => {
  await server.close();
  await kubelet.stop();
});

function get(path: string, identity: { cert?: string; key?: string } = issue("kube-apiserver", ["client"])): Promise<[number, string]> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: "127.0.0.1", port, path, ca: authority.certificatePem, ...identity }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => resolve([response.statusCode ?? 0, Buffer.concat(chunks).toString()]));
    });
    outgoing.on("error", reject).end();
  });
}

test("logs: all, the tail, from now on", async () => {
  const [status, text] = await get("/containerLogs/default/web/app");
  expect([status, text.split("\n").slice(1)]).toEqual([200, ["line 1", "line 2", "line 3", ""]]);
  expect(await get("/containerLogs/default/web/app?tailLines=1")).toEqual([200, "line 3\n"]);
  expect(await get("/containerLogs/default/web/app?limitBytes=9&tailLines=2")).toEqual([200, "line 2\nli"]);
  expect((await get("/containerLogs/default/web/app?timestamps=true&tailLines=1"))[1]).toMatch(/^\d{4}-\S+Z line 3\n$/);
  expect(await get("/containerLogs/default/web/app?previous=true")).toEqual([
    400,
    'previous terminated container "app" in pod "web" not found',
  ]);
  expect((await get("/containerLogs/default/nothing/app"))[0]).toBe(404);
});

test("pods are listed", async () => {
  const [, text] = await get("/pods");
  expect((JSON.parse(text) as { items: Pod[] }).items.map(({ metadata }) => metadata.name)).toEqual(["web"]);
});

test("only the API server is let in", async () => {
  await expect(get("/healthz", {})).rejects.toThrow();
  expect((await get("/healthz", issue("somebody", ["client"])))[0]).toBe(403);
  expect(await get("/healthz")).toEqual([200, "ok"]);
});
