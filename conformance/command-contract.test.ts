/** The commands that others script, and every error that the documentation promises: one line, with a remedy. */
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { serveOldContainerd } from "./src/old-containerd.ts";
import { Coracle, eventually, Kubectl, oldestAndNewestKubectl, root, runProgram } from "./src/coracle.ts";

const coracle = new Coracle();
const scratch = mkdtempSync(join(tmpdir(), "coracle-contract-"));
afterAll(() => {
  coracle[Symbol.dispose]();
  rmSync(scratch, { recursive: true, force: true });
});
const newest = oldestAndNewestKubectl().at(-1);
if (newest === undefined) throw new Error("no kubectl");
const oneLine = /^coracle: [^\n]+; [^\n]+\n$/;

describe("the life of an ephemeral cluster", () => {
  it("is ready when `up --detach` returns, and leaves nothing behind", () => {
    const cluster = coracle.up("brief", "--ephemeral", "--runtime", "simulated");
    const kubectl = new Kubectl(newest, cluster.kubeconfig);
    expect(kubectl.run("get", "nodes", "-o", "jsonpath={.items[0].status.conditions[?(@.type=='Ready')].status}")).toBe("True");
    expect(kubectl.run("get", "--raw", "/readyz")).toBe("ok");
    expect(cluster.status()).toMatchObject({ name: "brief", state: "running", runtime: { name: "simulated" }, nodes: [{ isReady: true }] });
    expect(coracle.run("kubeconfig", "--name", "brief").stdout).toBe(readFileSync(cluster.kubeconfig, "utf8"));
    expect(coracle.run("up", "--name", "brief").stderr).toMatch(/already running.*coracle down --name brief/);
    expect(coracle.run("down", "--name", "brief")).toMatchObject({ code: 0 });
    expect(coracle.run("status", "--name", "brief").code).toBe(1);
    expect(existsSync(cluster.kubeconfig)).toBe(false);
    expect(readdirSync(join(coracle.home, "clusters"))).toEqual([]);
    expect(coracle.run("down", "--name", "brief")).toMatchObject({ code: 0, stdout: expect.stringMatching(/not running/) as string });
  });

  it("answers /livez, /readyz and /version only, to strangers", () => {
    const cluster = coracle.up("strange", "--ephemeral", "--runtime", "simulated");
    const { url } = cluster.status();
    const status = (path: string): string =>
      execFileSync("curl", ["-sk", "-o", "/dev/null", "-w", "%{http_code} %{http_version}", url + path], { encoding: "utf8" });
    expect(status("/readyz")).toBe("200 2");
    expect(status("/livez")).toBe("200 2");
    expect(status("/version")).toBe("200 2");
    expect(status("/api/v1/namespaces")).toBe("401 2");
    const http1 = execFileSync(
      "curl",
      ["-sk", "--http1.1", "-H", "Authorization: Bearer nonsense", "-w", " %{http_code} %{http_version}", `${url}/api/v1/namespaces`],
      { encoding: "utf8" },
    );
    expect(http1).toMatch(/"reason": ?"Unauthorized"[\s\S]* 401 1\.1$/);
    coracle.run("down", "--name", "strange");
  });
});

