/** An extension API server behind the aggregation layer, the metrics API, and health and metrics of the server itself. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RawApi, serverUnderTest, type ServerUnderTest } from "./src/api.ts";
import { eventually, Kubectl, oldestAndNewestKubectl, type Output } from "./src/coracle.ts";
import { startSampleApiServer, type SampleApiServer } from "./src/sample-api-server.ts";

let server: ServerUnderTest;
let sample: SampleApiServer;
let api: RawApi;

const name = "v1alpha1.wardle.example.com";
const manifests = (port: number, caBundle: string): string => `
apiVersion: v1
kind: Namespace
metadata: {name: wardle}
---
apiVersion: v1
kind: Service
metadata: {name: sample-api, namespace: wardle}
spec: {type: ExternalName, externalName: localhost}
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: ${name}}
spec:
  group: wardle.example.com
  version: v1alpha1
  groupPriorityMinimum: 2000
  versionPriority: 200
  caBundle: ${caBundle}
  service: {namespace: wardle, name: sample-api, port: ${port}}
`;

beforeAll(async () => {
  server = serverUnderTest("aggregation");
  api = new RawApi(server.kubeconfig);
  sample = await startSampleApiServer(server.kubeconfig);
});
afterAll(async () => {
  await sample[Symbol.asyncDispose]();
  server[Symbol.dispose]();
});

async function condition(): Promise<{ status: string; reason: string; message: string }> {
  const { value } = await api.json<{ status: { conditions: { type: string; status: string; reason: string; message: string }[] } }>(
    "GET",
    `/apis/apiregistration.k8s.io/v1/apiservices/${name}`,
  );
  const { status = "", reason = "", message = "" } = value.status?.conditions?.find(({ type }) => type === "Available") ?? {};
  return { status, reason, message };
}

describe.each(oldestAndNewestKubectl())("an extension API server, with kubectl $version", (binary) => {
  let kubectl: Kubectl;
  /** The sample server answers from this process: it must not be blocked. */
  const tried = (args: readonly string[], input = ""): Promise<Output> => kubectl.start(args, input);
  const ran = async (args: readonly string[], input = ""): Promise<string> => {
    const { code, stdout, stderr } = await tried(args, input);
    expect([args.join(" "), code, code === 0 ? "" : stderr]).toEqual([args.join(" "), 0, ""]);
    return stdout;
  };
  const flunder = (of: string, flunderReference: string): string =>
    JSON.stringify({ apiVersion: "wardle.example.com/v1alpha1", kind: "Flunder", metadata: { name: of }, spec: { flunderReference } });

  beforeAll(async () => {
    kubectl = new Kubectl(binary, server.kubeconfig);
    await ran(["apply", "-f", "-"], manifests(sample.port, sample.caBundle));
    await eventually(async () => expect(await condition()).toEqual({ status: "True", reason: "Passed", message: "all checks passed" }));
  });
  afterAll(async () => {
    await ran(["delete", "apiservice", name]);
    await ran(["delete", "namespace", "wardle"]);
  });

  it("is discovered and explained like a built-in one", async () => {
    const resources = await eventually(async () => {
      const text = await ran(["api-resources", "--api-group", "wardle.example.com"]);
      expect(text).toMatch(/flunders +flu +wardle\.example\.com\/v1alpha1 +true +Flunder/);
      return text;
    });
    expect(resources.trim().split("\n")).toHaveLength(2);
    expect(await ran(["get", "apiservice", name])).toMatch(/wardle\/sample-api +True +/);
    const explained = await eventually(() => ran(["explain", "flunders.spec"]));
    expect(explained).toContain("What is wanted.");
    expect(explained).toMatch(/flunderReference\s+<string>\s+The name of another flunder\./);
    // All other groups are still there.
    expect(await ran(["api-resources", "--api-group", "apps"])).toContain("deployments");
    expect(await ran(["explain", "deployment.spec.replicas"])).toMatch(/replicas\s+<integer>/);
  });

  it("serves reads, writes and watches, and is told who asks", async () => {
    expect(await ran(["create", "-f", "-"], flunder("one", "x"))).toBe("flunder.wardle.example.com/one created\n");
    const again = await tried(["create", "-f", "-"], flunder("one", "x"));
    expect([again.code, again.stderr]).toEqual([
      1,
      'Error from server (AlreadyExists): error when creating "STDIN": flunders.wardle.example.com "one" already exists\n',
    ]);
    expect(await ran(["get", "flunders"])).toMatch(/^NAME +AGE\none +\d+s\n$/);
    expect(await ran(["get", "flu", "one", "-o", "jsonpath={.spec.flunderReference}"])).toBe("x");
    expect(await ran(["patch", "flunder", "one", "--type=merge", "-p", '{"spec":{"flunderReference":"y"}}'])).toBe(
      "flunder.wardle.example.com/one patched\n",
    );
    const seen: string[] = [];
    const watching = kubectl.spawn("get", "flunders", "--watch", "--output-watch-events", "-o", "name");
    watching.stdout?.on("data", (chunk: Buffer) => seen.push(chunk.toString()));
    try {
      await eventually(() => expect(seen.join("")).toContain("flunder.wardle.example.com/one"));
      await ran(["create", "-f", "-"], flunder("two", "z"));
      await eventually(() => expect(seen.join("")).toContain("flunder.wardle.example.com/two"));
    } finally {
      watching.kill();
    }
    expect(sample.users.at(-1)).toMatchObject({ name: "kubernetes-admin", groups: expect.arrayContaining(["system:masters"]) });
    const limited = await tried(["get", "flunders", "--as=eve", "--as-group=readers"]);
    // The front is asked first, the extension server asks again.
    expect([limited.code, limited.stderr]).toEqual([1, expect.stringContaining('User "eve" cannot list resource "flunders"')]);
    expect(await ran(["delete", "flunders", "--all"])).toMatch(/flunder\.wardle\.example\.com "one" deleted/);
    expect((await tried(["get", "flunders"])).stderr).toBe("No resources found in default namespace.\n");
  });

  it("passes on impersonated users with their extra fields", async () => {
    await ran(["create", "clusterrole", "flunder-reader", "--verb=list", "--resource=flunders.wardle.example.com"]);
    await ran(["create", "clusterrolebinding", "flunder-reader", "--clusterrole=flunder-reader", "--group=readers"]);
    try {
      const headers = { "impersonate-user": "eve", "impersonate-group": "readers", "impersonate-extra-acme.com%2fscope": "a" };
      await eventually(async () =>
        expect((await api.call("GET", "/apis/wardle.example.com/v1alpha1/flunders", { headers })).code).toBe(200),
      );
      expect(sample.users.at(-1)).toEqual({
        name: "eve",
        groups: ["readers", "system:authenticated"],
        extra: { "acme.com/scope": ["a"] },
      });
    } finally {
      await ran(["delete", "clusterrolebinding,clusterrole", "flunder-reader"]);
    }
  });

  it("is unavailable while it is down, and comes back", async () => {
    await sample.stop();
    await eventually(async () => {
      expect((await tried(["get", "flunders"])).stderr).toMatch(
        /^Error from server \(ServiceUnavailable\): the server is currently unable to handle the request/m,
      );
      expect(await condition()).toMatchObject({ status: "False", reason: "FailedDiscoveryCheck" });
    });
    expect((await condition()).message).toMatch(
      /^failing or missing response from https:\/\/localhost:\d+\/apis\/wardle\.example\.com\/v1alpha1: .*connection refused$/,
    );
    const answer = await api.call("GET", "/apis/wardle.example.com/v1alpha1/flunders");
    expect([answer.code, answer.body.toString()]).toEqual([
      503,
      expect.stringMatching(/service unavailable|error trying to reach service/),
    ]);
    expect(await ran(["get", "namespaces"])).toContain("wardle");
    const metrics = await ran(["get", "--raw", "/metrics"]);
    expect(metrics).toContain(`aggregator_unavailable_apiservice{name="${name}"} 1\n`);
    expect(metrics).toMatch(new RegExp(`aggregator_unavailable_apiservice_total\\{name="${name}",reason="FailedDiscoveryCheck"\\} [1-9]`));
    await sample.start();
    await eventually(async () => {
      expect(await condition()).toMatchObject({ status: "True", reason: "Passed" });
      expect((await tried(["get", "flunders"])).code).toBe(0);
    });
  });
});

