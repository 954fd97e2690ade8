import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomUUID } from "node:crypto";
import { createDeferred, silentLogger, systemClock } from "@coracle/base";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ContainerConfig, PodSandboxConfig, Runtime, RuntimeEvent, StreamIo } from "../runtime.ts";
import { createCriRuntime, detectContainerd, ensureCniConfig } from "./index.ts";

const socketPath = process.env["CONTAINERD_ADDRESS"] ?? "/run/containerd/containerd.sock";
const image = "docker.io/library/busybox:test";

async function isRunnable(): Promise<boolean> {
  if (!existsSync(socketPath) || process.getuid?.() !== 0) return false;
  const found = await detectContainerd({ socketPath, timeoutMs: 2_000 });
  if (!found.isUsable) return false;
  await using runtime = await createCriRuntime({ socketPath, clock: systemClock, log: silentLogger });
  return (await runtime.imageStatus(image)) !== undefined;
}

const linux: ContainerConfig["linux"] = {
  resources: {},
  privileged: false,
  readonlyRootfs: false,
  noNewPrivileges: false,
  addCapabilities: [],
  dropCapabilities: [],
  seccompProfile: "RuntimeDefault",
  hostNetwork: false,
  hostPid: false,
  hostIpc: false,
};

function containerConfig(name: string, script: string): ContainerConfig {
  return {
    metadata: { name, attempt: 0 },
    image,
    command: ["/bin/sh", "-c", script],
    args: [],
    workingDir: "",
    env: [{ key: "GREETING", value: "hello" }],
    mounts: [],
    devices: [],
    labels: { "io.kubernetes.container.name": name },
    annotations: {},
    logPath: `${name}.log`,
    stdin: false,
    stdinOnce: false,
    tty: false,
    linux,
  };
}

async function* chunksOf(...texts: string[]): AsyncIterable<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

function collect(): { io: (rest?: Partial<StreamIo>) => StreamIo; stdout: () => Buffer; stderr: () => Buffer } {
  const out: Uint8Array[] = [];
  const err: Uint8Array[] = [];
  return {
    io: (rest) => ({
      tty: false,
      stdout: (chunk) => void out.push(chunk),
      stderr: (chunk) => void err.push(chunk),
      signal: new AbortController().signal,
      ...rest,
    }),
    stdout: () => Buffer.concat(out),
    stderr: () => Buffer.concat(err),
  };
}

async function readAll(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("the condition never came true");
}

