import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root. */
export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const program = join(root, "packages/cli/bin/coracle.mjs");

export interface Output {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The `coracle` program with a home directory of its own: tests never see a developer's clusters. */
export class Coracle implements Disposable {
  readonly home = mkdtempSync(join(tmpdir(), "coracle-conformance-"));
  readonly #started: string[] = [];

  /** Environment of every command of this instance. */
  get env(): NodeJS.ProcessEnv {
    return { ...process.env, CORACLE_HOME: this.home, KUBECONFIG: "", HOME: this.home };
  }

  /** Runs a command to its end. */
  run(...args: string[]): Output {
    return runProgram(process.execPath, [program, ...args], { env: this.env });
  }

  /** Starts a command and returns at once. */
  spawn(...args: string[]): ChildProcess {
    return spawn(process.execPath, [program, ...args], { env: this.env, stdio: ["ignore", "pipe", "pipe"] });
  }

  /** `up --detach`; throws with the program's words when it fails. */
  up(name: string, ...args: string[]): Cluster {
    this.#started.push(name);
    const output = this.run("up", "--name", name, "--detach", ...args);
    if (output.code !== 0) throw new Error(`coracle up failed (${output.code}): ${output.stderr}${output.stdout}`);
    return new Cluster(this, name);
  }

  [Symbol.dispose](): void {
    for (const name of this.#started) this.run("down", "--name", name);
    rmSync(this.home, { recursive: true, force: true });
  }
}

/** A running cluster as its users see it: a kubeconfig. */
export class Cluster {
  readonly kubeconfig: string;
  readonly coracle: Coracle;
  readonly name: string;

  constructor(coracle: Coracle, name: string) {
    this.coracle = coracle;
    this.name = name;
    this.kubeconfig = coracle.run("kubeconfig", "--name", name, "--path").stdout.trim();
  }

  status(): { state: string; pid: number; url: string; runtime: { name: string }; nodes: { name: string; isReady: boolean }[] } {
    return JSON.parse(this.coracle.run("status", "--name", this.name, "-o", "json").stdout) as ReturnType<Cluster["status"]>;
  }
}

export interface ProcessOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
  readonly timeoutMs?: number;
  readonly cwd?: string;
}

export function runProgram(command: string, args: readonly string[], options: ProcessOptions = {}): Output {
  const result = spawnSync(command, args, {
    encoding: "utf8",
    env: options.env ?? process.env,
    input: options.input ?? "",
    timeout: options.timeoutMs ?? 120_000,
    maxBuffer: 64 * 1024 * 1024,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  if (result.error !== undefined && (result.error as NodeJS.ErrnoException).code !== "ETIMEDOUT") throw result.error;
  return { code: result.status, stdout: result.stdout, stderr: result.stderr };
}

/** A real kubectl, bound to a cluster. */
export class Kubectl {
  readonly path: string;
  readonly version: string;
  readonly kubeconfig: string;
  /** For its caches. */
  readonly #home: string;

  constructor(binary: KubectlBinary, kubeconfig: string) {
    this.path = binary.path;
    this.version = binary.version;
    this.kubeconfig = kubeconfig;
    this.#home = mkdtempSync(join(tmpdir(), "coracle-kubectl-"));
    process.once("exit", () => rmSync(this.#home, { recursive: true, force: true }));
  }

  get env(): NodeJS.ProcessEnv {
    return { ...process.env, KUBECONFIG: this.kubeconfig, HOME: this.#home };
  }

  /** Runs to its end and returns everything, whatever the exit code. */
  try(args: readonly string[], options: ProcessOptions = {}): Output {
    return runProgram(this.path, args, { ...options, env: this.env });
  }

  /** Runs to its end and returns standard output. @throws when kubectl fails, with its words. */
  run(...args: string[]): string {
    return this.pipe("", ...args);
  }

  /** As {@link run}, with standard input. */
  pipe(input: string, ...args: string[]): string {
    const output = this.try(args, { input });
    if (output.code !== 0)
      throw new Error(`kubectl ${this.version} ${args.join(" ")} failed (${output.code}): ${output.stderr}${output.stdout}`);
    return output.stdout;
  }

  /** As {@link try}, without blocking: for tests that have to answer meanwhile. */
  start(args: readonly string[], input = ""): Promise<Output> {
    return new Promise((resolve, reject) => {
      const child = this.spawn(...args);
      let stdout = "";
      let stderr = "";
      child.stdout?.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
      child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
      child.on("error", reject);
      child.on("close", (code) => resolve({ code, stdout, stderr }));
      child.stdin?.end(input);
    });
  }

  json<T>(...args: string[]): T {
    return JSON.parse(this.run(...args, "-o", "json")) as T;
  }

  spawn(...args: string[]): ChildProcess {
    return spawn(this.path, args, { env: this.env, stdio: ["pipe", "pipe", "pipe"] });
  }
}

export interface KubectlBinary {
  readonly path: string;
  /** `1.33.1`. */
  readonly version: string;
}

/** Every distinct kubectl on the PATH or beside a cloud SDK, oldest first. */
export function findKubectls(): KubectlBinary[] {
  const folders = [...(process.env["PATH"] ?? "").split(":"), "/usr/lib/google-cloud-sdk/bin", "/opt/google-cloud-sdk/bin"];
  const found = new Map<string, KubectlBinary>();
  for (const folder of new Set(folders.filter((entry) => entry !== "" && existsSync(entry)))) {
    for (const name of readdirSync(folder).filter((entry) => /^kubectl(\.\d+\.\d+)?$/.test(entry))) {
      const path = join(folder, name);
      const version = versionOf(path);
      if (version !== undefined && !found.has(version)) found.set(version, { path, version });
    }
  }
  return [...found.values()].sort((a, b) => compareVersions(a.version, b.version));
}

function versionOf(path: string): string | undefined {
  const output = spawnSync(path, ["version", "--client", "-o", "json"], { encoding: "utf8" });
  try {
    const { gitVersion } = (JSON.parse(output.stdout) as { clientVersion: { gitVersion: string } }).clientVersion;
    // Dispatchers choose another binary by the server's version: they are not a version of their own.
    return gitVersion.includes("dispatcher") ? undefined : gitVersion.replace(/^v/, "");
  } catch {
    return undefined;
  }
}

function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split(/[.-]/).map(Number));
  for (let index = 0; index < 3; index++) {
    const difference = (left?.[index] ?? 0) - (right?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The oldest and the newest kubectl at hand; one entry when there is only one. */
export function oldestAndNewestKubectl(): KubectlBinary[] {
  const all = findKubectls();
  if (all.length === 0) throw new Error("no kubectl on this machine: install one (Debian: kubernetes-client)");
  return [...new Set([all[0], all.at(-1)])].filter((binary) => binary !== undefined);
}

/** Calls `check` until it returns without throwing; throws its last error after `timeoutMs`. */
export async function eventually<T>(check: () => T | Promise<T>, timeoutMs = 60_000, everyMs = 200): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }
}
