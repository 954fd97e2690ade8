/**
 * Streams and proxies: exec, attach, port-forward, logs and the proxy subresources, with clients that speak SPDY (kubectl up to 1.28), WebSocket
 * (kubectl since 1.31) and WebSocket of the protocol's version 4 (client-node).
 */
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { get } from "node:http";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import { Attach, Exec, KubeConfig, Log, PortForward, type V1Status } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RawApi, serverUnderTest, type ServerUnderTest } from "./src/api.ts";
import { eventually, Kubectl, oldestAndNewestKubectl } from "./src/coracle.ts";

let server: ServerUnderTest;
let api: RawApi;

const workloads = `
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}, annotations: {simulated.coracle.dev/app.log-lines: "3"}}
spec:
  containers:
  - {name: app, image: nginx, stdin: true, ports: [{containerPort: 8080}], env: [{name: GREETING, value: hello}]}
  - {name: side, image: nginx}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: plain}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: nobody}
spec: {selector: {app: nobody}, ports: [{port: 80}]}
`;

function kubectlOf(binary = oldestAndNewestKubectl()[0]): Kubectl {
  if (binary === undefined) throw new Error("no kubectl");
  return new Kubectl(binary, server.kubeconfig);
}

beforeAll(async () => {
  server = serverUnderTest("connections", "--nodes", "2");
  api = new RawApi(server.kubeconfig);
  const kubectl = kubectlOf();
  kubectl.pipe(workloads, "apply", "-f", "-");
  kubectl.run("wait", "--for=condition=Ready", "pod/web", "--timeout=60s");
  await eventually(() => expect(kubectl.run("get", "endpoints", "web", "plain", "-o", "name").trim().split("\n")).toHaveLength(2));
  await eventually(() => expect(kubectl.run("get", "endpoints", "plain", "-o", "jsonpath={.subsets[0].addresses[0].ip}")).not.toBe(""));
});
afterAll(() => server[Symbol.dispose]());

const page = (port: number): string => `simulated pod default/web, port ${port}\n`;

/** What a process has printed when it matches; kills it when the test is done. */
class Running implements Disposable {
  readonly #child: ChildProcess;
  output = "";

  constructor(child: ChildProcess) {
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (this.output += chunk.toString()));
  }

  until(pattern: RegExp): Promise<RegExpExecArray> {
    return eventually(() => {
      const match = pattern.exec(this.output);
      if (match === null) throw new Error(`${pattern} is not in: ${this.output}`);
      return match;
    }, 20_000);
  }

  [Symbol.dispose](): void {
    this.#child.kill();
  }
}

function httpGet(port: number, path = "/", socketPath?: string): Promise<{ code: number; text: string; location: string | undefined }> {
  return new Promise((resolve, reject) => {
    const where = socketPath === undefined ? { host: "127.0.0.1", port } : { socketPath };
    get({ ...where, path, agent: false, headers: { host: "localhost" } }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () => resolve({ code: response.statusCode ?? 0, text, location: response.headers.location }));
    }).on("error", reject);
  });
}

