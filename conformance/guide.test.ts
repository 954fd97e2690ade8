/**
 * Runs the guide: the commands of its pages, in order, in a cluster of their own for each page. A block `sh` has to succeed, a block `sh fails` to
 * fail; a block `text` after it is what it prints, where … stands for anything. A block with a file's name is written to that file.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { Coracle, oldestAndNewestKubectl, root } from "./src/coracle.ts";

const pages = [
  "custom-resources",
  "admission-policies",
  "webhooks",
  "aggregation",
  "observing",
  "server-side-apply",
  "retired-versions",
  "protobuf",
];
const coracle = new Coracle();
const scratch = mkdtempSync(join(tmpdir(), "coracle-guide-"));
const newest = oldestAndNewestKubectl().at(-1);
if (newest === undefined) throw new Error("no kubectl");
symlinkSync(newest.path, join(scratch, "kubectl"));
writeFileSync(join(scratch, "coracle"), `#!/bin/sh\nexec node ${join(root, "packages/cli/bin/coracle.mjs")} "$@"\n`, { mode: 0o755 });
afterAll(() => {
  coracle[Symbol.dispose]();
  rmSync(scratch, { recursive: true, force: true });
});

interface Block {
  readonly language: string;
  /** A file's name, or `fails`. */
  readonly mark: string;
  readonly body: string;
}

function blocksOf(page: string): Block[] {
  const text = readFileSync(join(root, "docs/guide", `${page}.md`), "utf8");
  return [...text.matchAll(/^```(\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm)].map(([, language = "", mark = "", body = ""]) => ({
    language,
    mark,
    body,
  }));
}

interface Step {
  readonly command: string;
  readonly isToFail: boolean;
  readonly expected: string | undefined;
}

function stepsOf(blocks: readonly Block[]): Step[] {
  return blocks.flatMap(({ language, mark, body }, index) => {
    if (language !== "sh") return [];
    const next = blocks[index + 1];
    return [{ command: body, isToFail: mark === "fails", expected: next?.language === "text" ? next.body : undefined }];
  });
}

/** One shell for the whole page, so that what runs in the background lives until its end. Each step prints to a file. */
function scriptOf(steps: readonly Step[]): string {
  const parts = steps.map(({ command }, index) => `{\n${command}} > step-${index}.out 2>&1\necho $? > step-${index}.code\n`);
  return `trap 'kill $(jobs -p) 2>/dev/null' EXIT\n${parts.join("")}`;
}

function patternOf(expected: string): RegExp {
  const parts = expected
    .trim()
    .split("…")
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll(/ +$/gm, " *"));
  return new RegExp(`^${parts.join(String.raw`[\s\S]*`)}$`);
}

describe.each(pages)("%s", (page) => {
  it("is true, command by command", () => {
    const folder = mkdtempSync(join(scratch, `${page}-`));
    const cluster = coracle.up(page, "--ephemeral", "--runtime", "simulated", "--nodes", "1", "--port", "0");
    const blocks = blocksOf(page);
    for (const { mark, body } of blocks) if (mark.includes(".")) writeFileSync(join(folder, mark), body);
    const steps = stepsOf(blocks);
    const env = { ...coracle.env, KUBECONFIG: cluster.kubeconfig, HOME: folder, PATH: `${scratch}:${process.env["PATH"] ?? ""}` };
    spawnSync("bash", ["-c", scriptOf(steps)], { cwd: folder, env, timeout: 120_000, stdio: "ignore" });
    for (const [index, { command, isToFail, expected }] of steps.entries()) {
      const output = readFileSync(join(folder, `step-${index}.out`), "utf8").trimEnd();
      const code = Number(readFileSync(join(folder, `step-${index}.code`), "utf8"));
      expect({ command, output, isFailed: code !== 0 }).toMatchObject({ isFailed: isToFail });
      if (expected !== undefined) expect(output.replaceAll(/ +$/gm, ""), command).toMatch(patternOf(expected));
    }
    coracle.run("down", "--name", page);
  });
});
