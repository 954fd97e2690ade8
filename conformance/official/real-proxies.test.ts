/** What answers through the proxies of pods and services when containers are real, and what these use. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RawApi } from "../src/api.ts";
import { containerdProblem, importBusyboxImage, sandboxImage } from "../src/containerd.ts";
import { Coracle, eventually, Kubectl, oldestAndNewestKubectl, type Cluster } from "../src/coracle.ts";
import { official } from "./list.ts";

const problem = containerdProblem();
if (problem !== undefined && process.env["CI"] !== undefined) throw new Error(`containerd cannot be used: ${problem}`);

const image = "docker.io/coracle/busybox:test";

/** Answers every method with `{"Method": …, "Body": "foo"}`. */
const echo = `
IFS=' ' read -r method path version
while read -r line && [ "\${#line}" -gt 1 ]; do :; done
body="{\\"Method\\":\\"$method\\",\\"Body\\":\\"$BODY\\"}"
printf 'HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: %d\\r\\nConnection: close\\r\\n\\r\\n' "\${#body}"
[ "$method" = HEAD ] || printf '%s' "$body"
`;
const head = "#!/bin/sh\nprintf 'Content-Type: application/json\\r\\n\\r\\n'\n";
/** The scripts of a guest book: one stores, some read from it, the last is what guests see. */
const scripts = {
  primary: `${head}case "$QUERY_STRING" in
*cmd=set*) echo "$QUERY_STRING" | sed 's/.*value=\\([^&]*\\).*/\\1/' > /tmp/data; echo '{"message":"Updated"}';;
*) printf '{"data":"%s"}' "$(cat /tmp/data 2>/dev/null)";;
esac
`,
  replica: `${head}curl -s "http://agnhost-primary:6379/cgi-bin/primary?$QUERY_STRING"\n`,
  frontend: `${head}case "$QUERY_STRING" in
*cmd=set*) curl -s "http://agnhost-primary:6379/cgi-bin/primary?$QUERY_STRING";;
*) curl -s "http://agnhost-replica:6379/cgi-bin/replica?$QUERY_STRING";;
esac
`,
};

const stop = `trap "exit 0" TERM`;
const container = (name: string, command: string, more: object = {}): object => ({
  name,
  image,
  command: ["sh", "-c", `${stop}; ${command} & wait`],
  ...more,
});

function part(name: string, { replicas, port }: { replicas: number; port: number }, script: string): object[] {
  const labels = { app: "guestbook", part: name };
  const mounted = {
    volumeMounts: [{ name: "scripts", mountPath: "/www/cgi-bin" }],
    readinessProbe: { tcpSocket: { port }, periodSeconds: 1 },
  };
  const containers = [container(script, `httpd -f -p ${port} -h /www`, mounted)];
  const volumes = [{ name: "scripts", configMap: { name: "scripts", defaultMode: 0o755 } }];
  const template = { metadata: { labels }, spec: { containers, volumes, terminationGracePeriodSeconds: 1 } };
  const metadata = { name, labels };
  return [
    { apiVersion: "v1", kind: "Service", metadata, spec: { selector: labels, ports: [{ port, targetPort: port }] } },
    { apiVersion: "apps/v1", kind: "Deployment", metadata, spec: { replicas, selector: { matchLabels: labels }, template } },
  ];
}

