import { request } from "node:https";
import { createSeededRandom, silentLogger, systemClock } from "@coracle/base";
import { resources, type Pod } from "@coracle/api";
import { createCertificateAuthority, dayMs, issueCertificate } from "@coracle/certificates";
import { createClient, createFakeTransport, type Client } from "@coracle/client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createKubelet, type Kubelet } from "../kubelet.ts";
import { createSimulatedRuntime } from "../runtime/simulated/simulated-runtime.ts";
import { createKubeletServer, type KubeletServer } from "./kubelet-server.ts";

interface Reviewed {
  readonly metadata: object;
  readonly spec: { readonly token?: string; readonly user?: string; readonly resourceAttributes?: { readonly subresource?: string } };
}

/** An API server that knows one token, and lets its owner read metrics. */
function createReviewer(): { client: Client; asked: string[] } {
  const asked: string[] = [];
  const create = async ({ metadata, spec }: Reviewed): Promise<unknown> => {
    asked.push(spec.token === undefined ? `may ${spec.user} ${spec.resourceAttributes?.subresource}` : `who is ${spec.token}`);
    if (spec.token !== undefined)
      return { metadata, status: { authenticated: spec.token === "good", user: { username: "prometheus", groups: ["g"] } } };
    return { metadata, status: { allowed: spec.resourceAttributes?.subresource === "metrics" } };
  };
  return { client: { resource: () => ({ create }) } as unknown as Client, asked };
}

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
    spec: {
      nodeName: "node-1",
      restartPolicy: "Always",
      containers: [{ name: "app", image: "nginx", readinessProbe: { exec: { command: ["true"] } } }],
    },
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

function get(
  path: string,
  identity: { cert?: string; key?: string; headers?: Record<string, string>; port?: number } = issue("kube-apiserver", ["client"]),
): Promise<[number, string]> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: "127.0.0.1", port, path, ca: authority.certificatePem, servername: "", ...identity }, (response) => {
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

test("the agent tells what it does, what it is configured to do, and what runs", async () => {
  const [, metrics] = await get("/metrics");
  for (const line of [
    'kubelet_node_name{node="node-1"} 1',
    'kubelet_desired_pods{static=""} 1',
    "kubelet_running_pods 1",
    'kubelet_running_containers{container_state="running"} 1',
    'kubelet_runtime_operations_total{operation_type="run_podsandbox"} 1',
    'kubelet_runtime_operations_duration_seconds_count{operation_type="create_container"} 1',
  ])
    expect(metrics.split("\n")).toContain(line);
  const labels = 'container="app",namespace="default",pod="web",pod_uid="[^"]*",probe_type="Readiness"';
  expect((await get("/metrics/probes"))[1]).toMatch(new RegExp(`prober_probe_total\\{${labels},result="successful"\\} [1-9]`));
  expect((await get("/metrics/cadvisor"))[1]).toMatch(
    /container_memory_working_set_bytes\{container="app",id="(\S+)",image="nginx",name="\1",namespace="default",pod="web"\} 1048576\n/,
  );
  expect(JSON.parse((await get("/configz"))[1])).toMatchObject({
    kubeletconfig: { kind: "KubeletConfiguration", clusterDomain: "cluster.local", maxPods: 110 },
  });
  const running = JSON.parse((await get("/runningpods/"))[1]) as { items: Pod[] };
  expect(running.items).toMatchObject([{ metadata: { name: "web" }, spec: { containers: [{ name: "app" }] } }]);
  expect(await get("/healthz?verbose")).toEqual([200, "[+]ping ok\n[+]syncloop ok\nhealthz check passed\n"]);
  expect(await get("/healthz/syncloop")).toEqual([200, "ok"]);
  expect(await get("/metrics/nothing")).toEqual([404, "404 page not found"]);
});

test("only the API server is let in", async () => {
  await expect(get("/healthz", {})).rejects.toThrow();
  expect((await get("/healthz", issue("somebody", ["client"])))[0]).toBe(403);
  expect(await get("/healthz")).toEqual([200, "ok"]);
});

test("metrics and the summary are for one node, which the host or the path names", async () => {
  const [status, text] = await get("/metrics/resource");
  expect([status, /container_memory_working_set_bytes\{container="app",namespace="default",pod="web"\} 1048576 /.test(text)]).toEqual([
    200,
    true,
  ]);
  const [, summary] = await get("/stats/summary");
  expect(JSON.parse(summary)).toMatchObject({
    node: { nodeName: "node-1" },
    pods: [{ podRef: { name: "web" }, containers: [{ name: "app" }] }],
  });
  const other = { ...kubelet, nodeName: "node-2", runtime: kubelet.runtime, pods: () => [] } as Kubelet;
  const both = createKubeletServer({
    kubelets: () => [kubelet, other],
    tls: issue("node-1", ["server"]),
    clientCa: authority.certificatePem,
    clock: systemClock,
    log: silentLogger,
  });
  try {
    const identity = { ...issue("anybody", ["client"]), port: await both.listen(0, "127.0.0.1") };
    expect(await get("/metrics/resource", identity)).toEqual([421, "this server is for several nodes: name one as the host"]);
    expect((await get("/metrics/resource", { ...identity, headers: { host: "node-1:10250" } }))[1]).toContain('pod="web"');
    const [, empty] = await get("/metrics/nodes/node-2/metrics/resource", identity);
    expect([empty.includes('pod="web"'), empty.includes("node_memory_working_set_bytes 1048576")]).toEqual([false, true]);
  } finally {
    await both.close();
  }
});

test("others are let in with a token and the right to what they ask for", async () => {
  const { client, asked } = createReviewer();
  const open = createKubeletServer({
    kubelets: () => [kubelet],
    tls: issue("node-1", ["server"]),
    clientCa: authority.certificatePem,
    clientNames: ["kube-apiserver"],
    reviewer: client,
    clock: systemClock,
    log: silentLogger,
  });
  try {
    const at = { port: await open.listen(0, "127.0.0.1") };
    const bearer = (token: string) => ({ ...at, headers: { authorization: `Bearer ${token}` } });
    expect(await get("/metrics/resource", at)).toEqual([401, "Unauthorized"]);
    expect(await get("/metrics/resource", bearer("bad"))).toEqual([401, "Unauthorized"]);
    expect((await get("/metrics/resource", bearer("good")))[0]).toBe(200);
    expect((await get("/metrics/resource", bearer("good")))[0]).toBe(200);
    expect(await get("/pods", bearer("good"))).toEqual([
      403,
      "Forbidden (user=prometheus, verb=get, resource=nodes, subresource(s)=[pods proxy])\n",
    ]);
    expect((await get("/stats/summary", { ...at, ...issue("somebody", ["client"]) }))[0]).toBe(403);
    expect((await get("/pods", { ...at, ...issue("kube-apiserver", ["client"]) }))[0]).toBe(200);
    expect(asked).toEqual([
      "who is bad",
      "who is good",
      "may prometheus metrics",
      "may prometheus pods",
      "may prometheus proxy",
      "may somebody stats",
    ]);
  } finally {
    await open.close();
  }
});
