/** What the official suite asks of kubectl, with the newest one at hand. */
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { serverUnderTest, type ServerUnderTest } from "../src/api.ts";
import { eventually, Kubectl, oldestAndNewestKubectl } from "../src/coracle.ts";
import { official } from "./list.ts";

let server: ServerUnderTest;
let client: Kubectl;
let namespace = "";
let count = 0;

beforeAll(() => {
  server = serverUnderTest("official-kubectl");
  const newest = oldestAndNewestKubectl().at(-1);
  if (newest === undefined) throw new Error("no kubectl");
  client = new Kubectl(newest, server.kubeconfig);
});
afterAll(() => server[Symbol.dispose]());
beforeEach(async () => {
  namespace = `kubectl-${++count}`;
  client.run("create", "namespace", namespace);
  await eventually(() => client.run("-n", namespace, "get", "serviceaccount", "default"));
});

const kubectl = (...args: string[]): string => client.run("-n", namespace, ...args);
const piped = (manifest: object, ...args: string[]): string => client.pipe(JSON.stringify(manifest), "-n", namespace, ...args);
const jsonpath = (path: string, ...args: string[]): string => kubectl("get", ...args, "-o", `jsonpath=${path}`);

function controller(name: string, replicas: number, labels: Record<string, string>): object {
  const containers = [{ name, image: "nginx:1", ports: [{ containerPort: 6379, name: "agnhost-server" }] }];
  return {
    apiVersion: "v1",
    kind: "ReplicationController",
    metadata: { name, labels },
    spec: { replicas, selector: labels, template: { metadata: { labels }, spec: { containers } } },
  };
}

const primaryLabels = { app: "agnhost", role: "primary" };

/** A controller of one pod, which runs. */
async function startPrimary(): Promise<string> {
  piped(controller("agnhost-primary", 1, primaryLabels), "create", "-f", "-");
  return eventually(() => {
    const [name = "", phase] = jsonpath("{.items[0].metadata.name} {.items[0].status.phase}", "pods", "-l", "app=agnhost").split(" ");
    expect(phase).toBe("Running");
    return name;
  });
}

function expectAll(text: string, ...wanted: (readonly string[])[]): void {
  const lines = text.split("\n");
  for (const parts of wanted) expect([parts, lines.some((line) => parts.every((part) => line.includes(part)))]).toEqual([parts, true]);
}

/** As many pods as asked for, of the image, running, and they answer. */
async function expectDemo(replicas: number): Promise<void> {
  await eventually(() => {
    const pods = jsonpath(
      '{range .items[*]}{.metadata.name} {.status.phase} {.spec.containers[0].image}{"\\n"}{end}',
      "pods",
      "-l",
      "name=demo",
    )
      .trim()
      .split("\n")
      .map((line) => line.split(" "));
    expect(pods.map(([, phase, image]) => [phase, image])).toEqual(Array.from({ length: replicas }, () => ["Running", "nginx:1"]));
    for (const [name] of pods) expect(client.run("get", "--raw", `/api/v1/namespaces/${namespace}/pods/${name}/proxy/`)).not.toBe("");
  });
}

it(official("cli", "Kubectl client Update Demo should create and stop a replication controller"), async () => {
  const demo = controller("demo", 2, { name: "demo" });
  piped(demo, "create", "-f", "-");
  await expectDemo(2);
  piped(demo, "delete", "--grace-period=0", "--force", "-f", "-");
  await eventually(() => expect(kubectl("get", "rc,svc,pods", "-l", "name=demo", "-o", "name", "--ignore-not-found")).toBe(""));
});

it(official("cli", "Kubectl client Update Demo should scale a replication controller"), async () => {
  piped(controller("demo", 2, { name: "demo" }), "create", "-f", "-");
  await expectDemo(2);
  for (const replicas of [1, 2]) {
    expect(kubectl("scale", "rc", "demo", `--replicas=${replicas}`, "--timeout=1m")).toBe("replicationcontroller/demo scaled\n");
    await expectDemo(replicas);
  }
});

it(official("cli", "Kubectl client Kubectl api-versions should check if v1 is in available api versions"), () => {
  expect(kubectl("api-versions").split("\n")).toContain("v1");
});

it(
  official("cli", "Kubectl client Kubectl cluster-info should check if Kubernetes control plane services is included in cluster-info"),
  () => {
    expect(kubectl("cluster-info")).toMatch(/Kubernetes control plane.* is running at .*https:/);
  },
);