describe.each(oldestAndNewestKubectl())("kubectl $version top", (binary) => {
  const namespace = `top${binary.version.replaceAll(".", "-")}`;
  let kubectl: Kubectl;
  const annotations = {
    "kwok.x-k8s.io/usage-cpu": "250m",
    "kwok.x-k8s.io/usage-memory": "100Mi",
    "simulated.coracle.dev/side.cpu": "1",
  };

  beforeAll(() => {
    kubectl = new Kubectl(binary, server.kubeconfig);
    kubectl.run("create", "namespace", namespace);
    const containers = ["app", "side"].map((each) => ({ name: each, image: "nginx" }));
    const metadata = { name: "web", labels: { app: "web" }, annotations };
    const pod = JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata, spec: { containers } });
    kubectl.pipe(pod, "-n", namespace, "create", "-f", "-");
    kubectl.run("-n", namespace, "wait", "--for=condition=Ready", "pod/web", "--timeout=30s");
  });
  afterAll(() => void kubectl.run("delete", "namespace", namespace));
  const rows = (...args: string[]): string[][] =>
    kubectl
      .run("top", ...args, "--no-headers")
      .trim()
      .split("\n")
      .map((line) => line.split(/ +/).filter((cell) => cell !== ""));

  it("shows what pods and their containers use", async () => {
    const containers = await eventually(() => rows("pods", "-n", namespace, "--containers"));
    expect(containers).toEqual([
      ["web", "app", "250m", "100Mi"],
      ["web", "side", "1000m", "100Mi"],
    ]);
    expect(rows("pods", "-n", namespace, "-l", "app=web")).toEqual([["web", "1250m", "200Mi"]]);
    expect(kubectl.run("top", "pods", "-n", namespace)).toMatch(/^NAME +CPU\(cores\) +MEMORY\(bytes\)/);
    expect(kubectl.try(["top", "pods", "-n", namespace, "-l", "app=other"]).stderr).toMatch(/No resources found/);
  });

  it("shows what nodes use", async () => {
    await eventually(() => {
      const [node] = rows("nodes");
      expect(Number.parseInt(node?.[1] ?? "0", 10)).toBeGreaterThanOrEqual(1250);
      expect(node?.[2]).toMatch(/^\d+%$/);
    });
  });
});

