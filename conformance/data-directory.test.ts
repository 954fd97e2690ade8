/** What Coracle deletes, and what it never does; starts that fail or are interrupted. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { Coracle, eventually, root } from "./src/coracle.ts";

const coracle = new Coracle();
const scratch = mkdtempSync(join(tmpdir(), "coracle-data-dir-"));
afterAll(() => {
  coracle[Symbol.dispose]();
  rmSync(scratch, { recursive: true, force: true });
});
const oneLine = /^coracle: [^\n]+; [^\n]+\n$/;
const simulated = ["--runtime", "simulated", "--port", "0"];
const clusters = (): string[] => (existsSync(join(coracle.home, "clusters")) ? readdirSync(join(coracle.home, "clusters")) : []);

let directory: string;
let count = 0;
beforeEach(() => {
  directory = join(scratch, `d${count++}`);
  mkdirSync(directory);
});

/** Files with the names of Coracle's own. */
function fill(): void {
  for (const name of ["store", "volumes", "nodes", "pki"]) {
    mkdirSync(join(directory, name));
    writeFileSync(join(directory, name, "precious"), "mine");
  }
  writeFileSync(join(directory, "kubeconfig"), "mine");
}

describe("--data-dir", () => {
  it.each(["--ephemeral", "--log-level=info"])("refuses a directory with a user's files (%s) and leaves them", (flag) => {
    fill();
    const output = coracle.run("up", "--name", "x", "--detach", ...simulated, "--data-dir", directory, flag);
    expect(output).toMatchObject({ code: 1, stderr: expect.stringMatching(oneLine) as string });
    expect(output.stderr).toContain(`${directory} holds files that are not Coracle's (kubeconfig); choose an empty or a new directory`);
    expect(readdirSync(directory).sort()).toEqual(["kubeconfig", "nodes", "pki", "store", "volumes"]);
    expect(readFileSync(join(directory, "kubeconfig"), "utf8")).toBe("mine");
    expect(clusters()).toEqual([]);
  });

  it("leaves the user's directory, and what the user added, after `down` and `reset`", () => {
    coracle.up("eph", "--ephemeral", ...simulated, "--data-dir", directory);
    writeFileSync(join(directory, "notes.txt"), "mine");
    expect(coracle.run("down", "--name", "eph").code).toBe(0);
    expect(readdirSync(directory)).toEqual(["notes.txt"]);
    rmSync(join(directory, "notes.txt"));
    coracle.up("kept", ...simulated, "--data-dir", directory);
    coracle.run("down", "--name", "kept");
    expect(existsSync(join(directory, "store"))).toBe(true);
    expect(coracle.run("reset", "--name", "kept", "--yes")).toMatchObject({ code: 0, stdout: 'cluster "kept" is deleted\n' });
    expect(readdirSync(directory)).toEqual([]);
    expect(clusters()).toEqual([]);
  });

  it("refuses an ephemeral cluster where a kept one has its data, and to reset a cluster whose data another one uses", () => {
    coracle.up("a", ...simulated, "--data-dir", directory);
    coracle.run("down", "--name", "a");
    const refused = coracle.run("up", "--name", "e", "--ephemeral", "--detach", ...simulated, "--data-dir", directory);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(oneLine) as string });
    expect(refused.stderr).toContain('holds the data of the kept cluster "a"');

    const b = coracle.up("b", ...simulated, "--data-dir", directory);
    const reset = coracle.run("reset", "--name", "a", "--yes");
    expect(reset).toMatchObject({ code: 1, stderr: expect.stringMatching(oneLine) as string });
    expect(reset.stderr).toContain(`is in use by process ${b.status().pid}, nothing was deleted`);
    expect(b.status().state).toBe("running");
    coracle.run("down", "--name", "b");
    expect(coracle.run("reset", "--name", "a", "--yes").stdout).toMatch(/is forgotten; .* another cluster's by now/);
    expect(existsSync(join(directory, "store"))).toBe(true);
    coracle.run("reset", "--name", "b", "--yes");
  });
});