it(
  official("cli", "Kubectl client Kubectl describe should check if kubectl describe prints relevant information for rc and pods"),
  async () => {
    const pod = await startPrimary();
    piped(
      {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "agnhost-primary", labels: primaryLabels },
        spec: { selector: primaryLabels, ports: [{ port: 6379, targetPort: "agnhost-server" }] },
      },
      "create",
      "-f",
      "-",
    );
    expectAll(
      kubectl("describe", "pod", pod),
      ["Name:", "agnhost-primary-"],
      ["Namespace:", namespace],
      ["Node:"],
      ["Labels:", "app=agnhost"],
      ["role=primary"],
      ["Annotations:"],
      ["Status:", "Running"],
      ["IP:"],
      ["Controlled By:", "ReplicationController/agnhost-primary"],
      ["Image:", "nginx:1"],
      ["State:", "Running"],
      ["QoS Class:", "BestEffort"],
    );
    await eventually(() =>
      expectAll(
        kubectl("describe", "rc", "agnhost-primary"),
        ["Name:", "agnhost-primary"],
        ["Namespace:", namespace],
        ["Selector:", "app=agnhost,role=primary"],
        ["Labels:", "app=agnhost"],
        ["role=primary"],
        ["Annotations:"],
        ["Replicas:", "1 current", "1 desired"],
        ["Pods Status:", "1 Running", "0 Waiting", "0 Succeeded", "0 Failed"],
        ["Pod Template:"],
        ["Image:", "nginx:1"],
        ["Events:"],
      ),
    );
    expectAll(
      kubectl("describe", "service", "agnhost-primary"),
      ["Name:", "agnhost-primary"],
      ["Namespace:", namespace],
      ["Labels:", "app=agnhost"],
      ["Annotations:"],
      ["Selector:", "app=agnhost", "role=primary"],
      ["Type:", "ClusterIP"],
      ["IP:"],
      ["Port:", "<unset>", "6379/TCP"],
      ["Endpoints:"],
      ["Session Affinity:", "None"],
    );
    const node = jsonpath("{.items[0].metadata.name}", "nodes");
    expectAll(
      kubectl("describe", "node", node),
      ["Name:", node],
      ["Labels:"],
      ["Annotations:"],
      ["CreationTimestamp:"],
      ["Conditions:"],
      ["Type", "Status", "LastHeartbeatTime", "LastTransitionTime", "Reason", "Message"],
      ["Addresses:"],
      ["Capacity:"],
      ["Version:"],
      ["Kernel Version:"],
      ["OS Image:"],
      ["Container Runtime Version:"],
      ["Kubelet Version:"],
      ["Pods:"],
    );
    expectAll(kubectl("describe", "namespace", namespace), ["Name:", namespace], ["Labels:"], ["Annotations:"], ["Status:", "Active"]);
  },
);

it(official("cli", "Kubectl client Kubectl diff should check if kubectl diff finds a difference for Deployments"), () => {
  const deployment = (image: string): object => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "httpd" },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: "httpd" } },
      template: { metadata: { labels: { app: "httpd" } }, spec: { containers: [{ name: "httpd", image }] } },
    },
  });
  piped(deployment("nginx:1"), "create", "-f", "-");
  const { code, stdout } = client.try(["-n", namespace, "diff", "-f", "-"], { input: JSON.stringify(deployment("busybox:1")) });
  expect(code).toBe(1);
  expect(stdout).toMatch(/^-.*image: nginx:1$/m);
  expect(stdout).toMatch(/^\+.*image: busybox:1$/m);
  expect(jsonpath("{.spec.template.spec.containers[0].image}", "deployment", "httpd")).toBe("nginx:1");
});

it(official("cli", "Kubectl client Kubectl expose should create services for rc"), async () => {
  const pod = await startPrimary();
  const expectService = async (name: string, port: string): Promise<void> => {
    await eventually(() => {
      const slices = ["endpointslices", "-l", `kubernetes.io/service-name=${name}`];
      expect(jsonpath("{.items[*].endpoints[*].targetRef.name} {.items[*].ports[*].port}", ...slices)).toBe(`${pod} 6379`);
    });
    expect(jsonpath("{.spec.ports[*].port} {.spec.ports[*].targetPort}", "service", name)).toBe(`${port} 6379`);
  };
  kubectl("expose", "rc", "agnhost-primary", "--name=rm2", "--port=1234", "--target-port=6379");
  await expectService("rm2", "1234");
  kubectl("expose", "service", "rm2", "--name=rm3", "--port=2345", "--target-port=6379");
  await expectService("rm3", "2345");
});

it(official("cli", "Kubectl client Kubectl label should update the label on a resource"), () => {
  kubectl("run", "pause", "--image=pause:1");
  kubectl("label", "pods", "pause", "testing-label=testing-label-value");
  expect(kubectl("get", "pod", "pause", "-L", "testing-label")).toMatch(/TESTING-LABEL\npause .* testing-label-value\n/);
  kubectl("label", "pods", "pause", "testing-label-");
  expect(kubectl("get", "pod", "pause", "-L", "testing-label")).not.toContain("testing-label-value");
});

it(official("cli", "Kubectl client Kubectl patch should add annotations for pods in rc"), async () => {
  const pod = await startPrimary();
  expect(kubectl("patch", "pod", pod, "-p", '{"metadata":{"annotations":{"x":"y"}}}')).toBe(`pod/${pod} patched\n`);
  expect(jsonpath("{.metadata.annotations.x}", "pod", pod)).toBe("y");
});