describe("the life of a kept cluster", () => {
  it("finds everything as it was after a restart, at the same address", () => {
    const first = coracle.up("kept", "--runtime", "simulated", "--port", "0");
    const kubectl = new Kubectl(newest, first.kubeconfig);
    kubectl.run("create", "configmap", "memory", "--from-literal=a=1");
    kubectl.run("create", "deployment", "web", "--image=nginx", "--replicas=2");
    kubectl.run("rollout", "status", "deployment/web", "--timeout=30s");
    const uid = kubectl.run("get", "configmap", "memory", "-o", "jsonpath={.metadata.uid}");
    const { url } = first.status();
    expect(coracle.run("down", "--name", "kept").code).toBe(0);
    expect(coracle.run("status", "--name", "kept", "-o", "json")).toMatchObject({
      code: 3,
      stdout: expect.stringMatching(/"state": "stopped"/) as string,
    });
    const second = coracle.up("kept", "--runtime", "simulated");
    expect(second.status().url).toBe(url);
    expect(kubectl.run("get", "configmap", "memory", "-o", "jsonpath={.metadata.uid}")).toBe(uid);
    kubectl.run("rollout", "status", "deployment/web", "--timeout=30s");
    expect(coracle.run("reset", "--name", "kept").stderr).toMatch(oneLine);
    expect(coracle.run("reset", "--name", "kept", "--yes").code).toBe(0);
    expect(coracle.run("status", "--name", "kept").code).toBe(1);
  });

  it("stops in order on Ctrl-C", async () => {
    const child = coracle.spawn("up", "--name", "interrupted", "--ephemeral", "--runtime", "simulated");
    let output = "";
    child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    await eventually(() => expect(output).toMatch(/is ready after/), 20_000);
    expect(output).toMatch(/API\s+https:\/\/127\.0\.0\.1:\d+/);
    expect(output).toMatch(/export KUBECONFIG=/);
    expect(output).toMatch(/runtime\s+simulated/);
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    child.kill("SIGINT");
    expect(await ended).toBe(0);
    expect(coracle.run("status", "--name", "interrupted").code).toBe(1);
  });
});

describe("coracle run", () => {
  it("gives a command a cluster of its own, and its exit code back", () => {
    const output = coracle.run(
      "run",
      "--runtime",
      "simulated",
      "--",
      "sh",
      "-c",
      `${newest.path} create configmap x && ${newest.path} get ns -o name && exit 7`,
    );
    expect(output).toMatchObject({ code: 7, stdout: expect.stringMatching(/configmap\/x created\n[\s\S]*namespace\/default/) as string });
    expect(readdirSync(join(coracle.home, "clusters")).filter((name) => name.startsWith("run-"))).toEqual([]);
  });

  it("says when there is no such command", () => {
    expect(coracle.run("run", "--runtime", "simulated", "--", "no-such-program").stderr).toMatch(oneLine);
    expect(coracle.run("run").stderr).toMatch(oneLine);
  });
});

describe("kubeconfig --merge", () => {
  it("adds the cluster to the user's own file and keeps what is there", () => {
    coracle.up("merged", "--ephemeral", "--runtime", "simulated");
    const target = join(scratch, "config");
    writeFileSync(
      target,
      JSON.stringify({
        apiVersion: "v1",
        kind: "Config",
        clusters: [{ name: "old", cluster: { server: "https://old" } }],
        users: [],
        contexts: [{ name: "old", context: { cluster: "old", user: "" } }],
        "current-context": "old",
      }),
    );
    const merged = runProgram(process.execPath, [join(root, "packages/cli/bin/coracle.mjs"), "kubeconfig", "--name", "merged", "--merge"], {
      env: { ...coracle.env, KUBECONFIG: target },
    });
    expect(merged.stderr).toBe("");
    const kubectl = new Kubectl(newest, target);
    expect(kubectl.run("config", "get-contexts", "-o", "name")).toMatch(/old/);
    expect(kubectl.run("get", "ns", "default", "-o", "name")).toBe("namespace/default\n");
    for (const text of ["- a\n- b\n", "a: [", `${readFileSync(target, "utf8")}---\na: 1\n`]) {
      writeFileSync(target, text);
      const refused = runProgram(
        process.execPath,
        [join(root, "packages/cli/bin/coracle.mjs"), "kubeconfig", "--name", "merged", "--merge"],
        {
          env: { ...coracle.env, KUBECONFIG: target },
        },
      );
      expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(oneLine) as string });
      expect(readFileSync(target, "utf8")).toBe(text);
    }
    coracle.run("down", "--name", "merged");
  });
});

