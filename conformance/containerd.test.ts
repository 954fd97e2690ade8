/** Real containers: containerd, runc, a CNI bridge, nftables; images are made here from Debian's static busybox. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { containerdProblem, importBusyboxImage, sandboxImage } from "./src/containerd.ts";
import { Coracle, eventually, Kubectl, oldestAndNewestKubectl, runProgram, type Cluster } from "./src/coracle.ts";

const problem = containerdProblem();
// CI has containerd; elsewhere the file says why it did nothing.
if (problem !== undefined && process.env["CI"] !== undefined) throw new Error(`containerd cannot be used: ${problem}`);

const image = "docker.io/coracle/busybox:test";
const web = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  strategy: {rollingUpdate: {maxUnavailable: 0, maxSurge: 1}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 15
      initContainers:
      - name: page
        image: ${image}
        command: [sh, -c, 'echo "$VERSION from $(hostname)" > /www/index.html']
        env: [{name: VERSION, value: one}]
        volumeMounts: [{name: www, mountPath: /www}]
      containers:
      - name: httpd
        image: ${image}
        command: [sh, -c, 'httpd -f -p 8080 -h /www & trap "sleep 3; exit 0" TERM; while true; do sleep 0.2; done']
        ports: [{name: http, containerPort: 8080}]
        readinessProbe: {httpGet: {path: /, port: http}, periodSeconds: 1}
        livenessProbe: {tcpSocket: {port: 8080}, periodSeconds: 5}
        lifecycle: {preStop: {exec: {command: [sleep, "3"]}}}
        volumeMounts: [{name: www, mountPath: /www}]
      volumes: [{name: www, emptyDir: {}}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  selector: {app: web}
  ports: [{port: 80, targetPort: http}]
`;
const shell = (name: string): string => `
apiVersion: v1
kind: Pod
metadata: {name: ${name}}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: shell
    image: ${image}
    command: [sh, -c, 'trap "exit 0" TERM; echo started; while true; do sleep 0.2; done']
`;

describe.skipIf(problem !== undefined)("real containers", () => {
  const coracle = new Coracle();
  const scratch = mkdtempSync(join(tmpdir(), "coracle-real-"));
  let cluster: Cluster;
  let kubectl: Kubectl;
  const oldest = oldestAndNewestKubectl()[0];
  const newest = oldestAndNewestKubectl().at(-1);

  beforeAll(() => {
    importBusyboxImage(image, sandboxImage());
    cluster = coracle.up("real", "--ephemeral", "--runtime", "auto");
    if (newest === undefined) throw new Error("no kubectl");
    kubectl = new Kubectl(newest, cluster.kubeconfig);
    kubectl.pipe(web, "apply", "-f", "-");
    kubectl.pipe(shell("shell"), "apply", "-f", "-");
    kubectl.run("rollout", "status", "deployment/web", "--timeout=120s");
    kubectl.run("wait", "--for=condition=Ready", "pod/shell", "--timeout=60s");
  });
  afterAll(() => {
    coracle[Symbol.dispose]();
    rmSync(scratch, { recursive: true, force: true });
  });
  const jsonpath = (path: string, ...args: string[]): string => kubectl.run("get", ...args, "-o", `jsonpath=${path}`);

  it("takes containerd by itself when it answers", () => {
    expect(cluster.status().runtime.name).toBe("containerd");
    expect(jsonpath("{.items[0].status.nodeInfo.containerRuntimeVersion}", "nodes")).toMatch(/^containerd:\/\/\d/);
  });

  it("answers at the ClusterIP and the NodePort, from the node and from a pod, and by name", () => {
    const clusterIp = jsonpath("{.spec.clusterIP}", "service", "web");
    const nodePort = jsonpath("{.spec.ports[0].nodePort}", "service", "web");
    const nodeIp = jsonpath("{.items[0].status.addresses[?(@.type=='InternalIP')].address}", "nodes");
    const curl = (url: string): string => runProgram("curl", ["-s", "--max-time", "5", url]).stdout;
    expect(curl(`http://${clusterIp}/`)).toMatch(/^one from web-/);
    expect(curl(`http://${nodeIp}:${nodePort}/`)).toMatch(/^one from web-/);
    const answering = new Set(Array.from({ length: 40 }, () => curl(`http://${clusterIp}/`).trim()));
    expect(answering.size).toBe(3);
    const inPod = (...args: string[]): string => kubectl.run("exec", "shell", "--", ...args);
    for (const host of [clusterIp, "web", "web.default", "web.default.svc.cluster.local"]) {
      expect(inPod("curl", "-s", "--max-time", "5", `http://${host}/`)).toMatch(/^one from web-/);
    }
    expect(inPod("curl", "-s", "--max-time", "5", `http://${nodeIp}:${nodePort}/`)).toMatch(/^one from web-/);
    expect(inPod("nslookup", "kubernetes.default.svc.cluster.local")).toContain(jsonpath("{.spec.clusterIP}", "service", "kubernetes"));
  });

  it("lets a pod talk to the API with its token", () => {
    const folder = "/var/run/secrets/kubernetes.io/serviceaccount";
    const script = `curl -s --max-time 5 --cacert ${folder}/ca.crt -H "Authorization: Bearer $(cat ${folder}/token)" https://kubernetes.default/version`;
    expect(kubectl.run("exec", "shell", "--", "sh", "-c", script)).toMatch(/"gitVersion"/);
    expect(kubectl.run("exec", "shell", "--", "cat", "/var/run/secrets/kubernetes.io/serviceaccount/namespace")).toBe("default");
    expect(kubectl.run("exec", "shell", "--", "cat", "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt")).toMatch(/BEGIN CERTIFICATE/);
    const token = kubectl.run("exec", "shell", "--", "cat", "/var/run/secrets/kubernetes.io/serviceaccount/token");
    const { url } = cluster.status();
    expect(runProgram("curl", ["-sk", "-H", `Authorization: Bearer ${token}`, `${url}/api/v1/namespaces/default/pods`]).stdout).toMatch(
      /User \\?"system:serviceaccount:default:default\\?" cannot list resource/,
    );
  });

  it("restarts a container whose process was killed", async () => {
    const id = jsonpath("{.status.containerStatuses[0].containerID}", "pod", "shell").replace("containerd://", "");
    const task = runProgram("ctr", ["-n", "k8s.io", "task", "ls"])
      .stdout.split("\n")
      .find((line) => line.startsWith(id));
    process.kill(Number(task?.split(/\s+/)[1]), "SIGKILL");
    await eventually(
      () =>
        expect(jsonpath("{.status.containerStatuses[0].restartCount} {.status.containerStatuses[0].ready}", "pod", "shell")).toBe("1 true"),
      30_000,
    );
    expect(jsonpath("{.status.containerStatuses[0].lastState.terminated.exitCode}", "pod", "shell")).toBe("137");
  });

  it("fails no request while it rolls", async () => {
    const clusterIp = jsonpath("{.spec.clusterIP}", "service", "web");
    const load = startLoad(clusterIp);
    await eventually(() => expect(load.versions.get("one") ?? 0).toBeGreaterThan(20));
    const patch = [{ op: "replace", path: "/spec/template/spec/initContainers/0/env/0/value", value: "two" }];
    kubectl.run("patch", "deployment", "web", "--type=json", "-p", JSON.stringify(patch));
    // Not a blocking call: the load runs in this process.
    await new Promise<void>((resolve, reject) => {
      const rollout = kubectl.spawn("rollout", "status", "deployment/web", "--timeout=120s");
      rollout.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(`rollout status ended with ${code}`))));
    });
    await eventually(() => expect(load.versions.get("two") ?? 0).toBeGreaterThan(20));
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(load.versions.get("one")).toBeGreaterThan(20);
  });

  it.each([oldest, newest])("logs, executes, copies and forwards with kubectl $version", async (binary) => {
    if (binary === undefined) throw new Error("no kubectl");
    const client = new Kubectl(binary, cluster.kubeconfig);
    expect(client.run("logs", "shell")).toBe("started\n");
    expect(client.pipe("typed\n", "exec", "-i", "shell", "--", "cat")).toBe("typed\n");
    expect(client.try(["exec", "shell", "--", "sh", "-c", "echo out; echo err >&2; exit 3"])).toMatchObject({
      code: 3,
      stdout: "out\n",
      stderr: expect.stringMatching(/^err\n/) as string,
    });
    writeFileSync(join(scratch, "sent"), Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 31) % 256)));
    client.run("cp", join(scratch, "sent"), "shell:/tmp/sent");
    client.run("cp", "shell:/tmp/sent", join(scratch, "received"));
    expect(readFileSync(join(scratch, "received")).equals(readFileSync(join(scratch, "sent")))).toBe(true);
    const forward = client.spawn("port-forward", "deployment/web", ":8080");
    let words = "";
    forward.stdout?.on("data", (chunk: Buffer) => (words += chunk.toString()));
    try {
      const port = await eventually(() => {
        const match = /127\.0\.0\.1:(\d+) -> 8080/.exec(words);
        if (match === null) throw new Error(`port-forward said: ${words}`);
        return Number(match[1]);
      });
      for (let attempt = 0; attempt < 3; attempt++) expect((await get("127.0.0.1", port)).body).toMatch(/ from web-/);
    } finally {
      forward.kill();
    }
  });

  it("follows logs as they are written, on a terminal too", async () => {
    const follow = kubectl.spawn("logs", "-f", "shell", "--tail=1");
    let seen = "";
    follow.stdout?.on("data", (chunk: Buffer) => (seen += chunk.toString()));
    try {
      await eventually(() => expect(seen).toBe("started\n"));
      kubectl.run("exec", "shell", "--", "sh", "-c", "echo later > /proc/1/fd/1");
      await eventually(() => expect(seen).toBe("started\nlater\n"));
    } finally {
      follow.kill();
    }
    // `script` gives kubectl a terminal, as a person has.
    const terminal = spawn("script", ["-qec", `${kubectl.path} exec -it shell -- sh -c 'test -t 0 && echo is a terminal'`, "/dev/null"], {
      env: kubectl.env,
      stdio: ["pipe", "pipe", "inherit"],
    });
    let typed = "";
    terminal.stdout.on("data", (chunk: Buffer) => (typed += chunk.toString()));
    await new Promise((resolve) => terminal.once("exit", resolve));
    expect(typed).toMatch(/is a terminal/);
  });

  it("mounts ConfigMaps, Secrets and claims, and keeps a claim's files when the pod goes", () => {
    kubectl.run("create", "configmap", "settings", "--from-literal=color=blue");
    kubectl.run("create", "secret", "generic", "password", "--from-literal=word=hush");
    kubectl.pipe(
      JSON.stringify({
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        metadata: { name: "data" },
        spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Mi" } } },
      }),
      "apply",
      "-f",
      "-",
    );
    const pod = (name: string, script: string): string =>
      JSON.stringify({
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name },
        spec: {
          restartPolicy: "Never",
          containers: [
            {
              name: "main",
              image,
              command: ["sh", "-c", script],
              env: [{ name: "COLOR", valueFrom: { configMapKeyRef: { name: "settings", key: "color" } } }],
              volumeMounts: [
                { name: "settings", mountPath: "/settings" },
                { name: "password", mountPath: "/password", readOnly: true },
                { name: "data", mountPath: "/data" },
              ],
            },
          ],
          volumes: [
            { name: "settings", configMap: { name: "settings" } },
            { name: "password", secret: { secretName: "password" } },
            { name: "data", persistentVolumeClaim: { claimName: "data" } },
          ],
        },
      });
    kubectl.pipe(
      pod(
        "writer",
        "echo $COLOR $(cat /settings/color) $(cat /password/word) | tee /data/file || cat > /data/file; echo $COLOR $(cat /settings/color) $(cat /password/word) > /data/file",
      ),
      "apply",
      "-f",
      "-",
    );
    kubectl.run("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/writer", "--timeout=60s");
    kubectl.run("delete", "pod", "writer");
    kubectl.pipe(pod("reader", "cat /data/file"), "apply", "-f", "-");
    kubectl.run("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/reader", "--timeout=60s");
    expect(kubectl.run("logs", "reader")).toBe("blue blue hush\n");
  });

  it("gives volumes to the pod's group, shows API objects read-only, and takes last words from any user", async () => {
    kubectl.run("create", "secret", "generic", "grouped", "--from-literal=key=word");
    kubectl.pipe(
      `
apiVersion: v1
kind: Pod
metadata: {name: nobody}
spec:
  restartPolicy: Never
  securityContext: {runAsUser: 1000, runAsGroup: 1000, fsGroup: 2000}
  containers:
  - name: c
    image: ${image}
    command: [sh, -c, 'cat /secret/key; touch /scratch/f && ls -ln /scratch/f; touch /secret/x 2>&1; df -k /memory | tail -n 1; echo farewell > /dev/termination-log']
    volumeMounts: [{name: secret, mountPath: /secret}, {name: scratch, mountPath: /scratch}, {name: memory, mountPath: /memory}]
  volumes:
  - {name: secret, secret: {secretName: grouped, defaultMode: 0400}}
  - {name: scratch, emptyDir: {}}
  - {name: memory, emptyDir: {medium: Memory, sizeLimit: 4Mi}}
`,
      "apply",
      "-f",
      "-",
    );
    kubectl.run("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/nobody", "--timeout=60s");
    const log = kubectl.run("logs", "nobody");
    expect(log).toMatch(/^word/);
    expect(log).toMatch(/1000 +2000 .*\/scratch\/f/);
    expect(log).toContain("Read-only file system");
    expect(log).toMatch(/tmpfs +4096 /);
    const { status } = kubectl.json<{ status: { podIP: string; containerStatuses: { state: { terminated: { message: string } } }[] } }>(
      "get",
      "pod",
      "nobody",
    );
    expect(status.containerStatuses[0]?.state.terminated.message).toBe("farewell\n");
    expect(status.podIP).toMatch(/^10\./);
    kubectl.run("delete", "pod", "nobody", "--wait");
  });

  it("lets no subPath lead out of its volume", async () => {
    kubectl.pipe(
      `
apiVersion: v1
kind: Pod
metadata: {name: escape}
spec:
  initContainers:
  - {name: link, image: ${image}, command: [sh, -c, 'ln -s /etc /v/out; mkdir /v/in; echo inside > /v/in/f; ln -s in /v/link'], volumeMounts: [{name: v, mountPath: /v}]}
  containers:
  - {name: good, image: ${image}, command: [sh, -c, 'cat /v/f; sleep 3600'], volumeMounts: [{name: v, mountPath: /v, subPath: link}]}
  - {name: bad, image: ${image}, command: [sleep, "3600"], volumeMounts: [{name: v, mountPath: /v, subPath: out}]}
  volumes: [{name: v, emptyDir: {}}]
`,
      "apply",
      "-f",
      "-",
    );
    await eventually(() => expect(kubectl.run("logs", "escape", "-c", "good")).toBe("inside\n"));
    await eventually(() => {
      const waiting = kubectl.run("get", "pod", "escape", "-o", "jsonpath={.status.containerStatuses[?(@.name=='bad')].state.waiting}");
      expect(waiting).toContain("CreateContainerConfigError");
      expect(waiting).toContain('subPath \\"out\\" is outside of the volume');
    });
    const uid = kubectl.run("get", "pod", "escape", "-o", "jsonpath={.metadata.uid}");
    kubectl.run("delete", "pod", "escape", "--grace-period=0", "--force", "--wait");
    await eventually(() => {
      expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(uid);
      expect(runProgram("find", [coracle.home, "-name", `*${uid}*`]).stdout).toBe("");
    });
  });

  it("removes a pod whose hook hangs", async () => {
    const hook = "lifecycle: {postStart: {exec: {command: [sleep, '3600']}}}";
    kubectl.pipe(shell("hung").replace("    command:", `    ${hook}\n    command:`), "apply", "-f", "-");
    await eventually(() => {
      expect(kubectl.run("get", "events", "--field-selector", "involvedObject.name=hung,reason=Started", "-o", "name")).not.toBe("");
    });
    kubectl.run("delete", "pod", "hung", "--wait", "--timeout=30s");
  });

  it("says when an image is missing", async () => {
    kubectl.run("run", "missing", "--image=localhost:1/none:1");
    await eventually(() => expect(kubectl.run("get", "pod", "missing", "--no-headers")).toMatch(/ErrImagePull|ImagePullBackOff/), 30_000);
    expect(kubectl.run("describe", "pod", "missing")).toMatch(/Failed to pull image "localhost:1\/none:1"/);
    kubectl.run("delete", "pod", "missing", "--now");
  });

  it("leaves no container, no rule and no mount when it stops", () => {
    const before = runProgram("ctr", ["-n", "k8s.io", "containers", "ls", "-q"]).stdout.trim();
    expect(before).not.toBe("");
    expect(coracle.run("down", "--name", "real").code).toBe(0);
    expect(runProgram("ctr", ["-n", "k8s.io", "containers", "ls", "-q"]).stdout.trim()).toBe("");
    expect(runProgram("nft", ["list", "tables"]).stdout).not.toMatch(/coracle/);
    expect(readFileSync("/proc/mounts", "utf8")).not.toContain(coracle.home);
  });
});

/** Requests one after the other from four clients until stopped, each on a connection of its own. */
function startLoad(host: string): { versions: Map<string, number>; failures: string[]; stop(): Promise<void> } {
  const versions = new Map<string, number>();
  const failures: string[] = [];
  let isStopping = false;
  const client = async (): Promise<void> => {
    while (!isStopping) {
      try {
        const { status, body } = await get(host, 80);
        const version = body.split(" ")[0] ?? "";
        if (status === 200) versions.set(version, (versions.get(version) ?? 0) + 1);
        else failures.push(`status ${status}`);
      } catch (error) {
        failures.push(String(error));
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const clients = Array.from({ length: 4 }, client);
  return {
    versions,
    failures,
    async stop() {
      isStopping = true;
      await Promise.all(clients);
    },
  };
}

function get(host: string, port: number): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const call = request({ host, port, path: "/", agent: false, timeout: 5000 }, (response) => {
      let body = "";
      response.on("data", (chunk: Buffer) => (body += chunk.toString()));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
      response.on("error", reject);
    });
    call.on("timeout", () => call.destroy(new Error("timed out")));
    call.on("error", reject).end();
  });
}