it(official("cli", "Kubectl client Kubectl version should check is all data is printed"), () => {
  const version = kubectl("version");
  for (const item of ["Client Version: ", "Server Version: "]) expect(version).toMatch(new RegExp(`${item}v\\d\\.\\d+\\.[\\d\\w.+-]+`));
});

it(official("cli", "Kubectl client Kubectl run pod should create a pod from an image when restart is Never"), () => {
  kubectl("run", "e2e-test-agnhost-pod", "--restart=Never", "--pod-running-timeout=2m0s", "--image=nginx:1");
  expect(jsonpath("{.spec.containers[0].image} {.spec.restartPolicy}", "pod", "e2e-test-agnhost-pod")).toBe("nginx:1 Never");
});

it(official("cli", "Kubectl client Kubectl replace should update a single-container pod's image"), async () => {
  const name = "e2e-test-agnhost-pod";
  kubectl("run", name, "--image=nginx:1", `--labels=run=${name}`);
  kubectl("wait", "--for=condition=Ready", `pod/${name}`, "--timeout=60s");
  // The status may move on between reading and replacing.
  await eventually(() => {
    const pod = kubectl("get", "pod", name, "-o", "json");
    expect(client.pipe(pod.replace("nginx:1", "busybox:1"), "-n", namespace, "replace", "-f", "-")).toBe(`pod/${name} replaced\n`);
  });
  expect(jsonpath("{.spec.containers[0].image}", "pod", name)).toBe("busybox:1");
});

it(official("cli", "Kubectl client Kubectl server-side dry-run should check if kubectl can dry-run update Pods"), () => {
  const name = "e2e-test-agnhost-pod";
  kubectl("run", name, "--image=nginx:1", `--labels=run=${name}`);
  const patch = JSON.stringify({ spec: { containers: [{ name, image: "busybox:1" }] } });
  expect(kubectl("patch", "pod", name, "-p", patch, "--dry-run=server")).toContain(`pod/${name} patched`);
  expect(jsonpath("{.spec.containers[0].image}", "pod", name)).toBe("nginx:1");
});

function waitFor(child: ChildProcess, pattern: RegExp): Promise<string[]> {
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return eventually(() => {
    const match = pattern.exec(output);
    if (match === null) throw new Error(`kubectl has printed: ${output}`);
    return [...match];
  }, 20_000);
}

function readVersions(where: { port: number } | { socketPath: string }): Promise<string[]> {
  return new Promise((resolve, reject) => {
    get({ host: "localhost", ...where, path: "/api/", agent: false }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () => resolve((JSON.parse(text) as { versions: string[] }).versions));
    }).on("error", reject);
  });
}

it(official("cli", "Kubectl client Proxy server should support proxy with --port 0"), async () => {
  const proxy = client.spawn("proxy", "-p", "0", "--disable-filter");
  try {
    const [, port] = await waitFor(proxy, /Starting to serve on 127\.0\.0\.1:(\d+)/);
    expect(await readVersions({ port: Number(port) })).toEqual(["v1"]);
  } finally {
    proxy.kill();
  }
});

it(official("cli", "Kubectl client Proxy server should support --unix-socket=/path"), async () => {
  const folder = mkdtempSync(join(tmpdir(), "coracle-kubectl-proxy-"));
  const socketPath = join(folder, "test");
  const proxy = client.spawn("proxy", `--unix-socket=${socketPath}`);
  try {
    await waitFor(proxy, /Starting to serve on/);
    expect(await readVersions({ socketPath })).toEqual(["v1"]);
  } finally {
    proxy.kill();
    rmSync(folder, { recursive: true });
  }
});

it(official("cli", "Kubectl logs logs should be able to retrieve and filter logs"), async () => {
  const containers = [{ name: "generator", image: "nginx:1" }];
  const metadata = { name: "logs", annotations: { "simulated.coracle.dev/generator.log-lines": "10" } };
  piped({ apiVersion: "v1", kind: "Pod", metadata, spec: { containers } }, "create", "-f", "-");
  const logs = (...args: string[]): string => kubectl("logs", "logs", "generator", ...args);
  const linesOf = (text: string): string[] => text.replace(/\n$/, "").split("\n");
  await eventually(() => expect(linesOf(logs()).length).toBeGreaterThanOrEqual(10));
  expect(linesOf(logs("--tail=1"))).toEqual(["line 10"]);
  expect(logs("--limit-bytes=1")).toHaveLength(1);
  const [line = "", ...more] = linesOf(logs("--tail=1", "--timestamps"));
  expect([line, more]).toEqual([expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d) line 10$/), []]);
  await new Promise((resolve) => setTimeout(resolve, 2500));
  expect(logs("--since=1s")).toBe("");
  expect(linesOf(logs("--since=24h")).length).toBeGreaterThanOrEqual(10);
});