describe("errors are one line with a remedy", () => {
  it("port taken", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    // In the background: the blocked event loop of this process must go on holding the port, which the kernel does.
    const output = coracle.run("up", "--name", "taken", "--ephemeral", "--runtime", "simulated", "--detach", "--port", String(port));
    expect(output.code).toBe(1);
    expect(output.stderr).toMatch(oneLine);
    expect(output.stderr).toContain(`port ${port} is taken`);
    server.close();
  });

  it("data directory in use by another process", () => {
    const directory = join(scratch, "shared");
    const first = coracle.up("first", "--runtime", "simulated", "--port", "0", "--data-dir", directory);
    const output = coracle.run("up", "--name", "second", "--runtime", "simulated", "--port", "0", "--detach", "--data-dir", directory);
    expect(output.code).toBe(1);
    expect(output.stderr).toMatch(oneLine);
    expect(output.stderr).toContain(`in use by process ${first.status().pid}`);
    // The one that was refused has touched nothing.
    expect(new Kubectl(newest, first.kubeconfig).run("get", "--raw", "/readyz")).toBe("ok");
    coracle.run("down", "--name", "first");
  });

  it("damaged data", () => {
    const directory = join(scratch, "damaged");
    const args = ["--name", "damaged", "--runtime", "simulated", "--port", "0", "--data-dir", directory] as const;
    coracle.up("damaged", ...args.slice(2));
    coracle.run("down", "--name", "damaged");
    const copy = join(scratch, "sound");
    cpSync(directory, copy, { recursive: true });
    const data = join(directory, "store", "data.mdb");
    const damages: [() => void, string][] = [
      [() => writeFileSync(data, "this is no database"), "store/data.mdb is no database"],
      [() => (rmSync(data), mkdirSync(data)), "store/data.mdb is no file"],
      [() => (rmSync(join(directory, "store"), { recursive: true }), writeFileSync(join(directory, "store"), "")), "store is no directory"],
      [() => scribble(data), "of the database is damaged"],
      [() => writeFileSync(join(directory, "pki", "ca.crt"), "x"), "pki/ca.crt, pki/ca.key: "],
      [() => writeFileSync(join(directory, "pki", "ca.key"), "x"), "pki/ca.crt, pki/ca.key: "],
      [() => writeFileSync(join(directory, "pki", "sa.key"), "x"), "pki/sa.key: "],
    ];
    for (const [damage, words] of damages) {
      rmSync(directory, { recursive: true });
      cpSync(copy, directory, { recursive: true });
      damage();
      for (const flags of [[], ["--detach"]]) {
        const output = coracle.run("up", ...args, ...flags);
        expect(output).toMatchObject({ code: 1, stderr: expect.stringMatching(oneLine) as string });
        expect(output.stderr).toMatch(/^coracle: the data in .* is damaged \(.*\); restore .*coracle reset --name damaged\n$/);
        expect(output.stderr).toContain(words);
      }
    }
    // Only what was kept for convenience is made anew.
    rmSync(directory, { recursive: true });
    cpSync(copy, directory, { recursive: true });
    writeFileSync(join(directory, "pki", "admin.crt"), "x");
    const healed = coracle.up("damaged", ...args.slice(2));
    expect(new Kubectl(newest, healed.kubeconfig).run("get", "--raw", "/readyz")).toBe("ok");
    coracle.run("reset", "--name", "damaged", "--yes");
    expect(existsSync(directory)).toBe(false);
  });

  it("no permission", () => {
    const directory = join(scratch, "forbidden");
    mkdirSync(directory);
    chmodSync(directory, 0o500);
    // Root may write anywhere; a file where the directory should be refuses everybody.
    const blocked = process.getuid?.() === 0 ? join(scratch, "a-file") : directory;
    if (blocked.endsWith("a-file")) writeFileSync(blocked, "");
    const output = coracle.run("up", "--name", "forbidden", "--runtime", "simulated", "--detach", "--data-dir", blocked);
    expect(output.code).toBe(1);
    expect(output.stderr).toMatch(oneLine);
    expect(output.stderr).toMatch(/--data-dir/);
  });

  it.runIf(process.getuid?.() === 0)("no permission, as another user", () => {
    const directory = join(scratch, "of-root");
    mkdirSync(directory, { mode: 0o700 });
    const home = mkdtempSync(join(tmpdir(), "coracle-nobody-"));
    chmodSync(home, 0o777);
    const program = [
      "setpriv",
      "--reuid=65534",
      "--regid=65534",
      "--clear-groups",
      "--",
      process.execPath,
      join(root, "packages/cli/bin/coracle.mjs"),
    ];
    const readable = runProgram("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", "--", "test", "-x", root]);
    // Where the checkout itself is closed to others there is nothing to try.
    if (readable.code !== 0) return;
    const output = runProgram(
      "setpriv",
      [...program.slice(1), "up", "--name", "n", "--detach", "--runtime", "simulated", "--data-dir", directory],
      { env: { ...process.env, CORACLE_HOME: home, HOME: home } },
    );
    expect(output.stderr).toMatch(oneLine);
    expect(output.stderr).toMatch(/no permission to use/);
    rmSync(home, { recursive: true, force: true });
  });

  it("containerd asked for, and none there", () => {
    const output = coracle.run(
      "up",
      "--name",
      "no-containerd",
      "--ephemeral",
      "--detach",
      "--runtime",
      "containerd",
      "--containerd-socket",
      join(scratch, "none.sock"),
    );
    expect(output.code).toBe(1);
    expect(output.stderr).toMatch(oneLine);
    expect(output.stderr).toMatch(/--runtime simulated/);
  });

  it("containerd that is too old", async () => {
    const socket = join(scratch, "old.sock");
    await using _server = await serveOldContainerd(socket);
    // Not a blocking call: the server answers from this process.
    const child = coracle.spawn("up", "--name", "old", "--ephemeral", "--detach", "--runtime", "containerd", "--containerd-socket", socket);
    let words = "";
    child.stderr?.on("data", (chunk: Buffer) => (words += chunk.toString()));
    expect(await new Promise((resolve) => child.once("close", resolve))).toBe(1);
    expect(words).toMatch(oneLine);
    expect(words).toMatch(/containerd 1\.5\.9 is too old; install containerd 1\.6 or newer/);
  });

  it("Node that is too old", () => {
    const pretence = "data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'18.20.4'}})";
    for (const program of ["packages/cli/bin/coracle.mjs", "tools/bootstrap.mjs"]) {
      const output = runProgram(process.execPath, ["--import", pretence, join(root, program), "version"], { env: coracle.env });
      expect(output).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/^coracle: Node 18\.20\.4 is too old; install Node 20\.19 or newer/) as string,
      });
      expect(output.stderr.trim().split("\n")).toHaveLength(1);
    }
  });

  it("containerd that is absent is no error for auto, and the reason is told", () => {
    const cluster = coracle.up("auto", "--ephemeral", "--runtime", "auto", "--containerd-socket", join(scratch, "none.sock"));
    expect(cluster.status()).toMatchObject({ runtime: { name: "simulated", reason: expect.stringContaining("none.sock") as string } });
    coracle.run("down", "--name", "auto");
  });

  it("unknown commands, flags and names", () => {
    expect(coracle.run("upp")).toMatchObject({ code: 1, stderr: expect.stringMatching(/unknown command 'upp'/) as string });
    expect(coracle.run("up", "--nodes", "many")).toMatchObject({ code: 1, stderr: expect.stringMatching(/whole number/) as string });
    expect(coracle.run("up", "--name", "../evil").stderr).toMatch(oneLine);
    expect(coracle.run("kubeconfig", "--name", "nobody").stderr).toMatch(oneLine);
  });
});

describe("version and help", () => {
  it("print themselves", () => {
    expect(coracle.run("version").stdout).toMatch(/^coracle \d+\.\d+\.\d+ \(Kubernetes v1\.36/);
    for (const command of ["up", "down", "status", "reset", "kubeconfig", "run", "version"])
      expect(coracle.run("help").stdout).toMatch(new RegExp(`^  ${command}\\b`, "m"));
    expect(coracle.run("help", "up").stdout).toMatch(/--ephemeral/);
  });
});

/** Zeroes every page but the first two, which describe the file. */
function scribble(file: string): void {
  const bytes = readFileSync(file);
  writeFileSync(file, bytes.fill(0x5a, 8192));
}