describe("health and metrics", () => {
  let kubectl: Kubectl;
  const raw = (path: string): string => kubectl.run("get", "--raw", path);

  beforeAll(() => {
    const [oldest] = oldestAndNewestKubectl();
    if (oldest === undefined) throw new Error("no kubectl");
    kubectl = new Kubectl(oldest, server.kubeconfig);
  });

  it("tells each check in upstream's form", () => {
    const lines = raw("/readyz?verbose").trim().split("\n");
    expect(lines.slice(0, 2)).toEqual(["[+]ping ok", expect.stringMatching(/^\[\+\]\S+ ok$/)]);
    expect(lines).toEqual(expect.arrayContaining(["[+]etcd ok", "[+]poststarthook/rbac/bootstrap-roles ok", "[+]shutdown ok"]));
    expect(lines.at(-1)).toBe("readyz check passed");
    expect(raw("/livez/ping")).toBe("ok");
    expect(raw("/healthz?exclude=etcd&verbose")).toContain("[+]etcd excluded: ok\n");
    expect(kubectl.run("get", "componentstatuses", "-o", "name").trim().split("\n").sort()).toEqual([
      "componentstatus/controller-manager",
      "componentstatus/etcd-0",
      "componentstatus/scheduler",
    ]);
  });

  it("counts requests, watches, objects and the work of controllers", async () => {
    using _watch = await api.watch("/api/v1/configmaps");
    raw("/api/v1/namespaces");
    const metrics = raw("/metrics");
    const value = (series: string): number =>
      Number(
        metrics
          .split("\n")
          .find((line) => line.startsWith(`${series} `))
          ?.split(" ")
          .at(-1),
      );
    const labels =
      'component="apiserver",dry_run="",group="",resource="namespaces",scope="cluster",subresource="",verb="LIST",version="v1"';
    expect(value(`apiserver_request_total{code="200",${labels}}`)).toBeGreaterThan(0);
    expect(value(`apiserver_request_duration_seconds_count{${labels}}`)).toBeGreaterThan(0);
    const watching = 'component="apiserver",group="",resource="configmaps",scope="cluster",subresource="",verb="WATCH",version="v1"';
    expect(value(`apiserver_longrunning_requests{${watching}}`)).toBe(1);
    expect(value('apiserver_storage_objects{resource="namespaces"}')).toBeGreaterThanOrEqual(4);
    expect(value('workqueue_adds_total{name="namespace-controller"}')).toBeGreaterThan(0);
    expect(raw("/metrics/slis")).toContain('kubernetes_healthchecks_total{name="ping",status="success",type="readyz"}');
  });

  it("lets kubelets be asked through the API", () => {
    const node = kubectl.run("get", "nodes", "-o", "jsonpath={.items[0].metadata.name}");
    const proxied = (path: string): string => raw(`/api/v1/nodes/${node}/proxy${path}`);
    expect(proxied("/healthz")).toBe("ok");
    expect(JSON.parse(proxied("/configz"))).toMatchObject({ kubeletconfig: { kind: "KubeletConfiguration" } });
    expect(proxied("/metrics")).toContain(`kubelet_node_name{node="${node}"} 1`);
    expect(proxied("/metrics/resource")).toContain("node_cpu_usage_seconds_total");
    expect(JSON.parse(proxied("/stats/summary"))).toMatchObject({ node: { nodeName: node } });
    expect(JSON.parse(proxied("/pods"))).toMatchObject({ kind: "PodList" });
  });
});