describe.skipIf(!(await isRunnable()))("CriRuntime against containerd", () => {
  let runtime: Runtime;
  let directory: string;
  let sandbox: PodSandboxConfig;
  let sandboxId: string;
  // Sorts last, so that a cluster running on the same containerd keeps its own network.
  const cniName = "zz-coracle-test";

  beforeAll(async () => {
    runtime = await createCriRuntime({ socketPath, clock: systemClock, log: silentLogger, owner: `test-${randomUUID().slice(0, 8)}` });
    await ensureCniConfig({ socketPath, clock: systemClock, name: cniName, podCidr: "10.211.0.0/24", bridge: "coracletest0" });
    directory = await mkdtemp(join(tmpdir(), "cri-test-"));
    const uid = randomUUID();
    sandbox = {
      metadata: { name: "web", namespace: "default", uid, attempt: 0 },
      hostname: "web-host",
      logDirectory: directory,
      dnsConfig: { servers: ["10.96.0.10"], searches: ["default.svc.cluster.local"], options: ["ndots:5"] },
      portMappings: [],
      labels: { "io.kubernetes.pod.uid": uid },
      annotations: {},
      linux: { hostNetwork: false, hostPid: false, hostIpc: false, shareProcessNamespace: false },
    };
    sandboxId = await runtime.runPodSandbox(sandbox);
  }, 60_000);

  afterAll(async () => {
    for (const { id } of await runtime.listPodSandboxes()) {
      await runtime.stopPodSandbox(id);
      await runtime.removePodSandbox(id);
    }
    const { removeCniConfig } = await import("./index.ts");
    await removeCniConfig({ socketPath, name: cniName, bridge: "coracletest0" });
    await runtime[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  }, 60_000);

  async function start(name: string, script: string): Promise<string> {
    const id = await runtime.createContainer(sandboxId, containerConfig(name, script), sandbox);
    await runtime.startContainer(id);
    return id;
  }

  it("gives a sandbox an address of the pod range and lists only what is ours", async () => {
    const listed = await runtime.listPodSandboxes({ labels: { "io.kubernetes.pod.uid": sandbox.metadata.uid } });
    expect(listed).toHaveLength(1);
    expect(listed[0]).toMatchObject({ id: sandboxId, isReady: true, metadata: { name: "web", namespace: "default" } });
    expect(listed[0]?.ips[0]).toMatch(/^10\.\d+\.\d+\.\d+$/);
    expect(await runtime.podSandboxStatus("0123456789")).toBeUndefined();
    expect(await runtime.status()).toMatchObject({ isRuntimeReady: true, isNetworkReady: true, message: "" });
  });

  it("runs a container to its end, with exit code, times, logs and an event", async () => {
    const events: RuntimeEvent[] = [];
    using _ = runtime.subscribe((event) => events.push(event));
    const id = await start("short", "echo $GREETING from $(hostname); cat /etc/resolv.conf; echo oops >&2; sleep 0.3; exit 7");
    await until(async () => (await runtime.containerStatus(id))?.state === "exited");
    await until(() => events.some((event) => event.containerId === id));
    const [state] = (await runtime.listContainers({ sandboxId })).filter((container) => container.id === id);
    expect(state).toMatchObject({ state: "exited", exitCode: 7, reason: "Error", sandboxId, metadata: { name: "short", attempt: 0 } });
    expect(state?.finishedAtMs).toBeGreaterThan(state?.startedAtMs ?? Infinity);
    expect(events.find((event) => event.containerId === id)).toEqual({ sandboxId, containerId: id, podUid: sandbox.metadata.uid });
    const log = (await readAll(runtime.readLog(id, { follow: false, signal: new AbortController().signal }))).toString();
    expect(log).toMatch(/^\S+ stdout F hello from web-host$/m);
    expect(log).toMatch(/^\S+ stdout F nameserver 10\.96\.0\.10$/m);
    expect(log).toMatch(/^\S+ stderr F oops$/m);
    await runtime.removeContainer(id);
    await runtime.removeContainer(id);
    expect(await runtime.containerStatus(id)).toBeUndefined();
  });

  it("follows a log through a rotation until the container is down", async () => {
    const id = await start("talker", "for i in 1 2 3 4 5 6; do echo line $i; sleep 0.2; done");
    const path = join(directory, "talker.log");
    const reading = readAll(runtime.readLog(id, { follow: true, signal: new AbortController().signal }));
    await until(async () => (await readFile(path, "utf8")).includes("line 2"));
    await rename(path, `${path}.1`);
    await (runtime as Runtime & { reopenLog(id: string): Promise<void> }).reopenLog(id);
    const lines = (await reading).toString().trim().split("\n");
    expect(lines.map((line) => line.replace(/^\S+ stdout F /, ""))).toEqual([1, 2, 3, 4, 5, 6].map((n) => `line ${n}`));
  });

  it("executes: output, errors, exit code, standard input and time limit", async () => {
    const id = await start("shell", "sleep 600");
    const result = await runtime.execSync(id, ["/bin/sh", "-c", "echo out; echo err >&2; exit 3"], 5);
    expect({ ...result, stdout: Buffer.from(result.stdout).toString(), stderr: Buffer.from(result.stderr).toString() }).toEqual({
      stdout: "out\n",
      stderr: "err\n",
      exitCode: 3,
    });
    await expect(runtime.execSync(id, ["sleep", "5"], 1)).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });

    const streamed = collect();
    const stdin = chunksOf("one\n", "two\n");
    expect(await runtime.exec(id, ["/bin/sh", "-c", "cat; echo err >&2; exit 42"], streamed.io({ stdin }))).toBe(42);
    expect(streamed.stdout().toString()).toBe("one\ntwo\n");
    expect(streamed.stderr().toString()).toBe("err\n");
    await expect(runtime.exec(id, ["/no/such/program"], collect().io())).rejects.toThrow(/no such file or directory/);
  });

  it("carries 20 MB through exec unchanged, and a terminal's size", async () => {
    const [shell] = (await runtime.listContainers({ sandboxId })).filter((container) => container.state === "running");
    const id = shell?.id ?? "";
    const big = collect();
    const blob = Buffer.alloc(20 * 1024 * 1024, "0123456789abcdef\n");
    async function* source(): AsyncIterable<Uint8Array> {
      for (let offset = 0; offset < blob.length; offset += 100_000) yield blob.subarray(offset, offset + 100_000);
    }
    expect(await runtime.exec(id, ["cat"], big.io({ stdin: source() }))).toBe(0);
    expect(big.stdout().equals(blob)).toBe(true);

    const terminal = collect();
    async function* sizes(): AsyncIterable<{ width: number; height: number }> {
      yield { width: 123, height: 45 };
    }
    await runtime.exec(id, ["/bin/sh", "-c", "sleep 0.5; stty size"], terminal.io({ tty: true, resize: sizes() }));
    expect(terminal.stdout().toString()).toContain("45 123");
  });

  it("gives up an exec whose caller is gone", async () => {
    const [shell] = (await runtime.listContainers({ sandboxId })).filter((container) => container.state === "running");
    const controller = new AbortController();
    const running = runtime.exec(shell?.id ?? "", ["sleep", "600"], collect().io({ signal: controller.signal }));
    setTimeout(() => controller.abort(new Error("gone")), 300);
    await expect(running).rejects.toThrow("gone");
  });

  it("forwards a port into the pod, and says why it cannot", async () => {
    const id = await start("server", "while true; do echo pong | nc -l -p 8080; done");
    await until(async () => (await runtime.execSync(id, ["/bin/sh", "-c", "netstat -ltn | grep -q 8080"], 5)).exitCode === 0);
    const forwarded = await runtime.portForward(sandboxId, 8080);
    const received = createDeferred<string>();
    void (async () => {
      for await (const chunk of forwarded.readable) received.resolve(Buffer.from(chunk).toString());
    })().catch(() => undefined);
    expect(await received.promise).toBe("pong\n");
    forwarded.destroy();
    const refused = await runtime.portForward(sandboxId, 8081);
    await expect(readAll(refused.readable)).rejects.toThrow(/connection refused/);
  });

  it("probes the pod's address", async () => {
    const [found] = await runtime.listPodSandboxes();
    const host = found?.ips[0] ?? "";
    expect(await runtime.probeNetwork(sandboxId, { type: "tcp", host, port: 8080, timeoutMs: 1_000 })).toMatchObject({ isSuccess: true });
    expect(await runtime.probeNetwork(sandboxId, { type: "http", host, port: 8082, path: "/healthz", timeoutMs: 1_000 })).toEqual({
      isSuccess: false,
      output: `Get "http://${host}:8082/healthz": dial tcp ${host}:8082: connect: connection refused`,
    });
  });

  it("stops with the grace period, then kills", async () => {
    const id = await start("stubborn", 'trap "" TERM; while true; do sleep 0.1; done');
    const before = systemClock.monotonic();
    await runtime.stopContainer(id, 1);
    expect(systemClock.monotonic() - before).toBeGreaterThan(900);
    expect(await runtime.containerStatus(id)).toMatchObject({ state: "exited", exitCode: 137 });
    await runtime.stopContainer("0123456789", 1);
  });

  it("words a failed pull as the kubelet does", async () => {
    await expect(runtime.pullImage("Not/Valid")).rejects.toMatchObject({ name: "ImagePullError", reason: "InvalidImageName" });
    await expect(runtime.pullImage("127.0.0.1:1/none/such:1")).rejects.toMatchObject({
      reason: "ErrImagePull",
      message: expect.stringMatching(
        /^rpc error: code = Unknown desc = failed to pull and unpack image "127.0.0.1:1\/none\/such:1"/,
      ) as string,
    });
    expect((await runtime.imageStatus("busybox:test"))?.repoTags).toContain(image);
    expect(await runtime.imageStatus("no/such:1")).toBeUndefined();
    await mkdir(directory, { recursive: true });
  });
});
