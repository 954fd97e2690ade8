import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildKubeconfig, formatKubeconfig } from "@coracle/client";
import { mergeInto } from "./merge-kubeconfig.ts";
import { UserError } from "./user-error.ts";

let scratch: string;
let target: string;
const added = await formatKubeconfig(buildKubeconfig({ name: "new", server: "https://new" }));
const old = await formatKubeconfig({ ...buildKubeconfig({ name: "old", server: "https://old" }), extensions: [{ name: "x" }] });
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "coracle-merge-"));
  target = join(scratch, "config");
});
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

const modeOf = (file: string): number => statSync(file).mode & 0o777;

describe("mergeInto", () => {
  it("makes the file, for its owner alone", async () => {
    target = join(scratch, ".kube", "config");
    await mergeInto(target, added);
    expect(readFileSync(target, "utf8")).toBe(added);
    expect(modeOf(target)).toBe(0o600);
    expect(readdirSync(join(scratch, ".kube"))).toEqual(["config"]);
  });

  it("keeps what is there, the file's mode, and a link to it", async () => {
    const elsewhere = join(scratch, "dotfile");
    writeFileSync(elsewhere, old);
    chmodSync(elsewhere, 0o640);
    symlinkSync(elsewhere, target);
    await mergeInto(target, added);
    expect(lstatSync(target).isSymbolicLink()).toBe(true);
    expect(modeOf(elsewhere)).toBe(0o640);
    expect(readFileSync(elsewhere, "utf8")).toMatch(/extensions:\n- name: x[\s\S]*|https:\/\/old/);
    expect(readFileSync(elsewhere, "utf8")).toContain("https://old");
    expect(readFileSync(elsewhere, "utf8")).toContain("https://new");
    expect(readdirSync(scratch).sort()).toEqual(["config", "dotfile"]);
  });

  it.each([
    ["a list", "- a\n- b\n", "is not a kubeconfig"],
    ["text", "hello", "is not a kubeconfig"],
    ["another kind", "apiVersion: v1\nkind: Pod\n", "is not a kubeconfig"],
    ["clusters that are no list", "kind: Config\nclusters: {a: 1}\n", "is not a kubeconfig"],
    ["entries without a name", "kind: Config\nusers: [{user: {}}]\n", "is not a kubeconfig"],
    ["two documents", `${old}---\na: 1\n`, "is not valid YAML: Source contains multiple documents"],
    ["no YAML", "a: [", "is not valid YAML: "],
  ])("refuses %s and leaves it", async (_, text, message) => {
    writeFileSync(target, text);
    const error = await mergeInto(target, added).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).toLine()).toContain(`coracle: ${target} ${message}`);
    expect((error as UserError).toLine()).toMatch(/; mend it, or name another file with KUBECONFIG$/);
    expect((error as UserError).toLine()).not.toContain("\n");
    expect(readFileSync(target, "utf8")).toBe(text);
    expect(readdirSync(scratch)).toEqual(["config"]);
  });

  it("refuses a directory, and a file that kubectl is changing", async () => {
    mkdirSync(target);
    await expect(mergeInto(target, added)).rejects.toThrow(new UserError(`${target} is a directory`, "name a file with KUBECONFIG"));
    rmSync(target, { recursive: true });
    writeFileSync(`${target}.lock`, "");
    await expect(mergeInto(target, added)).rejects.toThrow(/is being changed by another program/);
    expect(existsSync(`${target}.lock`)).toBe(true);
  });
});