describe("damaged records", () => {
  it("hide no other cluster, and `reset` removes them", () => {
    coracle.up("fine", "--ephemeral", ...simulated);
    coracle.up("broken", ...simulated);
    coracle.run("down", "--name", "broken");
    writeFileSync(join(coracle.home, "clusters", "broken", "cluster.json"), "{");
    const all = coracle.run("status");
    expect(all).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/cluster "broken"\n +state +damaged\n[\s\S]*cluster "fine"\n +state +running/) as string,
    });
    expect(JSON.parse(coracle.run("status", "-o", "json").stdout)).toMatchObject([{ name: "broken", state: "damaged" }, { name: "fine" }]);
    for (const command of [["up", "--detach"], ["status"], ["kubeconfig"]]) {
      const output = coracle.run(...command, "--name", "broken");
      expect(output).toMatchObject({ code: 1, stderr: expect.stringMatching(oneLine) as string });
      expect(output.stderr).toMatch(/cluster\.json is damaged; .*coracle reset --name broken/);
    }
    expect(coracle.run("reset", "--name", "broken", "--yes").code).toBe(0);
    coracle.run("down", "--name", "fine");
    expect(clusters()).toEqual([]);
  });
});

describe("a start that does not come to its end leaves nothing", () => {
  it("when it fails", () => {
    const output = coracle.run("up", "--name", "failed", "--runtime", "containerd", "--containerd-socket", join(scratch, "none.sock"));
    expect(output).toMatchObject({ code: 1, stderr: expect.stringMatching(oneLine) as string });
    expect(clusters()).toEqual([]);
  });

  it.each([
    ["up", ["--name", "stopped", ...simulated], 130],
    ["up, ephemeral", ["--name", "stopped", "--ephemeral", ...simulated], 130],
    ["up --detach", ["--name", "stopped", "--detach", ...simulated], 130],
    ["run", ["--runtime", "simulated", "--", "sleep", "30"], 130],
  ])("when it is interrupted: %s", async (command, args, code) => {
    // At several moments: what has been made by then differs.
    for (const afterMs of [150, 250, 350, 450]) {
      const child = spawn(process.execPath, [join(root, "packages/cli/bin/coracle.mjs"), command.split(/[ ,]/)[0] ?? "", ...args], {
        env: coracle.env,
        stdio: ["ignore", "pipe", "pipe"],
      });
      const ended = new Promise<number | null>((resolve) => child.once("exit", (exitCode) => resolve(exitCode)));
      let hasMade = false;
      await eventually(() => expect((hasMade = clusters().length > 0)).toBe(true), 10_000, 5);
      await new Promise((resolve) => setTimeout(resolve, afterMs - 150));
      child.kill("SIGINT");
      const exitCode = await ended;
      expect(hasMade).toBe(true);
      // Where the start was faster than the signal, the cluster stopped in order.
      expect([code, 0]).toContain(exitCode);
      if (coracle.run("status", "--name", "stopped").code !== 1) coracle.run("reset", "--name", "stopped", "--yes");
      await eventually(() => expect(clusters()).toEqual([]), 5000, 50);
    }
  });
});

describe("CORACLE_HOME", () => {
  it("is unset when it is empty", () => {
    const output = coracle.run("status");
    expect(output.code).toBe(0);
    const child = spawn(process.execPath, [join(root, "packages/cli/bin/coracle.mjs"), "up", "--name", "h", "--detach", ...simulated], {
      env: { ...coracle.env, CORACLE_HOME: "", HOME: directory },
      cwd: scratch,
    });
    return new Promise<void>((resolve, reject) => {
      child.once("exit", (code) => {
        const found = readdirSync(directory);
        const down = spawn(process.execPath, [join(root, "packages/cli/bin/coracle.mjs"), "down", "--name", "h"], {
          env: { ...coracle.env, CORACLE_HOME: "", HOME: directory },
        });
        down.once("exit", () => (code === 0 && found.includes(".coracle") ? resolve() : reject(new Error(`${code}: ${found.join()}`))));
      });
    });
  });
});