describe.each(oldestAndNewestKubectl())("kubectl $version", (binary) => {
  let kubectl: Kubectl;
  beforeAll(() => {
    kubectl = kubectlOf(binary);
  });

  it("runs commands, with exit codes, standard input and a chosen container", () => {
    expect(kubectl.run("exec", "web", "-c", "app", "--", "echo", "running", "in", "container")).toBe("running in container\n");
    expect(kubectl.run("exec", "web", "--", "sh", "-c", "echo $GREETING")).toBe("hello\n");
    expect(kubectl.run("exec", "svc/web", "--", "hostname")).toBe("web\n");
    const long = "a".repeat(20_000);
    expect(kubectl.run("exec", "web", "--", "echo", long)).toBe(`${long}\n`);
    const failed = kubectl.try(["exec", "-i", "web", "--", "sh", "-c", "echo before; exit 3"], { input: "abc" });
    expect([failed.code, failed.stdout, failed.stderr]).toEqual([
      3,
      "before\n",
      expect.stringMatching(/^(Defaulted container.*\n)?command terminated with exit code 3\n$/),
    ]);
  });

  it("is told why a command cannot run", () => {
    expect(kubectl.try(["exec", "nothing", "--", "ls"]).stderr).toBe('Error from server (NotFound): pods "nothing" not found\n');
    expect(kubectl.try(["exec", "web", "-c", "nothing", "--", "ls"]).stderr).toMatch(
      /^Error from server \(BadRequest\): container nothing is not valid for pod web\n$/,
    );
    const denied = kubectl.try(["exec", "web", "-c", "app", "--as=eve", "--", "ls"]);
    expect(denied.stderr).toContain('User "eve" cannot get resource "pods"');
  });

  it("attaches to what a container prints", async () => {
    using attached = new Running(kubectl.spawn("attach", "web", "-c", "app"));
    await attached.until(/line 3/);
  });

  it("forwards ports to pods and services, many connections at a time", async () => {
    using toPod = new Running(kubectl.spawn("port-forward", "pod/web", ":8080"));
    const port = Number((await toPod.until(/Forwarding from 127\.0\.0\.1:(\d+) -> 8080/))[1]);
    const answers = await Promise.all(Array.from({ length: 10 }, () => httpGet(port)));
    expect(answers.map(({ text }) => text)).toEqual(answers.map(() => page(8080)));
    // One client that goes away takes nothing with it.
    const dropped = connect(port, "127.0.0.1");
    await new Promise((resolve) => dropped.once("connect", resolve));
    dropped.destroy();
    expect((await httpGet(port)).text).toBe(page(8080));
    using toService = new Running(kubectl.spawn("port-forward", "service/web", ":80"));
    const other = Number((await toService.until(/Forwarding from 127\.0\.0\.1:(\d+) -> 8080/))[1]);
    expect((await httpGet(other)).text).toBe(page(8080));
  });

  it("reads logs: all, the end, of all containers, as they come", async () => {
    expect(kubectl.run("logs", "web", "-c", "app")).toMatch(/line 1\nline 2\nline 3\n$/);
    expect(kubectl.run("logs", "web", "-c", "app", "--tail=1")).toBe("line 3\n");
    expect(kubectl.run("logs", "web", "-c", "app", "--tail=1", "--timestamps")).toMatch(/^\d{4}-\d\d-\d\dT\S+Z line 3\n$/);
    expect(kubectl.run("logs", "-l", "app=web", "--all-containers", "--prefix", "--tail=1")).toMatch(/^\[pod\/web\/app\] line 3$/m);
    expect(kubectl.try(["logs", "web", "-c", "app", "--previous"]).stderr).toContain(
      'previous terminated container "app" in pod "web" not found',
    );
    using followed = new Running(kubectl.spawn("logs", "-f", "web", "-c", "app"));
    await followed.until(/line 3/);
  });

  it("serves the API on a port and on a socket with kubectl proxy", async () => {
    using proxy = new Running(kubectl.spawn("proxy", "--port=0"));
    const port = Number((await proxy.until(/Starting to serve on 127\.0\.0\.1:(\d+)/))[1]);
    expect(JSON.parse((await httpGet(port, "/api")).text)).toMatchObject({ kind: "APIVersions", versions: ["v1"] });
    expect((await httpGet(port, "/api/v1/namespaces/default/services/plain/proxy/")).text).toBe(page(8080));
    const folder = mkdtempSync(join(tmpdir(), "coracle-proxy-"));
    try {
      const path = join(folder, "socket");
      using other = new Running(kubectl.spawn("proxy", `--unix-socket=${path}`));
      await other.until(/Starting to serve on/);
      expect(JSON.parse((await httpGet(0, "/api", path)).text)).toMatchObject({ kind: "APIVersions" });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("gets raw paths, and writes to them", () => {
    expect(kubectl.run("get", "--raw", "/healthz")).toBe("ok");
    const missing = kubectl.try(["get", "--raw", "/api/v1/namespaces/nothing"]);
    expect([missing.code, missing.stderr]).toEqual([1, 'Error from server (NotFound): namespaces "nothing" not found\n']);
    const map = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"raw"}}';
    const path = "/api/v1/namespaces/default/configmaps";
    expect(JSON.parse(kubectl.pipe(map, "create", "--raw", path, "-f", "-"))).toMatchObject({ metadata: { name: "raw" } });
    expect(JSON.parse(kubectl.run("delete", "--raw", `${path}/raw`))).toMatchObject({ status: "Success" });
  });
});

describe("the proxy subresources", () => {
  async function ask(path: string): Promise<[number, string]> {
    const { code, body } = await api.call("GET", `/api/v1/${path}`);
    const text = body.toString();
    return [code, text.startsWith('{"') ? (JSON.parse(text) as { message: string }).message : text];
  }
  const pod = "namespaces/default/pods";
  const service = "namespaces/default/services";

  it("lead to pods", async () => {
    expect(await ask(`${pod}/web/proxy/`)).toEqual([200, page(8080)]);
    expect(await ask(`${pod}/web:90/proxy/some/path?x=1`)).toEqual([200, page(90)]);
    expect(await ask(`${pod}/http:web:91/proxy/`)).toEqual([200, page(91)]);
    expect(await ask(`${pod}/nothing/proxy/`)).toEqual([404, 'pods "nothing" not found']);
    expect(await ask(`${pod}/ftp:web:1/proxy/`)).toEqual([400, 'invalid pod request "ftp:web:1"']);
    const { code, body } = await api.call("POST", `/api/v1/${pod}/web/proxy/form`, { body: "a=b" });
    expect([code, body.toString()]).toEqual([200, page(8080)]);
  });

  it("lead to the pods of services, by the number or the name of a port", async () => {
    expect(await ask(`${service}/plain/proxy/`)).toEqual([200, page(8080)]);
    expect(await ask(`${service}/web:http/proxy/`)).toEqual([200, page(8080)]);
    expect(await ask(`${service}/web:80/proxy/x`)).toEqual([200, page(8080)]);
    expect(await ask(`${service}/http:web:http/proxy/`)).toEqual([200, page(8080)]);
    expect(await ask(`${service}/web:81/proxy/`)).toEqual([503, 'no service port 81 found for service "web"']);
    expect(await ask(`${service}/web:other/proxy/`)).toEqual([503, 'no endpoints available for service "web:other"']);
    expect(await ask(`${service}/nobody/proxy/`)).toEqual([503, 'no endpoints available for service "nobody"']);
    expect(await ask(`${service}/nothing/proxy/`)).toEqual([404, 'services "nothing" not found']);
    expect(await ask(`${service}/a:b:c:d/proxy/`)).toEqual([400, 'invalid service request "a:b:c:d"']);
  });

  it("send the root of a site to its folder", async () => {
    const { code, headers } = await api.call("GET", `/api/v1/${service}/plain/proxy?x=1`);
    expect([code, headers["location"]]).toEqual([301, `/api/v1/${service}/plain/proxy/?x=1`]);
  });

  it("lead to kubelets, by their port too, but not to what else listens on the machine", async () => {
    const { value } = await api.json<{
      items: { metadata: { name: string }; status: { daemonEndpoints: { kubeletEndpoint: { Port: number } } } }[];
    }>("GET", "/api/v1/nodes");
    const other = createServer((socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecret"));
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    try {
      for (const { metadata, status } of value.items) {
        expect(await ask(`nodes/${metadata.name}/proxy/healthz`)).toEqual([200, "ok"]);
        expect(await ask(`nodes/${metadata.name}:${status.daemonEndpoints.kubeletEndpoint.Port}/proxy/healthz`)).toEqual([200, "ok"]);
        const { port } = other.address() as AddressInfo;
        expect(await ask(`nodes/${metadata.name}:${port}/proxy/`)).toEqual([400, "address not allowed"]);
      }
    } finally {
      other.close();
    }
  });

  it("do not lead to endpoints that are no pods", async () => {
    const name = "elsewhere";
    await api.json("POST", `/api/v1/${service}`, {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name },
      spec: { ports: [{ port: 80 }] },
    });
    await api.json("POST", "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices", {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name, labels: { "kubernetes.io/service-name": name } },
      addressType: "IPv4",
      ports: [{ name: "", port: 80 }],
      endpoints: [{ addresses: ["10.1.2.3"], targetRef: { kind: "Pod", namespace: "default", name: "web" } }, { addresses: ["10.1.2.4"] }],
    });
    expect(await ask(`${service}/${name}/proxy/`)).toEqual([503, `no endpoints available for service "${name}"`]);
  });
});

describe("client-node", () => {
  let config: KubeConfig;
  beforeAll(() => {
    config = new KubeConfig();
    config.loadFromFile(server.kubeconfig);
  });

  class Collector extends Writable {
    text = "";
    override _write(chunk: Buffer, _encoding: string, done: () => void): void {
      this.text += chunk.toString();
      done();
    }
  }

  it("runs commands and learns how they ended", async () => {
    const run = async (command: string[]): Promise<{ output: string; status: V1Status }> => {
      const output = new Collector();
      const status = await new Promise<V1Status>((resolve, reject) => {
        new Exec(config).exec("default", "web", "app", command, output, new Collector(), null, false, resolve).catch(reject);
      });
      return { output: output.text, status };
    };
    expect(await run(["echo", "hi"])).toMatchObject({ output: "hi\n", status: { status: "Success" } });
    expect((await run(["sh", "-c", "exit 7"])).status).toMatchObject({
      status: "Failure",
      reason: "NonZeroExitCode",
      message: expect.stringMatching(/^command terminated with non-zero exit code/),
      details: { causes: [{ reason: "ExitCode", message: "7" }] },
    });
  });

  it("attaches, follows logs and forwards a port", async () => {
    const attached = new Collector();
    const socket = await new Attach(config).attach("default", "web", "app", attached, new Collector(), null, false);
    await eventually(() => expect(attached.text).toContain("line 3"));
    socket.close();
    const logged = new Collector();
    const aborter = await new Log(config).log("default", "web", "app", logged, { follow: true, tailLines: 1 });
    await eventually(() => expect(logged.text).toBe("line 3\n"));
    aborter.abort();
    const answer = new Collector();
    const input = new PassThrough();
    const forwarded = await new PortForward(config).portForward("default", "web", [8080], answer, new Collector(), input);
    input.write("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
    await eventually(() => expect(answer.text).toContain(page(8080)));
    (typeof forwarded === "function" ? forwarded() : forwarded)?.close();
  });
});