describe.skipIf(problem !== undefined)("real containers", () => {
  const coracle = new Coracle();
  let cluster: Cluster;
  let kubectl: Kubectl;
  let api: RawApi;
  const create = (...items: readonly object[]): string =>
    kubectl.pipe(JSON.stringify({ apiVersion: "v1", kind: "List", items }), "apply", "-f", "-");

  beforeAll(() => {
    importBusyboxImage(image, sandboxImage());
    cluster = coracle.up("proxies", "--ephemeral", "--runtime", "containerd", "--port", "0");
    const newest = oldestAndNewestKubectl().at(-1);
    if (newest === undefined) throw new Error("no kubectl");
    kubectl = new Kubectl(newest, cluster.kubeconfig);
    api = new RawApi(cluster.kubeconfig);
    const env = [{ name: "BODY", value: "foo" }];
    const metadata = { name: "agnhost", labels: { "e2e-test": "proxy-endpoints" } };
    const serve = container("agnhost", "nc -ll -p 80 -e sh /srv/echo", { env, volumeMounts: [{ name: "srv", mountPath: "/srv" }] });
    const volumes = [{ name: "srv", configMap: { name: "echo" } }];
    const ports = [{ port: 80, targetPort: 80 }];
    create(
      { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "echo" }, data: { echo } },
      { apiVersion: "v1", kind: "Pod", metadata, spec: { containers: [serve], volumes, terminationGracePeriodSeconds: 1 } },
      { apiVersion: "v1", kind: "Service", metadata: { name: "test-service" }, spec: { selector: metadata.labels, ports } },
    );
    kubectl.run("wait", "--for=condition=Ready", "pod/agnhost", "--timeout=60s");
  });
  afterAll(() => coracle[Symbol.dispose]());

  const things = ["pods/agnhost", "services/test-service"];
  const methods = ["DELETE", "OPTIONS", "PATCH", "POST", "PUT"];
  async function expectEcho(method: string, path: string): Promise<void> {
    await eventually(async () => {
      const { code, body } = await api.call(method, `/api/v1/namespaces/default/${path}`);
      expect([method, path, code]).toEqual([method, path, 200]);
      if (method !== "HEAD") expect(JSON.parse(body.toString())).toEqual({ Method: method, Body: "foo" });
    }, 20_000);
  }

  it(official("network", "Proxy version v1 A set of valid responses are returned for both pod and service ProxyWithPath"), async () => {
    for (const thing of things)
      for (const method of [...methods, "GET", "HEAD"]) await expectEcho(method, `${thing}/proxy/some/path/with/${method}`);
  });

  it(official("network", "Proxy version v1 A set of valid responses are returned for both pod and service Proxy"), async () => {
    for (const thing of things) {
      for (const method of methods) await expectEcho(method, `${thing}/proxy?method=${method}`);
      for (const method of ["GET", "HEAD"]) {
        const { code, headers } = await api.call(method, `/api/v1/namespaces/default/${thing}/proxy?method=${method}`);
        expect([code, headers["location"]]).toEqual([301, `/api/v1/namespaces/default/${thing}/proxy/?method=${method}`]);
        await expectEcho(method, `${thing}/proxy/?method=${method}`);
      }
    }
  });

  it(official("cli", "Kubectl client Guestbook application should create and stop a working application"), async () => {
    const parts = [
      { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "scripts" }, data: scripts },
      ...part("agnhost-primary", { replicas: 1, port: 6379 }, "primary"),
      ...part("agnhost-replica", { replicas: 2, port: 6379 }, "replica"),
      ...part("frontend", { replicas: 3, port: 8080 }, "frontend"),
    ];
    create(...parts);
    kubectl.run("wait", "--for=condition=Available", "deployment", "-l", "app=guestbook", "--timeout=120s");
    const ask = async (query: string): Promise<unknown> => {
      const path = "/api/v1/namespaces/default/services/frontend/proxy/cgi-bin/frontend";
      const { code, body } = await api.call("GET", `${path}?${query}`);
      expect([code, body.toString()]).toEqual([200, expect.stringMatching(/^\{/)]);
      return JSON.parse(body.toString());
    };
    await eventually(async () => expect(await ask("cmd=get&key=")).toEqual({ data: "" }));
    expect(await ask("cmd=set&key=messages&value=TestEntry")).toEqual({ message: "Updated" });
    await eventually(async () => expect(await ask("cmd=get&key=messages")).toEqual({ data: "TestEntry" }));
    kubectl.pipe(JSON.stringify({ apiVersion: "v1", kind: "List", items: parts }), "delete", "--grace-period=0", "--force", "-f", "-");
    await eventually(() => expect(kubectl.run("get", "rc,svc,pods", "-l", "app=guestbook", "-o", "name")).toBe(""));
  });

  it("shows with kubectl top what containers and the machine use", async () => {
    const loop = "while true; do i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; sleep 0.05; done";
    const containers = [container("busy", `(${loop})`), container("idle", "sleep 1000")];
    create({ apiVersion: "v1", kind: "Pod", metadata: { name: "two" }, spec: { containers, terminationGracePeriodSeconds: 1 } });
    kubectl.run("wait", "--for=condition=Ready", "pod/two", "--timeout=60s");
    const cpuOf = (rows: string, name: string): number => Number(new RegExp(`^two +${name} +(\\d+)m +\\d+Mi`, "m").exec(rows)?.[1]);
    await eventually(() => {
      const rows = kubectl.run("top", "pods", "two", "--containers");
      expect(cpuOf(rows, "busy")).toBeGreaterThan(20);
      expect(cpuOf(rows, "idle")).toBeLessThan(20);
    }, 90_000);
    const [, milliCpu, , mebibytes] = /^\S+ +(\d+)m +(\d+)% +(\d+)Mi/.exec(kubectl.run("top", "nodes", "--no-headers")) ?? [];
    expect([Number(milliCpu) > 0, Number(mebibytes) > 50]).toEqual([true, true]);
  });
});
