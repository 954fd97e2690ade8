import type { ContainerConfig, PodSandboxConfig, Runtime, RuntimeEvent } from "./runtime.ts";

/** One law of the {@link Runtime} contract; `check` throws when it does not hold. The test framework is the caller's. */
export interface RuntimeLaw {
  readonly name: string;
  check(subject: ConformanceSubject): Promise<void>;
}

export interface ConformanceSubject {
  readonly runtime: Runtime;
  /** An image that is present and has a shell. */
  readonly image: string;
  /** A directory for logs that the runtime may write to. */
  readonly logDirectory: string;
  /** Lets containers get on: waits a little, or moves a virtual clock. */
  pass(): Promise<void>;
  /** Another name each time. */
  unique(): string;
}

/** What every runtime keeps, real or not. */
export const runtimeLaws: readonly RuntimeLaw[] = [
  {
    name: "a sandbox has an address while it is ready, and is found by its labels",
    async check(subject) {
      const { runtime } = subject;
      const config = sandboxOf(subject);
      const id = await runtime.runPodSandbox(config);
      const found = await runtime.listPodSandboxes({ labels: { "io.kubernetes.pod.uid": config.metadata.uid } });
      expectEqual(
        found.map((each) => [each.id, each.isReady, each.ips.length > 0]),
        [[id, true, true]],
      );
      await runtime.stopPodSandbox(id);
      await runtime.stopPodSandbox(id);
      expectEqual((await runtime.podSandboxStatus(id))?.isReady, false);
      await runtime.removePodSandbox(id);
      await runtime.removePodSandbox(id);
      expectEqual(await runtime.podSandboxStatus(id), undefined);
    },
  },
  {
    name: "a container is created, runs to its end, and leaves its exit code and log",
    async check(subject) {
      const { runtime } = subject;
      const events: RuntimeEvent[] = [];
      const subscription = runtime.subscribe((event) => events.push(event));
      const config = sandboxOf(subject);
      const sandboxId = await runtime.runPodSandbox(config);
      const id = await runtime.createContainer(sandboxId, containerOf(subject, "echo out; exit 3"), config);
      expectEqual((await runtime.containerStatus(id))?.state, "created");
      await runtime.startContainer(id);
      const state = await until(subject, async () => {
        const now = await runtime.containerStatus(id);
        return now?.state === "exited" ? now : undefined;
      });
      expectEqual([state.exitCode, state.finishedAtMs >= state.startedAtMs, state.sandboxId], [3, true, sandboxId]);
      expectEqual((await readAll(runtime, id)).includes(" stdout F out\n"), true);
      await until(subject, async () => events.find((event) => event.containerId === id && event.podUid === config.metadata.uid));
      subscription[Symbol.dispose]();
      await runtime.removePodSandbox(sandboxId);
      expectEqual(await runtime.containerStatus(id), undefined);
    },
  },
  {
    name: "a running container answers commands, and stops when told",
    async check(subject) {
      const { runtime } = subject;
      const config = sandboxOf(subject);
      const sandboxId = await runtime.runPodSandbox(config);
      const id = await runtime.createContainer(sandboxId, containerOf(subject, "sleep 1h"), config);
      await runtime.startContainer(id);
      const { stdout, exitCode } = await runtime.execSync(id, ["echo", "hello"], 5);
      expectEqual([new TextDecoder().decode(stdout), exitCode], ["hello\n", 0]);
      expectEqual((await runtime.execSync(id, ["false"], 5)).exitCode, 1);
      const measured = await until(subject, async () => (await runtime.listContainerStats()).find(({ containerId }) => containerId === id));
      expectEqual([measured.cpuNanoseconds >= 0, measured.workingSetBytes > 0, measured.timestampMs > 0], [true, true, true]);
      await runtime.stopContainer(id, 0);
      expectEqual((await runtime.containerStatus(id))?.state, "exited");
      expectEqual(
        (await runtime.listContainerStats()).some(({ containerId }) => containerId === id),
        false,
      );
      await runtime.stopContainer(id, 0);
      await runtime.removePodSandbox(sandboxId);
      expectEqual(await runtime.listContainers({ sandboxId }), []);
    },
  },
];

const triesLimit = 100;

async function until<T>({ pass }: ConformanceSubject, probe: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < triesLimit; tries++) {
    const found = await probe();
    if (found !== undefined) return found;
    await pass();
  }
  throw new Error("it did not happen");
}

async function readAll(runtime: Runtime, id: string): Promise<string> {
  let text = "";
  for await (const chunk of runtime.readLog(id, { follow: false, signal: new AbortController().signal })) {
    text += new TextDecoder().decode(chunk);
  }
  return text;
}

function expectEqual(actual: unknown, expected: unknown): void {
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (left !== right) throw new Error(`expected ${right}, got ${left}`);
}

function sandboxOf({ unique, logDirectory }: ConformanceSubject): PodSandboxConfig {
  const name = unique();
  return {
    metadata: { name, namespace: "default", uid: `uid-${name}`, attempt: 0 },
    hostname: name,
    logDirectory: `${logDirectory}/${name}`,
    portMappings: [],
    labels: { "io.kubernetes.pod.uid": `uid-${name}`, "io.kubernetes.pod.name": name, "io.kubernetes.pod.namespace": "default" },
    annotations: {},
    linux: { hostNetwork: false, hostPid: false, hostIpc: false, shareProcessNamespace: false },
  };
}

function containerOf({ image }: ConformanceSubject, script: string): ContainerConfig {
  const none = { command: [], args: [], env: [], mounts: [], devices: [] };
  return {
    ...none,
    metadata: { name: "main", attempt: 0 },
    image,
    command: ["sh", "-c", script],
    workingDir: "",
    labels: { "io.kubernetes.container.name": "main" },
    annotations: {},
    logPath: "main.log",
    stdin: false,
    stdinOnce: false,
    tty: false,
    linux: {
      resources: {},
      privileged: false,
      readonlyRootfs: false,
      noNewPrivileges: false,
      addCapabilities: [],
      dropCapabilities: [],
      seccompProfile: "Unconfined",
      hostNetwork: false,
      hostPid: false,
      hostIpc: false,
    },
  };
}
